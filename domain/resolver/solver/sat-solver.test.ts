import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { propertyRuns } from '../../../tests/support/property-runs.js';
import { Budget } from '../budget.js';
import { not, positive, type Literal } from './literal.js';
import { SatSolver } from './sat-solver.js';

interface Formula {
  readonly variables: number;
  readonly clauses: readonly (readonly Literal[])[];
  readonly sums: readonly {
    readonly terms: readonly (readonly [Literal, number])[];
    readonly bound: number;
  }[];
  readonly exclusive: readonly (readonly Literal[])[];
}

function formula(variables: number, clauses: number): fc.Arbitrary<Formula> {
  const literal = fc.integer({ min: 2, max: 2 * variables + 1 });
  const clause = fc.array(literal, { minLength: 1, maxLength: 3 });
  const sum = fc.record({
    terms: fc.uniqueArray(fc.tuple(literal, fc.integer({ min: 1, max: 5 })), {
      maxLength: 6,
      selector: ([one]) => one >> 1,
    }),
    bound: fc.integer({ min: 0, max: 12 }),
  });
  return fc.record({
    variables: fc.constant(variables),
    clauses: fc.array(clause, { maxLength: clauses }),
    sums: fc.array(sum, { maxLength: 2 }),
    exclusive: fc.array(fc.uniqueArray(literal, { maxLength: 4, selector: (one) => one >> 1 }), {
      maxLength: 2,
    }),
  });
}

function solverOf({ variables, clauses, sums, exclusive }: Formula): SatSolver {
  const solver = new SatSolver();
  for (let variable = 0; variable < variables; variable += 1) solver.newVariable();
  for (const clause of clauses) solver.addClause(clause);
  for (const set of exclusive) solver.addExclusive(set);
  for (const { terms, bound } of sums) {
    const linear = solver.addLinear(bound);
    for (const [literal, weight] of terms) solver.addTerm(linear, literal, weight);
  }
  return solver;
}

function holds({ clauses, sums, exclusive }: Formula, isTrue: (literal: Literal) => boolean): boolean {
  return (
    clauses.every((clause) => clause.some(isTrue)) &&
    exclusive.every((set) => set.filter(isTrue).length <= 1) &&
    sums.every(
      ({ terms, bound }) =>
        terms.reduce((sum, [one, weight]) => sum + (isTrue(one) ? weight : 0), 0) <= bound,
    )
  );
}

/** Whether some assignment satisfies a formula together with some literals: all are tried. */
function satisfiable(subject: Formula, assumed: readonly Literal[]): boolean {
  for (let bits = 0; bits < 2 ** subject.variables; bits += 1) {
    const isTrue = (literal: Literal) => ((bits >> ((literal >> 1) - 1)) & 1) === ((literal & 1) ^ 1);
    if (assumed.every(isTrue) && holds(subject, isTrue)) return true;
  }
  return false;
}

/** Every variable that is open, one after the other, to be true. */
function everything(variables: number) {
  return (solver: SatSolver) => {
    for (let variable = 1; variable <= variables; variable += 1) {
      const literal = positive(variable);
      if (!solver.isTrue(literal) && !solver.isFalse(literal)) return literal;
    }
    return null;
  };
}

describe('the solver', () => {
  test.each([false, true])('agrees with trying everything, focused: %s', (focus) => {
    const variables = 7;
    const assumptions = fc.uniqueArray(fc.integer({ min: 2, max: 2 * variables + 1 }), {
      maxLength: 3,
      selector: (literal) => literal >> 1,
    });
    fc.assert(
      fc.property(
        formula(variables, 25),
        fc.array(assumptions, { minLength: 1, maxLength: 4 }),
        (subject, all) => {
          const solver = solverOf(subject);
          for (const assumed of all) {
            const outcome = solver.solve(assumed, everything(variables), Budget.of(), { focus });
            expect(outcome.satisfiable).toBe(satisfiable(subject, assumed));
            if (outcome.satisfiable === true) {
              expect(assumed.every((literal) => solver.isTrue(literal))).toBe(true);
              expect(holds(subject, (literal) => solver.isTrue(literal))).toBe(true);
            } else if (outcome.satisfiable === false) {
              expect(outcome.core.every((literal) => assumed.includes(literal))).toBe(true);
              expect(satisfiable(subject, outcome.core)).toBe(false);
            }
          }
        },
      ),
      { numRuns: propertyRuns(2_000) },
    );
  });

  test('proves that there are too few holes for the pigeons, having forgotten much of what it learned', () => {
    const { solver, decide } = pigeons(9);
    expect(solver.solve([], decide, Budget.of({ work: Infinity }), { focus: true })).toEqual({
      satisfiable: false,
      core: [],
    });
    expect(solver.conflicts).toBeGreaterThan(4_000);
  });

  test('gives up when its conflicts or its budget are used up, and goes on from there', () => {
    const { solver, decide } = pigeons(7);
    expect(solver.solve([], decide, Budget.of(), { maxConflicts: 10 }).satisfiable).toBeNull();
    expect(solver.conflicts).toBe(10);
    expect(solver.solve([], decide, Budget.of({ work: 1 })).satisfiable).toBeNull();
    expect(solver.solve([], decide, Budget.of()).satisfiable).toBe(false);
  });
});

/** One hole less than there are pigeons. */
function pigeons(count: number) {
  const solver = new SatSolver();
  const at = Array.from({ length: count }, () =>
    Array.from({ length: count - 1 }, () => positive(solver.newVariable())),
  );
  for (const row of at) solver.addClause(row);
  for (let hole = 0; hole < count - 1; hole += 1) {
    for (const [index, one] of at.entries())
      for (const other of at.slice(index + 1)) solver.addClause([not(one[hole] ?? 0), not(other[hole] ?? 0)]);
  }
  return { solver, decide: everything(count * (count - 1)) };
}
