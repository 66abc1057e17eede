import { bytesText, durationText, element, table } from './dom.js';
import { stepNames } from './vocabulary.js';

/** Gateways named under one reason. */
const namedGateways = 12;

/** One rollout in full: its steps in time, its groups and packages, and what went wrong with whom. */
export function rolloutView(rollout, troubles) {
  return [
    element('p', { class: 'quiet' }, rollout.id),
    rollout.failure === null ? null : element('p', { class: 'problem' }, JSON.stringify(rollout.failure)),
    rollout.waitingFor === null
      ? null
      : element('p', { class: 'problem', role: 'status' }, `Waiting for ${rollout.waitingFor}`),
    element('h3', {}, 'Steps'),
    stepList(rollout),
    element('h3', {}, 'Groups and packages'),
    groupTable(rollout.groups),
    ...eventList(rollout),
    ...troubleList(troubles),
  ].filter((part) => part !== null);
}

function stepList(rollout) {
  const fromMs = Date.parse(rollout.createdAt);
  const untilMs = rollout.endedAt === null ? Date.now() : Date.parse(rollout.endedAt);
  const scale = { fromMs, spanMs: Math.max(1, untilMs - fromMs), untilMs };
  return element(
    'ol',
    { class: 'steps' },
    ...Object.keys(stepNames).map((step) => stepItem(step, rollout.steps, scale)),
  );
}

function stepItem(step, all, scale) {
  const runs = all.filter((run) => run.step === step);
  const isRunning = runs.some(({ endedAt }) => endedAt === null);
  const status = runs.length === 0 ? 'waiting' : isRunning ? 'running' : 'done';
  return element(
    'li',
    { class: status },
    element('span', { class: 'step-name' }, `(${step}) ${runs[0]?.name ?? stepNames[step]}`),
    element('span', { class: 'quiet' }, status === 'waiting' ? 'waiting' : ''),
    ...runs.map((run) => stepRun(run, scale)),
  );
}

function stepRun({ nodeId, startedAt, endedAt }, { fromMs, spanMs, untilMs }) {
  const startMs = Date.parse(startedAt);
  const endMs = endedAt === null ? untilMs : Date.parse(endedAt);
  const bar = element('span', { class: 'run' });
  bar.style.marginInlineStart = `${(100 * (startMs - fromMs)) / spanMs}%`;
  bar.style.inlineSize = `${(100 * Math.max(0, endMs - startMs)) / spanMs}%`;
  const words = `${nodeId === '' ? '' : `${nodeId}: `}${durationText(startedAt, endedAt)}${endedAt === null ? ' …' : ''}`;
  return element(
    'span',
    { class: 'track' },
    element('span', { class: 'track-line', 'aria-hidden': 'true' }, bar),
    element('span', { class: 'quiet' }, words),
  );
}

function groupTable(groups) {
  if (groups.length === 0) return element('p', { class: 'quiet' }, 'None yet.');
  const rows = groups.map(({ gateways, nodeId, state, packageId, plans, planIndex, attempts }) => {
    const plan = plans[planIndex ?? 0];
    return [
      String(gateways),
      element('span', { class: 'nowrap' }, nodeId),
      element('span', { class: `state ${state}` }, state),
      packageId === null ? '' : element('code', {}, packageId.slice(0, 12)),
      plan === undefined ? '' : plan.install.join(' '),
      plan === undefined ? '' : plan.remove.join(' '),
      plan === undefined ? '' : bytesText(plan.downloadSize),
      attempts.map(({ outcome }) => outcome).join(', '),
    ];
  });
  return table(
    'Groups of gateways that need the same package',
    ['Gateways', 'Node', 'State', 'Package', 'Installs', 'Removes', 'Download', 'Builds'],
    rows,
  );
}

/** What happened besides the steps, in order, with the time since the rollout began. */
function eventList({ events, createdAt }) {
  if (events.length === 0) return [];
  const rows = events.map(({ at, kind, detail: { what = '', ...facts } }) => [
    durationText(createdAt, at),
    kind,
    [what, ...Object.entries(facts).map(([name, value]) => `${name} ${JSON.stringify(value)}`)]
      .filter((text) => text !== '')
      .join(', '),
  ]);
  return [
    element('h3', {}, 'What happened besides'),
    table('What happened to the rollout besides its steps', ['After', 'What', 'Facts'], rows),
  ];
}

/** What went wrong, one entry a reason, with the gateways that it hit. */
function troubleList(troubles) {
  if (troubles.length === 0) return [];
  const byReason = new Map();
  for (const { state, explanation, error, gatewayId } of troubles) {
    const reason = explanation ?? error?.message ?? (error === null ? '' : JSON.stringify(error));
    const key = `${state}\n${reason}`;
    const entry = byReason.get(key) ?? { state, reason, gateways: [] };
    entry.gateways.push(gatewayId);
    byReason.set(key, entry);
  }
  return [
    element('h3', {}, 'Why not'),
    element('ul', { class: 'troubles' }, ...[...byReason.values()].map(troubleItem)),
  ];
}

function troubleItem({ state, reason, gateways }) {
  const more = gateways.length - namedGateways;
  const names = gateways.slice(0, namedGateways).join(', ') + (more > 0 ? ` and ${more} more` : '');
  return element(
    'li',
    {},
    element('span', { class: `state ${state}` }, state),
    ` ${gateways.length} ${gateways.length === 1 ? 'gateway' : 'gateways'}`,
    reason === '' ? null : element('p', { class: 'reason' }, reason),
    element('p', { class: 'quiet' }, names),
  );
}
