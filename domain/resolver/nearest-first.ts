import type { Budget } from './budget.js';
import type { CostLayer, CostTerm } from './cost-layers.js';
import { optionsOf, presence, type Node } from './nodes.js';
import type { Problem } from './problem.js';
import type { Model } from './model.js';
import { not, type Literal } from './solver/literal.js';

/** What is next to be made cheap. */
export interface NearestStep {
  /** Ages of what is so many requirements away from the requests; null when nothing more can be said so. */
  readonly layer: CostLayer | null;
  /** False when the budget ended before. */
  readonly complete: boolean;
  /** What is not true from now on, as the last solution costs nothing there. */
  readonly forbidden: readonly Literal[];
  /** The last solution, with the literals of this criterion. */
  readonly model: Model;
}

/** What a clause costs that is stated here: it is made, kept, and read from then on. */
const stepsOfClause = 20;

/**
 * Ages of dependencies, nearest first, in the plan at hand: what meets a request is at distance 0, what meets a
 * requirement of something at distance n is at n + 1 at most. Versions that a plan does not have lead nowhere.
 *
 * So what is how far away depends on the plan, and is written down as constraints, one distance after the other, when
 * everything nearer is settled. "At this distance at most" is a literal for each node, implied by its being there
 * together with something nearer that requires it. Mostly the nearer is certain by then, and the literal is simply
 * that the node is there.
 *
 * Where it is open who relies on whom in a circle, the same nodes come within reach again and again, one requirement
 * farther each time. That ends when the distance of everything that is not the newest is certain, at the latest after as
 * many steps as there are nodes: no shortest way is longer.
 */
export class NearestFirst {
  /** By what is there: the literal that says that it is there and no farther than the present distance. */
  private readonly within = new Map<Literal, Literal>();
  /** What came within reach at the present distance. */
  private front: Node[] = [];
  private distance = 0;
  /** Ages of which the distance is known to be certain, from the beginning. */
  private certain = 0;

  constructor(
    private readonly problem: Problem,
    private readonly session: Literal,
  ) {
    for (const { name, range } of problem.input.requests) {
      for (const node of problem.candidatesFor({ name, version: range }).nodes)
        this.reach(node, presence(node));
    }
  }

  /**
   * @param model the last solution
   * @param grown more of the catalog came up
   */
  next(model: Model, budget: Budget, grown: () => void): NearestStep {
    const { solver } = this.problem.constraints;
    const forbidden: Literal[] = [];
    const extended = model.copy();
    const assume = () => solver.assume([this.session, ...forbidden.map(not)]);
    assume();
    while (this.front.length > 0 && this.distance <= this.within.size && !budget.isOver) {
      // What has just come up may bring more with it.
      while (this.expand(grown)) assume();
      if (this.isCertain()) break;
      const { terms, clauses } = this.step(extended);
      budget.spend(clauses.length * stepsOfClause);
      for (const clause of clauses) solver.addClause(clause);
      if (clauses.length > 0) assume();
      const open = terms.filter(({ literal }) => !solver.isTrue(literal) && !solver.isFalse(literal));
      if (open.some(({ literal }) => extended.has(literal))) {
        const layer = { name: `ages at ${this.distance}`, terms: open };
        return { layer, complete: true, forbidden, model: extended };
      }
      for (const { literal } of open) {
        forbidden.push(literal);
        solver.assumeToo(not(literal));
      }
    }
    return { layer: null, complete: !budget.isOver, forbidden, model: extended };
  }

  /**
   * What no request leads to, such as what only replaces an installed package; when nothing is farther any more.
   * @param ages of all that could be installed, wherever it is
   */
  beyond(model: Model, ages: readonly CostTerm[]): { readonly layer: CostLayer; readonly model: Model } {
    const { constraints } = this.problem;
    const extended = model.copy();
    const clauses: Literal[][] = [];
    const terms = ages.flatMap(({ literal, weight }): CostTerm[] => {
      const near = this.within.get(literal);
      if (near === undefined) return [{ literal, weight }];
      return near === literal ? [] : [{ literal: this.exactly(literal, near, extended, clauses), weight }];
    });
    for (const clause of clauses) constraints.solver.addClause(clause);
    return { layer: { name: 'ages beyond', terms }, model: extended };
  }

