/** The summary at the end of the demo, as text. */
import Table from 'cli-table3';
import pc from 'picocolors';
import { stepTitle } from '../../domain/rollout/steps.js';
import type { RolloutGroupView, RolloutStepView } from '../api.js';
import type { ReceivedReadings } from '../collector.js';
import type { ProcessCost } from '../process-usage.js';
import type { Histories } from '../temporal-histories.js';
import type { PhaseTime } from '../terminal.js';
import type { Check, RolloutFacts } from './checks.js';
import { launchedNode, type NodesSnapshot } from './node-pool.js';

export interface RolloutSummary extends RolloutFacts {
  readonly histories: Histories;
}

export interface DemoSummary {
  readonly phases: readonly PhaseTime[];
  readonly rollouts: readonly RolloutSummary[];
  readonly readings: readonly ReceivedReadings[];
  readonly checks: readonly Check[];
  /** The nodes in the course of the demo. */
  readonly snapshots: readonly NodesSnapshot[];
  /** The gateways with BusyBox alone, or why there are none. */
  readonly busyBox: string;
  /** The devices that keep the client they have. */
  readonly ownClients: string;
  /** By name; agents are `agent-<id>`, BusyBox agents `busybox-<number>`. */
  readonly processes: ReadonlyMap<string, ProcessCost>;
  readonly links: Readonly<Record<string, string>>;
}

export function formatSummary(summary: DemoSummary): string {
  return [
    heading('Phases'),
    formatTable(
      ['phase', 'seconds'],
      summary.phases.map(({ name, seconds }) => [name, seconds.toFixed(1)]),
    ),
    ...summary.rollouts.flatMap(formatRollout),
    ...formatExplanation(summary.rollouts),
    heading('Gateways by node'),
    formatTable(['moment', ...nodeIds(summary.snapshots), 'waiting for a node'], nodeRows(summary.snapshots)),
    ...formatLaunch(summary.snapshots),
    heading('BusyBox'),
    `  ${summary.busyBox}`,
    heading('Clients of their own'),
    `  ${summary.ownClients}`,
    heading('Processes, from the registration on'),
    formatTable(['process', 'CPU seconds', 'peak MiB'], processRows(summary.processes)),
    heading('Readings received'),
    formatTable(['version', 'gateways', 'readings', 'source'], readingRows(summary.readings)),
    heading('Checks'),
    ...summary.checks.map(formatCheck),
    heading('Links'),
    ...Object.entries(summary.links).map(([name, link]) => `  ${name}: ${link}`),
    '',
  ].join('\n');
}

function formatRollout({ title, view, deliveries, histories }: RolloutSummary): string[] {
  const perGateway = histories.events / Math.max(1, deliveries.length);
  return [
    heading(`Rollout ${title} (${view.id}): ${view.state}`),
    formatTable(['step', 'node', 'seconds'], stepRows(view.steps)),
    `  deliveries: ${formatCounts(view.counts)}`,
    `  history: ${histories.events} events in ${histories.workflows.length} workflows, ` +
      `${perGateway.toFixed(3)} a gateway; longest ${histories.longestEvents} events, ` +
      `largest payload ${histories.largestPayloadBytes} bytes`,
    formatTable(['node', 'gateways', 'package', 'attempts', 'removes'], groupRows(view.groups)),
    formatTable(['protocol', 'strategy', 'deliveries'], channelRows(view.channels)),
  ];
}

function formatCounts(counts: RolloutFacts['view']['counts']): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');
}

function channelRows(channels: RolloutFacts['view']['channels']): string[][] {
  return channels.map(({ protocol, strategy, counts }) => [protocol, strategy, formatCounts(counts)]);
}

function stepRows(steps: readonly RolloutStepView[]): string[][] {
  return steps.map((step) => [stepTitle(step.step), step.nodeId, secondsOf(step)]);
}

function secondsOf({ startedAt, endedAt }: RolloutStepView): string {
  if (endedAt === null) return 'not ended';
  return ((Date.parse(endedAt) - Date.parse(startedAt)) / 1_000).toFixed(2);
}

/** One row a group with a package; the others together, since each may have a reason of its own. */
function groupRows(groups: readonly RolloutGroupView[]): string[][] {
  const built = groups.filter((group) => group.packageId !== null);
  const without = groups.filter((group) => group.packageId === null);
  const rows = built.map((group) => [
    group.nodeId,
    String(group.gateways),
    group.packageId?.slice(0, 12) ?? '',
    group.attempts.map(({ planIndex, outcome }) => `plan ${planIndex + 1} ${outcome}`).join(', '),
    removedBy(group).join(', '),
  ]);
  if (without.length === 0) return rows;
  const gateways = without.reduce((sum, group) => sum + group.gateways, 0);
  return [...rows, ['', String(gateways), 'none', 'no plan, or none that could be built', '']];
}

