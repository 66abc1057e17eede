/** Whether a fleet of 100,000 costs as much a gateway as one of 4,000. Takes some ten minutes. */
import type { Cleanups } from '../cleanups.js';
import { Experiment, type ProvisioningRun } from '../experiment/experiment.js';
import { experimentDefaults, type ExperimentOptions } from '../experiment/options.js';
import type { Phases } from '../terminal.js';
import { atMost, fact, type Figure } from './figure.js';

const MiB = 1024 * 1024;
const small = 4_000;
const large = 100_000;
const goals = { timeRatio: 1.2, eventsPerGateway: 0.12, memoryMiB: 512, postgresSeconds: 200 } as const;

export async function linearFigures(cleanups: Cleanups, phases: Phases): Promise<Figure[]> {
  const options: ExperimentOptions = {
    ...experimentDefaults,
    nodes: 4,
    timeoutMs: 60 * 60_000,
    // Push gateways ask ten times more seldom than others: here each half hour.
    env: { LEONORE_POLL_SECONDS: '180' },
  };
  const experiment = await Experiment.start(options, cleanups, phases);
  await experiment.growTo(small);
  await experiment.provision();
  const few = await experiment.provision();
  await experiment.growTo(large);
  const many = await experiment.provision();
  return comparison(few, many, experiment.product());
}

function comparison(few: ProvisioningRun, many: ProvisioningRun, product: readonly string[]): Figure[] {
  const perGateway = ({ seconds, gateways }: ProvisioningRun): number => seconds / gateways;
  const of = `svm by push, level protocol, 4 nodes, ${many.gateways} gateways`;
  return [
    atMost(0, `linear_${large}_not_succeeded`, many.gateways - many.view.counts.succeeded, 'deliveries', of),
    fact(`linear_${few.gateways}_time`, few.seconds, 's', 'the same stack before it grew'),
    fact(`linear_${large}_time`, many.seconds, 's', of),
    atMost(
      goals.timeRatio,
      `linear_${large}_time_ratio`,
      perGateway(many) / perGateway(few),
      'ratio',
      `${of}: time a gateway over that at ${few.gateways}`,
    ),
    atMost(
      goals.eventsPerGateway,
      `linear_${large}_history_events`,
      many.histories.events / many.gateways,
      'events/gateway',
      `${of}: ${many.histories.workflows.length} workflow runs, the longest of ${many.histories.longestEvents} events`,
    ),
    ...product.flatMap((process): Figure[] => {
      const cost = many.processes.get(process);
      if (cost === undefined) return [];
      const before = (few.processes.get(process)?.peakMemoryBytes ?? 0) / MiB;
      const how = `${of}; ${before.toFixed(0)} MiB at ${few.gateways}`;
      const memory = cost.peakMemoryBytes / MiB;
      const name = `linear_${large}_memory_${process}`;
      return [
        isOurs(process) ? atMost(goals.memoryMiB, name, memory, 'MiB', how) : fact(name, memory, 'MiB', how),
        cpuFigure(process, cost.cpuSeconds, of),
      ];
    }),
  ];
}

function cpuFigure(process: string, seconds: number, of: string): Figure {
  const name = `linear_${large}_cpu_${process}`;
  return process === 'postgres'
    ? atMost(goals.postgresSeconds, name, seconds, 's', of)
    : fact(name, seconds, 's', of);
}

/** The goal is about api, coordinator and nodes. */
function isOurs(process: string): boolean {
  return process === 'api' || process === 'coordinator' || process.startsWith('node-');
}
