import type { Budget } from './budget.js';
import { stateJointLimit } from './joint-limit.js';
import { Model } from './model.js';
import type { Problem } from './problem.js';
import type { Literal } from './solver/literal.js';
import type { Decide, Outcome, SatSolver, SolveOptions } from './solver/sat-solver.js';

/**
 * Looks at a solution that satisfies all constraints so far and may state a further one that it breaks.
 * @returns true when it did, so that the search goes on
 */
export type Refine = (model: Model) => boolean;

export interface SearchHooks {
  /** New literals and costs may have come up. */
  grown(): void;
  /** Literals to make true, where they can be, once every goal is met. */
  last(): Iterable<Literal>;
}

/** Which candidate meets a goal: the best, the one that needs the least disk, or the one that met it last. */
type Taste = 'best' | 'lightest' | 'last';

/** Conflicts of the first look at the graph, and of the first focused search; the latter gets longer each time. */
const slices = { walk: 200, focus: 1_000, growth: 2 } as const;

/**
 * Walks the dependency graph from the requests: it decides only what an unmet goal needs, expands what it selects,
 * and ends when every goal is met. So nothing that nothing needs is ever selected. Where that leads into many conflicts,
 * perhaps little room is left, or there is a puzzle: then it takes what is lightest, then it focuses on the conflicts.
 */
export class Search {
  /** The last solution found; null before the first. */
  private found: Model | null = null;
  private readonly solver: SatSolver;
  /** Names that there were when disk and memory were last weighed together. */
  private weighed = 0;

  constructor(
    private readonly problem: Problem,
    private readonly refine: Refine,
    private readonly hooks: SearchHooks,
  ) {
    this.solver = problem.constraints.solver;
  }

  /** The last solution found. */
  get model(): Model {
    if (this.found === null) throw new Error('there is no solution yet');
    return this.found;
  }

  /** Puts an earlier solution in its place, or the same with more literals. */
  set model(model: Model) {
    this.found = model;
  }

  /** Where the search focuses there may be a puzzle of disk and memory; again when the problem has grown since. */
  private weighTogether(): void {
    const { size } = this.problem.groups;
    if (size < this.weighed * 2) return;
    this.weighed = size;
    stateJointLimit(this.problem);
  }

  /**
   * Searches for a solution under assumptions; when there is one, {@link model} holds it.
   * @param maxConflicts gives up after as many conflicts
   */
  solve(assumptions: () => readonly Literal[], budget: Budget, maxConflicts = Infinity): Outcome {
    const lastConflict = this.solver.conflicts + maxConflicts;
    const tastes: readonly Taste[] =
      this.found === null ? ['best', 'lightest'] : ['last', 'best', 'lightest'];
    let focus: number = slices.focus;
    for (let turn = 0; ;) {
      const taste = tastes[turn];
      const left = lastConflict - this.solver.conflicts;
      if (taste === undefined) this.weighTogether();
      const slice = taste === undefined ? focus : slices.walk;
      const options: SolveOptions = { maxConflicts: Math.min(slice, left), focus: taste === undefined };
      const decide = walker(this.problem, () => this.hooks.last(), taste ?? 'last');
      const outcome = this.solver.solve(assumptions(), decide, budget, options);
      if (outcome.satisfiable === null && left > slice && !budget.isOver) {
        // What was learned stays.
        if (taste === undefined) focus *= slices.growth;
        turn = (turn + 1) % (tastes.length + 1);
        continue;
      }
      if (outcome.satisfiable !== true) return outcome;
      const selected = this.solver.trail.filter((literal) => !this.problem.isExpanded(literal));
      if (selected.length === 0) {
        const model = new Model(this.solver.trail, 2 * this.solver.variables);
        if (!this.refine(model)) {
          this.found = model;
          this.solver.recall(this.solver.trail);
          return outcome;
        }
      }
      this.problem.expand(selected);
      this.hooks.grown();
      if (budget.isOver) return { satisfiable: null };
    }
  }
}

/**
 * Decides an open candidate of the first goal that is not met, walking from the requests.
 * @param last literals to make true, where they can be, once every goal is met
 */
export function walker(
  problem: Problem,
  last: () => Iterable<Literal> = () => [],
  taste: Taste = 'best',
): Decide {
  const { goals } = problem;
  const openCandidate = choosers[taste](problem);
  // Goals before the cursor are met by literals on the trail, and stay so until the solver backtracks.
  let backtracks = -1;
  let root = 0;
  let position = 0;
  const walk = (solver: SatSolver): Literal | null => {
    for (; root < goals.roots.length; root += 1) {
      const open = openCandidate(solver, goals.roots[root]?.candidates ?? []);
      if (open !== null) return open;
    }
    for (; position < solver.trail.length; position += 1) {
      solver.charge(1);
      for (const goal of goals.of(solver.trail[position] ?? 0)) {
        const open = openCandidate(solver, goal.candidates);
        if (open !== null) return open;
      }
    }
    for (const literal of last()) {
      solver.charge(1);
      if (!solver.isTrue(literal) && !solver.isFalse(literal)) return literal;
    }
    return null;
  };
  return (solver) => {
    if (solver.backtracks !== backtracks) {
      backtracks = solver.backtracks;
      root = 0;
      position = 0;
    }
    return walk(solver);
  };
}

/** An open candidate of a goal; null when the goal is met. */
type Choose = (solver: SatSolver, candidates: readonly Literal[]) => Literal | null;

const choosers: Readonly<Record<Taste, (problem: Problem) => Choose>> = {
  best: () => (solver, candidates) => firstOpen(solver, candidates),
  lightest: (problem) => (solver, candidates) =>
    firstOpen(
      solver,
      candidates.toSorted((left, right) => problem.diskOf(left) - problem.diskOf(right)),
    ),
  last: () => (solver, candidates) => {
    const first = firstOpen(solver, candidates);
    if (first === null) return null;
    return candidates.find((literal) => solver.wasTrue(literal) && !solver.isFalse(literal)) ?? first;
  },
};

function firstOpen(solver: SatSolver, candidates: readonly Literal[]): Literal | null {
  solver.charge(candidates.length);
  let open: Literal | null = null;
  for (const literal of candidates) {
    if (solver.isTrue(literal)) return null;
    if (open === null && !solver.isFalse(literal)) open = literal;
  }
  return open;
}