  /** Whether everything that is not the newest is at a distance that no choice changes any more. */
  private isCertain(): boolean {
    const { costs, constraints } = this.problem;
    const { terms } = costs.layer('ages');
    for (; this.certain < terms.length; this.certain += 1) {
      const { literal = 0 } = terms[this.certain] ?? {};
      if (!constraints.solver.isFalse(literal) && this.within.get(literal) !== literal) return false;
    }
    return true;
  }

  private reach(node: Node, literal: Literal): void {
    this.within.set(presence(node), literal);
    this.front.push(node);
  }

  /** Brings up what the front requires; tells whether something did come up. */
  private expand(grown: () => void): boolean {
    const { problem } = this;
    const { solver } = problem.constraints;
    this.front = this.front.filter((node) => !solver.isFalse(this.within.get(presence(node)) ?? 0));
    const unknown = this.front
      .map((node) => (node.type === 'new' ? node.selected : node.needed))
      .filter((literal) => !problem.isExpanded(literal));
    if (unknown.length === 0) return false;
    problem.expand(unknown);
    grown();
    return true;
  }

  /** Goes one requirement farther; the ages of what is reached there. */
  private step(model: Model): { terms: CostTerm[]; clauses: Literal[][] } {
    const { solver } = this.problem.constraints;
    const from = this.front;
    this.front = [];
    this.distance += 1;
    const before = new Map<Literal, Literal | undefined>();
    const clauses: Literal[][] = [];
    const fresh = new Map<Node, Literal>();
    for (const node of from) {
      const near = this.within.get(presence(node)) ?? 0;
      for (const target of this.required(node)) {
        const there = presence(target);
        if (this.within.get(there) === there || solver.isFalse(there)) continue;
        if (!before.has(there)) before.set(there, this.within.get(there));
        if (solver.isTrue(near)) {
          fresh.set(target, there);
          continue;
        }
        const literal = fresh.get(target) ?? this.problem.constraints.newLiteral();
        fresh.set(target, literal);
        if (literal === there) continue;
        clauses.push([not(near), not(there), literal]);
        if (model.has(near) && model.has(there)) model.add(literal);
      }
    }
    const terms: CostTerm[] = [];
    for (const [target, literal] of fresh) {
      const there = presence(target);
      const nearer = before.get(there);
      this.reach(target, literal);
      if (nearer !== undefined) {
        clauses.push([not(nearer), literal]);
        if (model.has(nearer)) model.add(literal);
      }
      if (target.type !== 'new' || target.age === 0) continue;
      terms.push({ literal: this.exactly(literal, nearer, model, clauses), weight: target.age });
    }
    return { terms, clauses };
  }

  /** At this distance and not nearer. */
  private exactly(
    literal: Literal,
    nearer: Literal | undefined,
    model: Model,
    clauses: Literal[][],
  ): Literal {
    if (nearer === undefined) return literal;
    const exact = this.problem.constraints.newLiteral();
    clauses.push([not(literal), nearer, exact]);
    if (model.has(literal) && !model.has(nearer)) model.add(exact);
    return exact;
  }

  /** What could meet the requirements of a node, but for those that it or the gateway meets itself. */
  private required(node: Node): Set<Node> {
    const found = new Set<Node>();
    const manifest = node.type === 'new' ? node.manifest : node.package.manifest;
    for (const requirement of manifest?.requires ?? []) {
      const { fixed, nodes } = this.problem.candidatesFor(...optionsOf(requirement));
      if (fixed || nodes.includes(node)) continue;
      for (const other of nodes) found.add(other);
    }
    return found;
  }
}
