/** What is kept of an experiment: one JSON line a run. Pure. */
import type { MachineFacts } from '../machine.js';
import { stepNames, type Step } from '../../domain/rollout/steps.js';
import type { RolloutStepView } from '../api.js';
import type { ProcessCost } from '../process-usage.js';
import { nodesOf, type FloorRun, type ProvisioningRun } from './experiment.js';
import type { ExperimentOptions } from './options.js';

const MiB = 1024 * 1024;

export interface RunRecord {
  readonly gateways: number;
  readonly run: number;
  readonly package: string;
  readonly strategy: string;
  readonly level: string;
  /** LEONORE nodes that had a share of the rollout. */
  readonly nodes: number;
  /** From the request to the end of the rollout. */
  readonly seconds: number;
  /** The same bytes to the same gateways without LEONORE; null when it was not measured. */
  readonly floorSeconds: number | null;
  readonly succeeded: number;
  readonly packageBytes: number;
  readonly packageContents: string;
  /** Seconds after the request at which each step began and ended, on whichever node. */
  readonly steps: Readonly<Record<string, readonly [number, number]>>;
  readonly historyEvents: number;
  readonly longestHistory: number;
  /** By process, during the rollout. */
  readonly cpuSeconds: Readonly<Record<string, number>>;
  readonly peakMiB: Readonly<Record<string, number>>;
  /** By process, during the floor. */
  readonly floorCpuSeconds: Readonly<Record<string, number>> | null;
  readonly clients: number;
  readonly concurrency: number;
  readonly intervalSeconds: number | null;
  readonly at: string;
  readonly machine: MachineFacts;
}

export function recordOf(
  options: ExperimentOptions,
  contents: string,
  run: { readonly number: number; readonly provisioning: ProvisioningRun; readonly floor: FloorRun | null },
  machine: MachineFacts,
): RunRecord {
  const { provisioning, floor } = run;
  const { view, histories, processes } = provisioning;
  return {
    gateways: provisioning.gateways,
    run: run.number,
    package: options.package,
    strategy: options.strategy,
    level: options.level,
    nodes: nodesOf(provisioning),
    seconds: rounded(provisioning.seconds),
    floorSeconds: floor === null ? null : rounded(floor.seconds),
    succeeded: view.counts.succeeded,
    packageBytes: provisioning.package.sizeBytes,
    packageContents: contents,
    steps: stepTimes(view.steps, Date.parse(view.createdAt)),
    historyEvents: histories.events,
    longestHistory: histories.longestEvents,
    cpuSeconds: mapped(processes, ({ cpuSeconds }) => cpuSeconds),
    peakMiB: mapped(processes, ({ peakMemoryBytes }) => peakMemoryBytes / MiB),
    floorCpuSeconds: floor === null ? null : mapped(floor.processes, ({ cpuSeconds }) => cpuSeconds),
    clients: options.clients,
    concurrency: options.concurrency,
    intervalSeconds: options.strategy === 'pull' ? options.intervalSeconds : null,
    at: view.createdAt,
    machine,
  };
}

/** From the first node that began a step to the last that ended it. */
export function stepTimes(
  steps: readonly RolloutStepView[],
  startedMs: number,
): Record<string, readonly [number, number]> {
  const times: Record<string, readonly [number, number]> = {};
  for (const step of Object.keys(stepNames) as Step[]) {
    const own = steps.filter((entry) => entry.step === step && entry.endedAt !== null);
    if (own.length === 0) continue;
    const begun = Math.min(...own.map((entry) => Date.parse(entry.startedAt)));
    const ended = Math.max(...own.map((entry) => Date.parse(entry.endedAt ?? '')));
    times[step] = [rounded((begun - startedMs) / 1_000), rounded((ended - startedMs) / 1_000)];
  }
  return times;
}

function mapped(
  processes: ReadonlyMap<string, ProcessCost>,
  value: (cost: ProcessCost) => number,
): Record<string, number> {
  return Object.fromEntries([...processes].map(([name, cost]) => [name, rounded(value(cost))]));
}

/** Milliseconds are all that a busy machine can tell. */
function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
