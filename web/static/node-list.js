import { get } from './api.js';
import { durationText, element, table } from './dom.js';

/** Gateways shown at most; a larger fleet is for the command line. */
const shownGateways = 500;

/** The nodes; the gateways of one are fetched when it is opened. */
export class NodeList {
  constructor(root) {
    this.root = root;
    this.entries = new Map();
    this.pool = element('p', { class: 'quiet' });
    root.after(this.pool);
  }

  /** @param pool what is said about all of them: how many registrations wait for a node, and which may come */
  show(nodes, pool) {
    const waiting = pool.queued === 0 ? '' : `, ${pool.queued} registrations wait for a node`;
    this.pool.textContent = `Balancer ${pool.strategy}; ${pool.threshold} gateways fill a node${waiting}.`;
    for (const [id, entry] of this.entries) {
      if (nodes.some((node) => node.id === id)) continue;
      entry.details.remove();
      this.entries.delete(id);
    }
    if (nodes.length === 0) this.root.replaceChildren(element('p', { class: 'quiet' }, 'No nodes.'));
    const most = Math.max(1, ...nodes.map(({ gatewayCount }) => gatewayCount));
    for (const node of nodes) {
      const entry = this.entries.get(node.id) ?? this.addNode(node.id);
      entry.state.textContent = node.state;
      entry.state.className = `state ${node.state}`;
      entry.meter.max = most;
      entry.meter.value = node.gatewayCount;
      entry.meter.setAttribute('aria-label', `gateways of ${node.id}`);
      entry.words.textContent = wordsOf(node);
    }
  }

  addNode(id) {
    const state = element('span', { class: 'state' });
    const meter = element('meter', { min: 0 });
    const words = element('span', { class: 'quiet' });
    const content = element('div');
    const details = element(
      'details',
      { ontoggle: () => details.open && void showGateways(content, id) },
      element('summary', {}, element('strong', {}, id), ' ', state, ' ', meter, ' ', words),
      content,
    );
    if (this.entries.size === 0) this.root.replaceChildren();
    this.root.append(details);
    const entry = { details, state, meter, words };
    this.entries.set(id, entry);
    return entry;
  }
}

/** What a node does and uses, in a line. */
function wordsOf({ state, gatewayCount, deliveryCount, stats, heartbeatAt, attempts, problem }) {
  if (state === 'launching')
    return attempts === 0 ? 'is being launched' : `launch failed ${attempts} times: ${problem ?? ''}`;
  const parts = [`${gatewayCount} gateways`, `${deliveryCount} deliveries`];
  if (state === 'active' || state === 'draining') {
    if (stats.cpuShare !== undefined) parts.push(`CPU ${Math.round(stats.cpuShare * 100)} %`);
    if (stats.rssBytes !== undefined) parts.push(`memory ${Math.round(stats.rssBytes / 1024 / 1024)} MiB`);
    if (stats.queue !== undefined) parts.push(`${stats.queue} requests wait`);
  }
  parts.push(`heard of ${durationText(heartbeatAt, null)} ago`);
  return parts.join(', ') + (problem === null ? '' : `: ${problem}`);
}

async function showGateways(content, nodeId) {
  content.replaceChildren(element('p', { class: 'quiet' }, 'Loading …'));
  try {
    const gateways = [];
    let cursor = null;
    do {
      const page = await get(
        `/gateways?limit=500${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      gateways.push(...page.items.filter((gateway) => gateway.nodeId === nodeId));
      cursor = page.nextCursor;
    } while (cursor !== null && gateways.length < shownGateways);
    content.replaceChildren(gatewayTable(nodeId, gateways.slice(0, shownGateways)));
  } catch (error) {
    content.replaceChildren(element('p', { class: 'problem' }, error.message));
  }
}

function gatewayTable(nodeId, gateways) {
  const rows = gateways.map(({ id, protocol, strategy, profile, lastSeenAt }) => [
    id,
    `${protocol} ${strategy}`,
    `${profile.hardware.arch} ${profile.software.os}`,
    (profile.installed ?? []).map(({ name, version }) => `${name}@${version}`).join(' '),
    `${durationText(lastSeenAt, null)} ago`,
  ]);
  return table(`Gateways of ${nodeId}`, ['Gateway', 'Channel', 'Platform', 'Installed', 'Last seen'], rows);
}
