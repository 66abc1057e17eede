/** What a fleet costs that has nothing to do but to ask. */
import type { Cleanups } from '../cleanups.js';
import { Experiment, type IdleRun } from '../experiment/experiment.js';
import { experimentDefaults, type ExperimentOptions } from '../experiment/options.js';
import type { Phases } from '../terminal.js';
import { quantileMs, totalOf } from '../virtual-gateways/latencies.js';
import { atMost, fact, type Figure } from './figure.js';

const MiB = 1024 * 1024;

export interface IdleCase {
  readonly gateways: number;
  readonly intervalSeconds: number;
  /** Time until it is measured: gateways ask for the first time, and what is only done once is done. */
  readonly settleMs: number;
  readonly measureMs: number;
  /** Milliseconds for 99 of 100 polls; null: no goal. */
  readonly p99Ms: number | null;
  /** Share of one core for all of LEONORE, its database and Temporal; null: no goal. */
  readonly coreShare: number | null;
}

/** 1,000 polls a second. */
export const busyFleet: IdleCase = {
  gateways: 10_000,
  intervalSeconds: 10,
  settleMs: 20_000,
  measureMs: 30_000,
  p99Ms: 50,
  coreShare: null,
};

/** 56 polls a second. */
export const largeFleet: IdleCase = {
  gateways: 100_000,
  intervalSeconds: 1_800,
  settleMs: 20_000,
  measureMs: 60_000,
  p99Ms: null,
  coreShare: 0.1,
};

export async function idleFigures(what: IdleCase, cleanups: Cleanups, phases: Phases): Promise<Figure[]> {
  const options: ExperimentOptions = {
    ...experimentDefaults,
    strategy: 'pull',
    nodes: 1,
    intervalSeconds: what.intervalSeconds,
  };
  const experiment = await Experiment.start(options, cleanups, phases);
  const registrationSeconds = await experiment.growTo(what.gateways);
  const run = await phases.run(
    `${what.gateways} gateways polling each ${what.intervalSeconds} s`,
    async () => {
      await experiment.watchIdle(what.settleMs);
      return experiment.watchIdle(what.measureMs);
    },
  );
  const name = `idle_${what.gateways}`;
  return [
    fact(
      `${name}_registration`,
      what.gateways / registrationSeconds,
      'gateways/s',
      `${what.gateways} gateways registered by ${options.clients} processes`,
    ),
    ...pollFigures(name, what, run, experiment.product()),
  ];
}

function pollFigures(name: string, what: IdleCase, run: IdleRun, product: readonly string[]): Figure[] {
  const { pollLatencies, seconds, processes } = run;
  const polls = totalOf(pollLatencies);
  const how = `${what.gateways} gateways polling each ${what.intervalSeconds} s, watched for ${Math.round(seconds)} s, one node`;
  const p99 = quantileMs(pollLatencies, 0.99);
  const share =
    product.reduce((sum, process) => sum + (processes.get(process)?.cpuSeconds ?? 0), 0) / seconds;
  return [
    fact(`${name}_polls`, polls / seconds, 'polls/s', how),
    fact(
      `${name}_p50`,
      quantileMs(pollLatencies, 0.5),
      'ms',
      `${how}; from request to answer, at the client`,
    ),
    what.p99Ms === null
      ? fact(`${name}_p99`, p99, 'ms', how)
      : atMost(what.p99Ms, `${name}_p99`, p99, 'ms', `${how}; from request to answer, at the client`),
    what.coreShare === null
      ? fact(`${name}_cores`, share, 'cores', `${how}; all of LEONORE, PostgreSQL and Temporal`)
      : atMost(
          what.coreShare,
          `${name}_cores`,
          share,
          'cores',
          `${how}; all of LEONORE, PostgreSQL and Temporal`,
        ),
    ...[...processes].flatMap(([process, { cpuSeconds, peakMemoryBytes }]) => [
      fact(`${name}_cpu_${process}`, cpuSeconds / seconds, 'cores', how),
      fact(`${name}_memory_${process}`, peakMemoryBytes / MiB, 'MiB', how),
    ]),
  ];
}
