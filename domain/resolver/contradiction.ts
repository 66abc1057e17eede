import { shares, type Budget } from './budget.js';
import type { ConstraintStore, ConstraintTag } from './constraint-store.js';
import type { Problem } from './problem.js';
import { walker } from './search.js';
import type { Linear } from './solver/linear.js';
import { not, positive, type Literal } from './solver/literal.js';
import { SatSolver } from './solver/sat-solver.js';

/**
 * The constraints that cannot hold together, as few as can be: leave out any of them and the rest can hold. They are
 * found by switching each constraint on with an assumption of its own, taking the core of the contradiction, and
 * trying to leave out one after the other, those stated last, which are farthest from the requests, first.
 *
 * What is hard to refute is hard to explain as well: when the budget is over, what is left is not reduced further.
 */
export function contradictionOf(
  problem: Problem,
  budget: Budget,
): { tags: readonly ConstraintTag[]; isLeast: boolean } {
  const { solver, switches } = replay(problem.constraints);
  const solve = (assumed: readonly Literal[], part: Budget) =>
    solver.solve(assumed, walker(problem), part, { focus: true });
  const all = [...switches.keys()];
  // What stands in the way whatever room there is says more than that the room does not suffice.
  const roomy = all.filter((literal) => !isResource(switches.get(literal)));
  const first = roomy.length < all.length ? solve(roomy, budget.share(0.5)) : null;
  let core: readonly Literal[] = first?.satisfiable === false ? inOrder(first.core, switches) : all;
  // Propagation order matters for what a core names, so ask again under what was named.
  for (let size = Infinity; core.length < size;) {
    size = core.length;
    const outcome = solve(core, budget.share(0.5));
    if (outcome.satisfiable === true) throw new Error('a contradiction got lost');
    if (outcome.satisfiable === null) break;
    core = inOrder(outcome.core, switches);
  }
  let isLeast = true;
  for (const literal of core.toReversed()) {
    if (budget.isOver) {
      isLeast = false;
      break;
    }
    const without = core.filter((other) => other !== literal);
    if (without.length === core.length) continue;
    const outcome = solve(without, budget.share(shares.step));
    if (outcome.satisfiable === false) core = inOrder(outcome.core, switches);
    else if (outcome.satisfiable === null) isLeast = false;
  }
  return { tags: core.flatMap((literal) => switches.get(literal) ?? []), isLeast };
}

function isResource(tag: ConstraintTag | undefined): boolean {
  return tag?.type === 'disk' || tag?.type === 'memory';
}

function inOrder(core: readonly Literal[], switches: ReadonlyMap<Literal, ConstraintTag>): Literal[] {
  const named = new Set(core);
  return [...switches.keys()].filter((literal) => named.has(literal));
}

/** The same constraints again, each behind a switch; what only ties auxiliary literals together always holds. */
function replay(constraints: ConstraintStore): {
  solver: SatSolver;
  switches: Map<Literal, ConstraintTag>;
} {
  const solver = new SatSolver();
  for (let variable = 1; variable < constraints.solver.variables; variable += 1) solver.newVariable();
  const switches = new Map<Literal, ConstraintTag>();
  const byTag = new Map<ConstraintTag, Literal>();
  const switchOf = (tag: ConstraintTag): Literal => {
    // Constraints of one meaning share a switch.
    const literal = byTag.get(tag) ?? positive(solver.newVariable());
    byTag.set(tag, literal);
    switches.set(literal, tag);
    return literal;
  };
  const addSum = ({ terms, bound }: Pick<Linear, 'terms' | 'bound'>, tags: readonly ConstraintTag[]) => {
    const excess = terms.reduce((sum, { weight }) => sum + weight, 0) - bound;
    // All of it together fits.
    if (excess <= 0) return;
    const on = tags.map(switchOf);
    // It says something only when all of its switches are on.
    const linear = solver.addLinear(bound + excess * on.length);
    for (const term of terms) solver.addTerm(linear, term.literal, term.weight);
    for (const literal of on) solver.addTerm(linear, literal, excess);
  };
  constraints.clauses.forEach((literals, tag) => {
    solver.addClause(tag.type === 'auxiliary' ? literals : [not(switchOf(tag)), ...literals]);
  });
  for (const { literals, tag } of constraints.exclusives) {
    const terms = literals.map((literal) => ({ literal, weight: 1 }));
    addSum({ terms, bound: 1 }, [tag]);
  }
  for (const { linear, tags } of constraints.linears) addSum(linear, tags);
  return { solver, switches };
}
