/**
 * Finds the best solution: layer after layer of costs, each as cheap as it can be without making an earlier one
 * dearer.
 *
 * Within a layer the search is guided by cores (OLL, after Andres et al., "Unsatisfiability-based optimization in
 * clasp", 2012). Assume that nothing costs. When that cannot be, the solver names assumptions that cannot hold
 * together, so at least the lightest of them must be paid. Take that weight off all of them, assume instead that no
 * more than one of them is violated, and go on until the assumptions hold. What was paid is the optimum, and the
 * assumptions that are left are what every optimal solution satisfies, so they become conditions of the layers that
 * follow. Compared with lowering a bound step by step, independent conflicts cost one core each, not a proof about
 * all their combinations.
 *
 * The problem grows while it is searched (see problem.ts). A term that comes up for a layer that is done is forbidden
 * outright: the optimum was reached without it, and it can only add to the cost.
 */
import type { CostLayer } from './cost-layers.js';
import type { Problem } from './problem.js';
import { Search, type Model, type Refine } from './search.js';
import { not, type Literal } from './solver/literal.js';
import type { SatSolver } from './solver/sat-solver.js';

/**
 * Conflicts that a run may spend on proving that an answer is the best, once there is one: on the criteria that a
 * caller would miss, on the finer ones, and on any single one however much was spent before. After them the best
 * solution found so far stands. They are counted, not timed, so that the same input gives the same plans everywhere.
 */
const patience = { firm: 2_000, negotiable: 1_000, least: 50 } as const;

/** There may be a plan or not: looking for one took more work than a caller wants to wait for. */
export class Undecided extends Error {}

/** An assumption of the kind "at most so many of these are true". */
interface Allowance {
  readonly violations: readonly Literal[];
  readonly atMost: number;
}

/** What a solution costs in a layer. */
export function costOf(layer: CostLayer, model: Model): number {
  let cost = 0;
  for (const { literal, weight } of layer.terms) if (model.has(literal)) cost += weight;
  return cost;
}

export class Optimiser {
  private readonly search: Search;
  private readonly solver: SatSolver;
  /** Conditions of one run are clauses that hold while this literal is assumed. */
  private session: Literal = 0;
  /** Terms seen, by layer that is done or being worked on. */
  private readonly seen = new Map<CostLayer, number>();
  private current: CostLayer | null = null;
  /** What is assumed in the current layer, with the price of giving it up. */
  private readonly prices = new Map<Literal, number>();
  private readonly allowances = new Map<Literal, Allowance>();

  constructor(
    private readonly problem: Problem,
    refine: Refine,
  ) {
    this.solver = problem.constraints.solver;
    this.search = new Search(problem, refine, {
      grown: () => this.takeNewTerms(),
      // An allowance that is left open would count as violated wherever it is a violation itself.
      last: () => this.allowances.keys(),
    });
  }

  /**
   * The best solution of the problem as it stands; null when there is none.
   * @param maxWork how much to spend on any solution at all; patience with the best one is bounded by itself
   * @param layers what to make cheap, the most important first
   * @throws Undecided
   */
  best(maxWork: number, layers: readonly CostLayer[] = this.problem.costs.layers): Model | null {
    this.session = this.problem.constraints.newLiteral();
    this.seen.clear();
    this.current = null;
    this.prices.clear();
    this.allowances.clear();
    const { satisfiable } = this.search.solve(() => [this.session], Infinity, maxWork);
    if (satisfiable === null) throw new Undecided();
    if (!satisfiable) return null;
    const left: Record<'firm' | 'negotiable', number> = { ...patience };
    for (const layer of layers) {
      const kind = layer.negotiable ? 'negotiable' : 'firm';
      const before = this.solver.conflicts;
      if (!this.minimise(layer, before + Math.max(left[kind], patience.least))) {
        this.improve(layer);
        this.pin(layer);
      }
      left[kind] -= this.solver.conflicts - before;
    }
    this.solver.addClause([not(this.session)]);
    return this.search.model;
  }

  /** Makes a layer as cheap as it can be; false when patience ran out. */
  private minimise(layer: CostLayer, lastConflict: number): boolean {
    this.prices.clear();
    this.current = layer;
    this.seen.set(layer, layer.terms.length);
    if (costOf(layer, this.search.model) === 0) {
      for (const { literal } of layer.terms) this.condition(not(literal));
      this.current = null;
      return true;
    }
    // What follows from the conditions costs in every solution that is left, or in none.
    this.solver.assume([this.session]);
    for (const { literal, weight } of layer.terms) {
      if (!this.solver.isTrue(literal) && !this.solver.isFalse(literal))
        this.prices.set(not(literal), weight);
    }
    while (!this.isSatisfied()) {
      const outcome = this.search.solve(
        () => [this.session, ...this.prices.keys()],
        lastConflict - this.solver.conflicts,
      );
      if (outcome.satisfiable === null) return false;
      if (!outcome.satisfiable) this.pay(this.trim(outcome.core));
    }
    for (const literal of this.prices.keys()) this.condition(literal);
    this.current = null;
    return true;
  }

