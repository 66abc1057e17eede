/**
 * Finds the best solution: criterion after criterion, each as cheap as it can be without making an earlier one dearer.
 *
 * Within a criterion the search is guided by cores (OLL, after Andres et al., "Unsatisfiability-based optimization in
 * clasp", 2012). Assume that nothing costs. When that cannot be, the solver names assumptions that cannot hold
 * together, so at least the lightest of them must be paid. Take that weight off all of them, assume instead that no
 * more than one of them is violated, and go on until the assumptions hold. What was paid is the optimum, and the
 * assumptions that are left are what every optimal solution satisfies, so they become conditions of the criteria that
 * follow. Compared with lowering a bound step by step, independent conflicts cost one core each, not a proof about
 * all their combinations.
 *
 * Where packages have to go to make room, cores say little: each names a set that is too large, and there are more such
 * sets than anybody can look at. There the least number is computed (removal-bound.ts), and the search starts from it.
 *
 * The problem grows while it is searched (see problem.ts). A term that comes up for a criterion that is done is
 * forbidden outright: the optimum was reached without it, and it can only add to the cost.
 */
import { shares, type Budget } from './budget.js';
import type { CostLayer, Criterion } from './cost-layers.js';
import type { Model } from './model.js';
import { NearestFirst } from './nearest-first.js';
import type { Problem } from './problem.js';
import { fewestRemovals } from './removal-bound.js';
import { Search, type Refine } from './search.js';
import { not, type Literal } from './solver/literal.js';
import type { SatSolver } from './solver/sat-solver.js';

/** There may be a plan or not: looking for one took more work than a caller wants to wait for. */
export class Undecided extends Error {}

