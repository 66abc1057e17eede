/** Provisioning against its floor, at the sizes that are written down as goals. */
import type { Cleanups } from '../cleanups.js';
import { Experiment, type ProvisioningRun } from '../experiment/experiment.js';
import { experimentDefaults, type ExperimentOptions } from '../experiment/options.js';
import type { Phases } from '../terminal.js';
import type { Figure } from './figure.js';
import { floorFigures, type ComparedRun, type FloorGoal } from './floor-figures.js';
import { figuresOf, type Measurement } from './measurement.js';

/** One line of goals: a kind of rollout, at some sizes. */
export interface ProvisioningCase {
  readonly name: string;
  readonly options: Partial<ExperimentOptions>;
  readonly sizes: readonly { readonly gateways: number; readonly runs: number }[];
  readonly goal: FloorGoal;
  /** Whether histories, steps, CPU and memory of its largest size become figures, too. */
  readonly detailed: boolean;
}

const svmSizes = [
  { gateways: 1_000, runs: 3 },
  { gateways: 4_000, runs: 3 },
];

export const provisioningCases = {
  push: {
    name: 'svm_push',
    options: { package: 'svm', strategy: 'push' },
    sizes: svmSizes,
    goal: { factor: 1.5, plusSeconds: 2 },
    detailed: true,
  },
  pull: {
    name: 'svm_pull',
    options: { package: 'svm', strategy: 'pull', intervalSeconds: 1 },
    sizes: svmSizes,
    // One interval more: a gateway asks once a second.
    goal: { factor: 1.5, plusSeconds: 3 },
    detailed: false,
  },
  full: {
    name: 'svm_push_full',
    options: { package: 'svm', strategy: 'push', level: 'full' },
    sizes: [{ gateways: 1_000, runs: 3 }],
    goal: { factor: 1.5, plusSeconds: 2 },
    detailed: false,
  },
  jvm: {
    name: 'jvm_push',
    options: { package: 'jvm', strategy: 'push' },
    sizes: [{ gateways: 500, runs: 3 }],
    goal: { factor: 1.2, plusSeconds: 0 },
    detailed: false,
  },
} as const satisfies Record<string, ProvisioningCase>;

export async function provisioningFigures(
  what: ProvisioningCase,
  cleanups: Cleanups,
  phases: Phases,
): Promise<Figure[]> {
  const options: ExperimentOptions = { ...experimentDefaults, ...what.options };
  const experiment = await Experiment.start(options, cleanups, phases);
  const figures: Figure[] = [];
  const last: ProvisioningRun[] = [];
  for (const { gateways, runs } of what.sizes) {
    await experiment.growTo(gateways);
    // Not counted: it compiles hot code and opens connections, on both sides.
    await experiment.runFloor(await experiment.provision());
    const compared: ComparedRun[] = [];
    let latest: ProvisioningRun | undefined;
    for (let run = 0; run < runs; run += 1) {
      latest = await experiment.provision();
      const floor = await experiment.runFloor(latest);
      compared.push({ seconds: latest.seconds, floorSeconds: floor.seconds });
    }
    if (latest === undefined) continue;
    last.push(latest);
    const text = `${options.package} (${latest.package.sizeBytes} bytes, ${experiment.contents}) to ${gateways} gateways by ${options.strategy}, level ${options.level}, ${options.nodes} nodes`;
    figures.push(...floorFigures(`${what.name}_${gateways}`, text, compared, what.goal));
  }
  const [small, large] = [last.at(0), last.at(-1)];
  if (what.detailed && small !== undefined && large !== undefined) {
    figures.push(...figuresOf(toMeasurement(large), toMeasurement(small), experiment.product()));
  }
  return figures;
}

export function toMeasurement(run: ProvisioningRun): Measurement {
  return { ...run, packageBytes: run.package.sizeBytes };
}
