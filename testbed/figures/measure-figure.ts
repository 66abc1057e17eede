/** Measures one figure: one stack, which grows as in the paper, and rollouts at each size. */
import type { Cleanups } from '../cleanups.js';
import { Experiment } from '../experiment/experiment.js';
import { experimentDefaults, type ExperimentOptions } from '../experiment/options.js';
import { recordOf, type RunRecord } from '../experiment/record.js';
import { machineFacts } from '../machine.js';
import type { Phases } from '../terminal.js';
import type { PaperFigure } from './paper-figures.js';

/** @param take is given each run as soon as it is measured */
export async function measureFigure(
  figure: PaperFigure,
  runs: number,
  context: { readonly cleanups: Cleanups; readonly phases: Phases },
  take: (record: RunRecord) => Promise<void>,
): Promise<void> {
  const machine = machineFacts();
  const options: ExperimentOptions = {
    ...experimentDefaults,
    package: figure.package,
    strategy: figure.strategy,
    nodes: 1,
    maxNodes: 2,
    // One more than in the paper, whose node has them all at 500 still: the next gateway finds it full.
    threshold: figure.threshold + 1,
  };
  const experiment = await Experiment.start(options, context.cleanups, context.phases);
  let nodes = 0;
  for (const gateways of figure.sizes) {
    await experiment.growTo(gateways);
    const present = await experiment.settled();
    // The first rollout of a node compiles its code, and gateways that were moved register anew: not counted.
    if (present !== nodes) await experiment.provision();
    nodes = present;
    for (let number = 1; number <= runs; number += 1) {
      const provisioning = await experiment.provision();
      const floor = await experiment.runFloor(provisioning);
      await take(recordOf(options, experiment.contents, { number, provisioning, floor }, machine));
    }
  }
}
