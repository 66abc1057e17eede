import type { Problem } from './problem.js';
import type { Literal } from './solver/literal.js';
import type { Decide, Outcome, SatSolver } from './solver/sat-solver.js';

/** The literals that are true in a solution. */
export type Model = ReadonlySet<Literal>;

/**
 * Looks at a solution that satisfies all constraints so far and may state a further one that it breaks.
 * @returns true when it did, so that the search goes on
 */
export type Refine = (model: Model) => boolean;

/** Conflicts after which the search looks at candidates in another order, the first time. */
const firstSlice = 300;
const longestSlice = 5_000;

export interface SearchHooks {
  /** New literals and costs may have come up. */
  grown(): void;
  /** Literals to make true, where they can be, once every goal is met. */
  last(): Iterable<Literal>;
}

/**
 * Walks the dependency graph from the requests: it decides only what an unmet goal needs, expands what it selects,
 * and ends when every goal is met. So nothing that nothing needs is ever selected.
 */
export class Search {
  /** The last solution found. */
  model: Model = new Set();
  private readonly solver: SatSolver;

  constructor(
    private readonly problem: Problem,
    private readonly refine: Refine,
    private readonly hooks: SearchHooks,
  ) {
    this.solver = problem.constraints.solver;
  }

  /**
   * Searches for a solution under assumptions; when there is one, {@link model} holds it.
   * @param maxConflicts gives up after as many conflicts
   * @param maxWork gives up soon after as much work
   */
  solve(assumptions: () => readonly Literal[], maxConflicts = Infinity, maxWork = Infinity): Outcome {
    const lastConflict = this.solver.conflicts + maxConflicts;
    const lastWork = this.solver.work + maxWork;
    let slice = firstSlice;
    let lightest = false;
    for (;;) {
      const decide = walker(this.problem, () => this.hooks.last(), lightest);
      const left = lastConflict - this.solver.conflicts;
      const outcome = this.solver.solve(assumptions(), decide, Math.min(slice, left));
      if (outcome.satisfiable === null && left > slice && this.solver.work < lastWork) {
        // The best candidates first leads nowhere for long: perhaps little room is left. What was learned stays.
        lightest = !lightest;
        slice = Math.min(slice * 2, longestSlice);
        continue;
      }
      if (outcome.satisfiable !== true) return outcome;
      const selected = this.solver.trail.filter((literal) => !this.problem.isExpanded(literal));
      if (selected.length === 0) {
        this.model = new Set(this.solver.trail);
        if (!this.refine(this.model)) return outcome;
      }
      this.problem.expand(selected);
      this.hooks.grown();
    }
  }
}

/**
 * Decides the first open candidate of the first goal that is not met, walking from the requests.
 * @param last literals to make true, where they can be, once every goal is met
 * @param lightest takes the candidate that needs the least disk instead of the first
 */
export function walker(problem: Problem, last: () => Iterable<Literal> = () => [], lightest = false): Decide {
  const { rootGoals, goals } = problem;
  const openCandidate = lightest
    ? (solver: SatSolver, candidates: readonly Literal[]) =>
        firstOpen(
          solver,
          candidates.toSorted((left, right) => problem.diskOf(left) - problem.diskOf(right)),
        )
    : firstOpen;
  // Goals before the cursor are met by literals on the trail, and stay so until the solver backtracks.
  let backtracks = -1;
  let root = 0;
  let position = 0;
  return (solver) => {
    if (solver.backtracks !== backtracks) {
      backtracks = solver.backtracks;
      root = 0;
      position = 0;
    }
    for (; root < rootGoals.length; root += 1) {
      const open = openCandidate(solver, rootGoals[root]?.candidates ?? []);
      if (open !== null) return open;
    }
    for (; position < solver.trail.length; position += 1) {
      for (const goal of goals[solver.trail[position] ?? 0] ?? []) {
        const open = openCandidate(solver, goal.candidates);
        if (open !== null) return open;
      }
    }
    for (const literal of last()) {
      if (!solver.isTrue(literal) && !solver.isFalse(literal)) return literal;
    }
    return null;
  };
}

function firstOpen(solver: SatSolver, candidates: readonly Literal[]): Literal | null {
  let open: Literal | null = null;
  for (const literal of candidates) {
    if (solver.isTrue(literal)) return null;
    if (open === null && !solver.isFalse(literal)) open = literal;
  }
  return open;
}
