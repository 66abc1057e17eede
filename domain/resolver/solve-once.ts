import type { Budget } from './budget.js';
import type { CostLayer, CostLayers } from './cost-layers.js';
import { Optimiser, Undecided } from './optimiser.js';
import { Problem, type ProblemInput } from './problem.js';
import { forbidScriptCircles } from './script-circles.js';
import type { Model } from './model.js';

export type Attempt =
  | { readonly outcome: 'solved'; readonly problem: Problem; readonly model: Model; readonly proven: boolean }
  | { readonly outcome: 'unsatisfiable' | 'undecided'; readonly problem: Problem };

export type Solved = Extract<Attempt, { outcome: 'solved' }>;

/**
 * Asks whether a changed problem has a solution.
 * @param cheap what to make cheap in it, besides
 */
export function solveOnce(
  input: ProblemInput,
  budget: Budget,
  cheap: (costs: CostLayers) => readonly CostLayer[] = () => [],
): Attempt {
  const problem = new Problem(input);
  const optimiser = new Optimiser(problem, (model) => forbidScriptCircles(problem, model));
  try {
    const best = optimiser.best(budget, budget, cheap(problem.costs));
    return best === null ? { outcome: 'unsatisfiable', problem } : { outcome: 'solved', problem, ...best };
  } catch (error) {
    if (error instanceof Undecided) return { outcome: 'undecided', problem };
    throw error;
  }
}