export interface Best {
  readonly model: Model;
  /** False when the budget ended before it was proven that no plan is better. */
  readonly proven: boolean;
}

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
  /** Conditions of one run hold while this literal is assumed. */
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
   * @param budget for finding any solution
   * @param proof what may be spent on the best one, once there is any
   * @param criteria what to make cheap, the most important first
   * @throws Undecided
   */
  best(
    budget: Budget,
    proof: Budget,
    criteria: readonly Criterion[] = this.problem.costs.criteria,
  ): Best | null {
    this.session = this.problem.constraints.newLiteral();
    this.seen.clear();
    this.current = null;
    this.prices.clear();
    this.allowances.clear();
    const { satisfiable } = this.search.solve(() => [this.session], budget);
    if (satisfiable === null) throw new Undecided();
    if (!satisfiable) return null;
    let proven = true;
    for (const criterion of criteria) {
      const isBest = criterion === 'nearest' ? this.nearestFirst(proof) : this.settle(criterion, proof);
      proven &&= isBest;
    }
    this.solver.addClause([not(this.session)]);
    return { model: this.search.model, proven };
  }

  /** Makes a layer as cheap as it can be found to be, and keeps it so; false when that is not proven. */
  private settle(layer: CostLayer, proof: Budget): boolean {
    // What one criterion leaves is for the others.
    if (this.minimise(layer, proof.share(shares.criterion))) return true;
    this.improve(layer, proof.share(shares.criterion));
    this.pin(layer);
    return false;
  }

  private nearestFirst(proof: Budget): boolean {
    let proven = true;
    const nearest = new NearestFirst(this.problem, this.session);
    for (;;) {
      const step = nearest.next(this.search.model, proof, () => this.takeNewTerms());
      this.search.model = step.model;
      this.forbid(step.forbidden);
      proven &&= step.complete;
      if (step.layer === null) break;
      proven = this.settle(step.layer, proof) && proven;
    }
    const ages = this.problem.costs.layer('ages');
    this.seen.set(ages, ages.terms.length);
    const beyond = nearest.beyond(this.search.model, ages.terms);
    this.search.model = beyond.model;
    return this.settle(beyond.layer, proof) && proven;
  }

  private minimise(layer: CostLayer, proof: Budget): boolean {
    this.prices.clear();
    this.current = layer;
    this.seen.set(layer, layer.terms.length);
    const cost = costOf(layer, this.search.model);
    if (cost === 0) {
      this.forbid(layer.terms.map(({ literal }) => literal));
      this.current = null;
      return true;
    }
    // What follows from the conditions costs in every solution that is left, or in none.
    this.solver.assume([this.session]);
    const open = layer.terms.filter(
      ({ literal }) => !this.solver.isTrue(literal) && !this.solver.isFalse(literal),
    );
    const { atLeast, stays } = fewestRemovals(this.problem, layer, cost);
    if (atLeast > 0) return this.climb(layer, atLeast, stays, proof);
    for (const { literal, weight } of open) this.prices.set(not(literal), weight);
    while (!this.isSatisfied()) {
      const cores = this.disjointCores(proof);
      if (cores === null) return false;
      for (const core of cores) this.pay(core);
    }
    this.forbid([...this.prices.keys()].map(not));
    this.current = null;
    return true;
  }

  /**
   * Assumptions that cannot hold together, as many sets as there are when none has anything in common with another: the
   * solver is asked again and again with fewer assumptions, and nothing new is stated in between.
   * @returns null when the budget is over
   */
  private disjointCores(proof: Budget): Literal[][] | null {
    const cores: Literal[][] = [];
    const given = new Set<Literal>();
    const left = () => [...this.prices.keys()].filter((literal) => !given.has(literal));
    for (;;) {
      const outcome = this.search.solve(() => [this.session, ...left()], proof);
      if (outcome.satisfiable === null) return null;
      if (outcome.satisfiable) return cores;
      const core = this.trim(outcome.core, proof);
      if (core.length === 0) throw new Error('an optimal solution of an earlier layer was lost');
      cores.push(core);
      for (const literal of core) given.add(literal);
    }
  }

  /**
   * Tries a cost that nothing can be below, first with what a sum says should stay, then one more at a time.
   * @returns whether the solution found is proven to be the cheapest
   */
  private climb(layer: CostLayer, atLeast: number, stays: readonly Literal[], proof: Budget): boolean {
    this.current = null;
    let bound = atLeast;
    if (costOf(layer, this.search.model) > bound)
      this.search.solve(() => [this.session, ...stays], proof.share(shares.step));
    while (costOf(layer, this.search.model) > bound) {
      const within = this.atMost(layer, bound);
      const { satisfiable } = this.search.solve(() => [this.session, within], proof.share(shares.proof));
      this.solver.addClause([not(within)]);
      if (satisfiable === null) return false;
      if (!satisfiable) bound += 1;
    }
    this.pin(layer);
    return true;
  }

  /**
   * Asks for less and less, and saves one cost after the other, as far as each is quickly done without bringing back
   * another. It does not prove anything, but where many things have to go to make room it comes near.
   */
  private improve(layer: CostLayer, budget: Budget): void {
    for (;;) {
      const within = this.atMost(layer, costOf(layer, this.search.model) - 1);
      const { satisfiable } = this.search.solve(() => [this.session, within], budget.share(0.5));
      this.solver.addClause([not(within)]);
      if (satisfiable !== true) break;
    }
    for (const { literal } of layer.terms.toSorted((left, right) => right.weight - left.weight)) {
      if (budget.isOver) return;
      const before = this.search.model;
      if (!before.has(literal)) continue;
      const saved = layer.terms.filter((term) => !before.has(term.literal)).map((term) => not(term.literal));
      this.search.solve(() => [this.session, ...saved, not(literal)], budget.share(0.1));
      // More of the catalog may have come up on the way, with costs of its own.
      if (costOf(layer, this.search.model) > costOf(layer, before)) this.search.model = before;
    }
  }

  /** States that a layer shall not cost more than it does now. */
  private pin(layer: CostLayer): void {
    this.forbid([not(this.atMost(layer, costOf(layer, this.search.model)))]);
    this.current = null;
  }

  /** A literal under which a layer costs no more than a bound. */
  private atMost(layer: CostLayer, bound: number): Literal {
    const within = this.problem.constraints.newLiteral();
    const total = layer.terms.reduce((sum, { weight }) => sum + weight, 0);
    const linear = this.solver.addLinear(total);
    for (const { literal, weight } of layer.terms) this.solver.addTerm(linear, literal, weight);
    this.solver.addTerm(linear, within, total - bound);
    return within;
  }

  /** States that none of the literals is true for the rest of the run. */
  private forbid(literals: readonly Literal[]): void {
    this.solver.forbid(this.session, literals);
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
  private trim(core: readonly Literal[], proof: Budget): Literal[] {
    let best = core.filter((literal) => this.prices.has(literal));
    for (let round = 0; round < 3 && best.length > 2; round += 1) {
      const outcome = this.solver.solve([this.session, ...best], () => null, proof, { maxConflicts: 50 });
      if (outcome.satisfiable !== false) break;
      const smaller = outcome.core.filter((literal) => this.prices.has(literal));
      if (smaller.length >= best.length) break;
      best = smaller;
    }
    return best;
  }

  private pay(core: readonly Literal[]): void {
    const price = core.reduce((least, literal) => Math.min(least, this.prices.get(literal) ?? 0), Infinity);
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
      const fresh = layer.terms.slice(count);
      if (layer !== this.current) this.forbid(fresh.map(({ literal }) => literal));
      else for (const { literal, weight } of fresh) this.prices.set(not(literal), weight);
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
