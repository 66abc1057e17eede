/** The summary at the end of the demo, as text. */
import Table from 'cli-table3';
import pc from 'picocolors';
import { stepTitle } from '../../domain/rollout/steps.js';
import type { RolloutGroupView, RolloutStepView } from '../api.js';
import type { ReceivedReadings } from '../collector.js';
import type { RolloutHistories } from '../temporal-histories.js';
import type { PhaseTime } from '../terminal.js';
import type { Check, RolloutFacts } from './checks.js';

export interface RolloutSummary extends RolloutFacts {
  readonly histories: RolloutHistories;
}

export interface DemoSummary {
  readonly phases: readonly PhaseTime[];
  readonly rollouts: readonly RolloutSummary[];
  readonly readings: readonly ReceivedReadings[];
  readonly checks: readonly Check[];
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
  const counts = Object.entries(view.counts).filter(([, count]) => count > 0);
  const perGateway = histories.events / Math.max(1, deliveries.length);
  return [
    heading(`Rollout ${title} (${view.id}): ${view.state}`),
    formatTable(['step', 'node', 'seconds'], stepRows(view.steps)),
    `  deliveries: ${counts.map(([state, count]) => `${count} ${state}`).join(', ')}`,
    `  history: ${histories.events} events in ${histories.workflows.length} workflows, ` +
      `${perGateway.toFixed(3)} a gateway; longest ${histories.longestEvents} events, ` +
      `largest payload ${histories.largestPayloadBytes} bytes`,
    formatTable(['group', 'gateways', 'package', 'attempts'], view.groups.map(groupRow)),
  ];
}

function stepRows(steps: readonly RolloutStepView[]): string[][] {
  return steps.map((step) => [stepTitle(step.step), step.nodeId, secondsOf(step)]);
}

function secondsOf({ startedAt, endedAt }: RolloutStepView): string {
  if (endedAt === null) return 'not ended';
  return ((Date.parse(endedAt) - Date.parse(startedAt)) / 1_000).toFixed(2);
}

function groupRow(group: RolloutGroupView): string[] {
  const attempts = group.attempts.map(({ planIndex, outcome }) => `plan ${planIndex + 1} ${outcome}`);
  const outcome = group.packageId === null ? 'none' : group.packageId.slice(0, 12);
  return [group.nodeId, String(group.gateways), outcome, attempts.join(', ') || 'incompatible'];
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