/** What goes because it stands in the way; what is replaced by another version of itself is left out. */
function removedBy({ plans, planIndex }: RolloutGroupView): string[] {
  const plan = plans[planIndex ?? 0];
  const nameOf = (key: string): string => key.slice(0, key.lastIndexOf('@'));
  const installed = (plan?.install ?? []).map(nameOf);
  return (plan?.remove ?? []).filter((key) => !installed.includes(nameOf(key)));
}

function nodeIds(snapshots: readonly NodesSnapshot[]): string[] {
  return [...new Set(snapshots.flatMap(({ nodes }) => nodes.map((node) => node.id)))].sort();
}

function nodeRows(snapshots: readonly NodesSnapshot[]): string[][] {
  const ids = nodeIds(snapshots);
  return snapshots.map(({ moment, nodes, queued }) => [
    moment,
    ...ids.map((id) => {
      const node = nodes.find((candidate) => candidate.id === id);
      if (node === undefined) return '';
      return node.state === 'active' ? String(node.gatewayCount) : node.state;
    }),
    String(queued),
  ]);
}

/** How long it took from the need of a node until it served its share. */
function formatLaunch(snapshots: readonly NodesSnapshot[]): string[] {
  const node = snapshots.map(launchedNode).find((candidate) => candidate?.sharedAt != null);
  if (node?.requestedAt == null || node.sharedAt === null) return [];
  const since = (moment: string): string =>
    ((Date.parse(moment) - Date.parse(node.requestedAt ?? moment)) / 1_000).toFixed(1);
  return [
    `  ${node.id}: registered ${since(node.startedAt)} s after it was needed, its share of gateways at ${since(node.sharedAt)} s`,
  ];
}

/** What an incompatible gateway is told, by the example of one. */
function formatExplanation(rollouts: readonly RolloutSummary[]): string[] {
  const told = rollouts
    .flatMap((rollout) => rollout.deliveries)
    .find((delivery) => delivery.explanation !== null);
  if (told?.explanation == null) return [];
  return [
    heading(`Why not on ${told.gatewayId}`),
    ...told.explanation.split('\n').map((line) => `  ${line}`),
  ];
}

/** Processes of a kind are shown together: `agent-7` with the other agents. */
function processRows(processes: ReadonlyMap<string, ProcessCost>): string[][] {
  const kinds = new Map<string, { count: number; cpuSeconds: number; peakMemoryBytes: number }>();
  for (const [name, cost] of processes) {
    const kind = kindOf(name);
    const sum = kinds.get(kind) ?? { count: 0, cpuSeconds: 0, peakMemoryBytes: 0 };
    sum.count++;
    sum.cpuSeconds += cost.cpuSeconds;
    sum.peakMemoryBytes += cost.peakMemoryBytes;
    kinds.set(kind, sum);
  }
  return [...kinds].map(([kind, { count, cpuSeconds, peakMemoryBytes }]) => [
    count === 1 ? kind : `${count} ${kind}`,
    cpuSeconds.toFixed(1),
    (peakMemoryBytes / 1024 ** 2).toFixed(peakMemoryBytes < 10 * 1024 ** 2 ? 1 : 0),
  ]);
}

function kindOf(process: string): string {
  if (process.startsWith('agent-')) return 'agents, with their applications';
  return process.startsWith('busybox-') ? 'BusyBox agents, with their applications' : process;
}

function readingRows(readings: readonly ReceivedReadings[]): string[][] {
  const versions = [...new Set(readings.map((entry) => entry.version))].sort();
  return versions.map((version) => {
    const own = readings.filter((entry) => entry.version === version);
    const sources = [...new Set(own.map((entry) => entry.last.source))].join(', ');
    const total = own.reduce((sum, entry) => sum + entry.count, 0);
    return [version, String(own.length), String(total), sources];
  });
}

function formatCheck({ name, ok, detail }: Check): string {
  return `  ${ok ? pc.green('✓') : pc.red('✗')} ${name}${detail === '' ? '' : pc.dim(` — ${detail}`)}`;
}

function heading(text: string): string {
  return `\n${pc.bold(text)}`;
}

function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({ head: [...head], style: { head: [], border: [], compact: true } });
  for (const row of rows) table.push([...row]);
  return table.toString();
}