  /**
   * Saves one cost after the other, as far as each is quickly done without bringing back another. It does not find the
   * optimum, but where many things have to go to make room it comes near.
   */
  private improve(layer: CostLayer): void {
    for (const { literal } of layer.terms.toSorted((left, right) => right.weight - left.weight)) {
      const before = this.search.model;
      if (!before.has(literal)) continue;
      const saved = layer.terms.filter((term) => !before.has(term.literal)).map((term) => not(term.literal));
      this.search.solve(() => [this.session, ...saved, not(literal)], patience.least);
      // More of the catalog may have come up on the way, with costs of its own.
      if (costOf(layer, this.search.model) > costOf(layer, before)) this.search.model = before;
    }
  }

  /** States that a layer shall not cost more than it does now. */
  private pin(layer: CostLayer): void {
    const cost = costOf(layer, this.search.model);
    const linear = this.solver.addLinear(layer.terms.reduce((sum, { weight }) => sum + weight, 0));
    for (const { literal, weight } of layer.terms) this.solver.addTerm(linear, literal, weight);
    this.solver.addTerm(linear, this.session, linear.bound - cost);
    this.current = null;
  }

  /** States that a literal holds for the rest of the run. */
  private condition(literal: Literal): void {
    this.solver.addClause([not(this.session), literal]);
  }

  /** The last solution already violates nothing that is assumed. */
  private isSatisfied(): boolean {
    const { model } = this.search;
    for (const literal of this.prices.keys()) {
      const allowance = this.allowances.get(literal);
      if (allowance === undefined ? !isTrueIn(model, literal) : violated(allowance, model)) return false;
    }
    return true;
  }

  /** Asks again under the core alone: what is named then is often less. */
  private trim(core: readonly Literal[]): Literal[] {
    let best = core.filter((literal) => this.prices.has(literal));
    for (let round = 0; round < 3 && best.length > 2; round += 1) {
      const outcome = this.solver.solve([this.session, ...best], () => null, 50);
      if (outcome.satisfiable !== false) break;
      const smaller = outcome.core.filter((literal) => this.prices.has(literal));
      if (smaller.length >= best.length) break;
      best = smaller;
    }
    return best;
  }

  private pay(core: readonly Literal[]): void {
    if (core.length === 0) throw new Error('an optimal solution of an earlier layer was lost');
    const price = Math.min(...core.map((literal) => this.prices.get(literal) ?? 0));
    for (const literal of core) {
      const left = (this.prices.get(literal) ?? 0) - price;
      if (left > 0) this.prices.set(literal, left);
      else this.prices.delete(literal);
      const allowance = this.allowances.get(literal);
      if (allowance !== undefined) this.allow(allowance.violations, allowance.atMost + 1, price);
    }
    this.allow(core.map(not), 1, price);
  }

  /** Assumes, at a price, that at most so many of the literals are true. */
  private allow(violations: readonly Literal[], atMost: number, price: number): void {
    if (atMost >= violations.length) return;
    const literal = this.problem.constraints.newLiteral();
    const linear = this.solver.addLinear(violations.length);
    for (const violation of violations) this.solver.addTerm(linear, violation, 1);
    this.solver.addTerm(linear, literal, violations.length - atMost);
    this.prices.set(literal, price);
    this.allowances.set(literal, { violations, atMost });
  }

  private takeNewTerms(): void {
    for (const [layer, count] of this.seen) {
      for (const { literal, weight } of layer.terms.slice(count)) {
        if (layer === this.current) this.prices.set(not(literal), weight);
        else this.condition(not(literal));
      }
      this.seen.set(layer, layer.terms.length);
    }
  }
}

function violated({ violations, atMost }: Allowance, model: Model): boolean {
  let count = 0;
  for (const literal of violations) if (isTrueIn(model, literal)) count += 1;
  return count > atMost;
}

/** A variable that the search left open is false. */
function isTrueIn(model: Model, literal: Literal): boolean {
  return (literal & 1) === 0 ? model.has(literal) : !model.has(not(literal));
}
