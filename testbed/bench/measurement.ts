/** From what was measured to figures. Pure, so that the arithmetic can be tested. */
import type { MachineFacts } from '../machine.js';
import type { MeasuredRollout } from '../measured-rollout.js';
import { stepNames, type Step } from '../../domain/rollout/steps.js';
import { atMost, fact, type Figure } from './figure.js';

/** A rollout to virtual gateways. */
export interface Measurement extends MeasuredRollout {
  readonly packageBytes: number;
}

const MiB = 1024 * 1024;

/** Goals that are written down for the bench. */
const goals = {
  eventsPerGateway: 0.15,
  longestHistoryEvents: 4_096,
  largestPayloadBytes: 256 * 1_024,
  costRatio: 1.3,
} as const;

/**
 * The figures of a large rollout, compared with a small one of the same run.
 * @param product names of the processes that belong to LEONORE; the others make the load or measure
 */
export function figuresOf(large: Measurement, small: Measurement, product: readonly string[]): Figure[] {
  const { gateways, histories } = large;
  const of = `rollout to ${gateways} gateways`;
  return [
    atMost(0, 'deliveries_not_succeeded', gateways - large.view.counts.succeeded, 'deliveries', of),
    fact('package_bytes', large.packageBytes, 'bytes', 'bytes that a virtual gateway downloaded and checked'),
    atMost(
      goals.eventsPerGateway,
      'history_events_per_gateway',
      histories.events / gateways,
      'events',
      `${of}: ${histories.events} events of ${histories.workflows.length} workflow runs, read from Temporal`,
    ),
    atMost(goals.longestHistoryEvents, 'longest_history', histories.longestEvents, 'events', of),
    atMost(goals.largestPayloadBytes, 'largest_payload', histories.largestPayloadBytes, 'bytes', of),
    fact(`rollout_${gateways}_time`, large.seconds, 's', 'from the request to the end, polled each 0.4 s'),
    fact(`rollout_${small.gateways}_time`, small.seconds, 's', 'likewise, in the same run'),
    atMost(
      goals.costRatio,
      'time_per_gateway_ratio',
      large.seconds / gateways / (small.seconds / small.gateways),
      'ratio',
      `time a gateway at ${gateways} over that at ${small.gateways}`,
    ),
    atMost(
      goals.costRatio,
      'cpu_per_gateway_ratio',
      productCpu(large, product) / gateways / (productCpu(small, product) / small.gateways),
      'ratio',
      `CPU seconds a gateway of ${product.join(', ')}, at ${gateways} over ${small.gateways}`,
    ),
    ...stepFigures(large),
    ...processFigures(large),
  ];
}

/** Time of each step: from the first node that began it to the last that ended it. */
function stepFigures({ view, gateways }: Measurement): Figure[] {
  return (Object.keys(stepNames) as Step[]).flatMap((step) => {
    const own = view.steps.filter((entry) => entry.step === step);
    const ended = own.map((entry) => (entry.endedAt === null ? Number.NaN : Date.parse(entry.endedAt)));
    if (own.length === 0) return [];
    const begun = Math.min(...own.map((entry) => Date.parse(entry.startedAt)));
    const seconds = (Math.max(...ended) - begun) / 1_000;
    return [fact(`step_${step}_time`, seconds, 's', `${stepNames[step]}; ${gateways} gateways`)];
  });
}

function processFigures({ processes, gateways }: Measurement): Figure[] {
  return [...processes].flatMap(([name, { cpuSeconds, peakMemoryBytes }]) => [
    fact(`cpu_${name}`, cpuSeconds, 's', `/proc, with its children, during the rollout to ${gateways}`),
    fact(`peak_memory_${name}`, peakMemoryBytes / MiB, 'MiB', 'proportional set size, sampled each 2 s'),
  ]);
}

function productCpu({ processes }: Measurement, product: readonly string[]): number {
  return product.reduce((sum, name) => sum + (processes.get(name)?.cpuSeconds ?? 0), 0);
}

/** The machine that the figures hold for. */
export function machineFigures(machine: MachineFacts): Figure[] {
  return [
    fact('machine_cpu', machine.cpu, '', `${machine.system}, Node.js ${machine.node}`),
    fact('machine_cores', machine.cores, 'cores', 'shared by LEONORE, the database, Temporal and the load'),
    fact('machine_memory', machine.memoryBytes / MiB, 'MiB', 'in total'),
    fact('machine_load_before', machine.loadBefore, 'processes', 'load of the minute before'),
  ];
}
