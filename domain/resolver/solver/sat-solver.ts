/**
 * A conflict-driven solver for clauses, linear constraints and exclusive sets, after MiniSat (Eén and Sörensson, 2003),
 * Glucose (Audemard and Simon, 2009) and the counter-based pseudo-Boolean propagation of PBS (Aloul et al., 2002).
 *
 * The search assigns one literal after another. After each it draws the consequences (propagation.ts); every
 * consequence remembers its reason. When a constraint breaks, the reasons are followed back to its cause
 * (conflict-analysis.ts), the clause that forbids it is learned, and the search jumps back to where that clause would
 * have spoken up. So no combination is refuted twice, which is what plain backtracking cannot promise.
 *
 * What to assign next is the caller's business (`decide`): the resolver walks the dependency graph from the
 * requests, so that a variable becomes true only when something needs it, and it tells when nothing is left to do.
 * Variables that are unassigned by then are false. For this to be a solution, every clause must be satisfied, or
 * satisfiable by leaving its positive literals false, when `decide` returns null. Where that meets many conflicts, the
 * search is asked to focus: what took part in conflicts lately is decided first, as it was decided last (activity.ts),
 * and it starts over now and then.
 *
 * INVARIANTS
 * - The reason of a literal implies it together with literals that stand before it on the trail.
 * - Clauses and constraints are added at level 0 only; clauses are let go there only.
 */
import type { Budget } from '../budget.js';
import { Activity } from './activity.js';
import { Assignment, noReason, reasonKind, reasonOf, type Reason } from './assignment.js';
import { ClauseArena } from './clause-arena.js';
import { ConflictAnalysis } from './conflict-analysis.js';
import type { Linear } from './linear.js';
import { not, positive, variableOf, type Literal } from './literal.js';
import { Propagation } from './propagation.js';

/** Chooses the next literal to make true; null when nothing is left to decide. */
export type Decide = (solver: SatSolver) => Literal | null;

export type Outcome =
  | { readonly satisfiable: true }
  /** The assumptions that cannot hold together; empty when nothing can. */
  | { readonly satisfiable: false; readonly core: readonly Literal[] }
  /** The conflicts or the budget are used up. */
  | { readonly satisfiable: null };

export interface SolveOptions {
  /** Gives up after as many conflicts. */
  readonly maxConflicts?: number;
  /** Decides first what took part in conflicts lately. */
  readonly focus?: boolean;
}

/** Conflicts after which a focused search starts over, times the terms of Luby's sequence. */
const restartUnit = 64;
/** Learned clauses that are kept at first, and by how much more after each time that half of them went. */
const learnedAtFirst = 4_000;
const learnedGrowth = 1.15;
/** Work between two looks at the budget. */
const stride = 5_000;

export class SatSolver {
  /** Conflicts met since the solver was made. */
  conflicts = 0;
  /** Times that assignments were taken back; what was seen on the trail holds while it stays the same. */
  backtracks = 0;

  private readonly assignment = new Assignment();
  private readonly arena = new ClauseArena();
  private readonly propagation = new Propagation(this.assignment, this.arena);
  private readonly analysis = new ConflictAnalysis(this.assignment, this.propagation);
  private readonly activity = new Activity();
  private maxLearned = learnedAtFirst;
  /** Assumptions to which the first levels of the search belong, one each. */
  private assumed: readonly Literal[] = [];
  private accounted = 0;
  /** By literal: whether it is in the clause at hand. */
  private readonly marks: boolean[] = [false, false];
  private readonly clause: Literal[] = [];
  /** False once the constraints contradict each other without any assumption. */
  private consistent = true;

  newVariable(): number {
    this.propagation.addVariable();
    this.analysis.addVariable();
    this.activity.addVariable();
    this.marks.push(false, false);
    return this.assignment.addVariable();
  }

  /** True literals in the order of their assignment. */
  get trail(): readonly Literal[] {
    return this.assignment.trail;
  }

  /** Number of variables and one, as variables start at 1. */
  get variables(): number {
    return this.assignment.count;
  }

  isTrue(literal: Literal): boolean {
    return this.assignment.isTrue(literal);
  }

  isFalse(literal: Literal): boolean {
    return this.assignment.isFalse(literal);
  }

  /** Tells whether a literal was true when it had a value last. */
  wasTrue(literal: Literal): boolean {
    return this.assignment.phases[variableOf(literal)] === ((literal & 1) ^ 1);
  }

  /** Lets a focused search begin where these literals are true and no others. */
  recall(literals: Iterable<Literal>): void {
    this.assignment.phases.fill(0);
    for (const literal of literals) this.assignment.phases[variableOf(literal)] = (literal & 1) ^ 1;
  }

  /** Adds a clause; the search starts over at level 0. */
  addClause(literals: readonly Literal[]): void {
    this.backtrack(0);
    if (!this.consistent) return;
    const clause = this.simplified(literals);
    if (clause === null) return;
    if (clause.length === 0) this.consistent = false;
    else if (clause.length === 1) this.assertAtRoot(clause[0] ?? 0);
    else this.propagation.attach(this.arena.add(clause, 0, 0));
  }

  /** Without what is false or stated twice, valid until the next call; null when it holds anyway. */
  private simplified(literals: readonly Literal[]): readonly Literal[] | null {
    const { values } = this.assignment;
    const { marks, clause } = this;
    clause.length = 0;
    let holds = false;
    for (const literal of literals) {
      holds ||= values[literal] === 1 || marks[not(literal)] === true;
      if (values[literal] === 0 || marks[literal] === true) continue;
      marks[literal] = true;
      clause.push(literal);
    }
    for (const literal of clause) marks[literal] = false;
    return holds ? null : clause;
  }

  /** At most one of the literals is true. */
  addExclusive(literals: readonly Literal[]): void {
    this.backtrack(0);
    this.propagation.addExclusive(literals);
    for (const literal of literals) {
      if (!this.isTrue(literal)) continue;
      for (const other of literals) if (other !== literal) this.addClause([not(other)]);
    }
  }

  /**
   * While a literal is true, none of the others is: many clauses of two literals in one. They are read in one direction
   * only, so the literal should be assumed before anything is decided.
   */
  forbid(literal: Literal, others: readonly Literal[]): void {
    this.backtrack(0);
    const open = others.filter((other) => !this.isFalse(other));
    if (this.isTrue(literal)) for (const other of open) this.addClause([not(other)]);
    else if (open.length > 0) this.propagation.forbid(literal, open);
  }

  /** Adds a linear constraint, which can grow later by {@link addTerm}. */
  addLinear(bound: number): Linear {
    this.backtrack(0);
    return this.propagation.addLinear(bound);
  }

  addTerm(linear: Linear, literal: Literal, weight: number): void {
    this.backtrack(0);
    if (weight > 0) this.propagation.addTerm(linear, literal, weight);
  }

  /**
   * The literals that follow from the assumptions by propagation alone are true afterwards, until something else is
   * asked or added.
   * @returns false when the assumptions contradict each other already
   */
  assume(assumptions: readonly Literal[]): boolean {
    this.backtrack(0);
    this.assumed = [];
    if (!this.settleRoot()) return false;
    return assumptions.every((literal) => this.assumeToo(literal));
  }

  /** Assumes one more literal on top of those that {@link assume} was given. */
  assumeToo(literal: Literal): boolean {
    const { assignment } = this;
    if (this.isFalse(literal)) return false;
    if (this.isTrue(literal)) return true;
    assignment.levelStarts.push(assignment.trail.length);
    assignment.enqueue(literal, noReason);
    return this.propagation.propagate() === noReason;
  }

  /**
   * Searches for an assignment under assumptions. Afterwards the assignment can be read with {@link isTrue} until
   * something is added.
   * @param budget bears what the search costs, and ends it when it is over
   */
  solve(
    assumptions: readonly Literal[],
    decide: Decide,
    budget: Budget,
    { maxConflicts = Infinity, focus = false }: SolveOptions = {},
  ): Outcome {
    const lastConflict = this.conflicts + maxConflicts;
    let restarts = 0;
    for (;;) {
      // What follows from assumptions that were made the last time as well need not be drawn again.
      this.backtrack(this.arena.learnedCount > this.maxLearned ? 0 : this.inCommon(assumptions));
      this.assumed = assumptions;
      if (this.assignment.level === 0 && !this.settleRoot()) return { satisfiable: false, core: [] };
      if (this.arena.learnedCount > this.maxLearned) this.forget();
      restarts += 1;
      const until = focus
        ? Math.min(lastConflict, this.conflicts + restartUnit * luby(restarts))
        : lastConflict;
      const outcome = this.searchUntil(assumptions, decide, budget, until, focus);
      this.account(budget);
      if (outcome !== null) return outcome;
      if (this.conflicts >= lastConflict || budget.isOver) return { satisfiable: null };
    }
  }

  /** Levels of the search that belong to these assumptions and the last ones alike. */
  private inCommon(assumptions: readonly Literal[]): number {
    const most = Math.min(assumptions.length, this.assumed.length, this.assignment.level);
    let level = 0;
    while (level < most && assumptions[level] === this.assumed[level]) level += 1;
    return level;
  }

  /** Null when the conflicts or the budget are used up. */
  private searchUntil(
    assumptions: readonly Literal[],
    decide: Decide,
    budget: Budget,
    lastConflict: number,
    focus: boolean,
  ): Outcome | null {
    const { assignment, propagation } = this;
    for (;;) {
      const conflict = propagation.propagate();
      if (conflict !== noReason) {
        this.conflicts += 1;
        if (!this.learn(conflict)) return { satisfiable: false, core: [] };
        if (this.conflicts >= lastConflict) return null;
        continue;
      }
      if (propagation.work > this.accounted + stride) {
        this.account(budget);
        if (budget.isOver) return null;
      }
      const assumption = assumptions[assignment.level];
      if (assumption !== undefined) {
        propagation.work += 1;
        if (this.isFalse(assumption))
          return { satisfiable: false, core: this.analysis.coreOf(assumption, assumptions) };
        assignment.levelStarts.push(assignment.trail.length);
        if (!this.isTrue(assumption)) assignment.enqueue(assumption, noReason);
        continue;
      }
      const decision = (focus ? this.mostActive() : null) ?? decide(this);
      propagation.work += 1;
      if (decision === null) return { satisfiable: true };
      assignment.levelStarts.push(assignment.trail.length);
      assignment.enqueue(decision, noReason);
    }
  }

  private mostActive(): Literal | null {
    for (;;) {
      const variable = this.activity.take();
      if (variable === 0) return null;
      const literal = positive(variable);
      if (this.isTrue(literal) || this.isFalse(literal)) continue;
      return this.assignment.phases[variable] === 1 ? literal : not(literal);
    }
  }

  /** Counts the steps that whoever decides has taken: long walks through a graph cost as much as propagation. */
  charge(steps: number): void {
    this.propagation.work += steps;
  }

  private account(budget: Budget): void {
    budget.spend(this.propagation.work - this.accounted);
    this.accounted = this.propagation.work;
  }

  private assertAtRoot(literal: Literal): void {
    this.assignment.enqueue(literal, noReason);
    if (this.propagation.propagate() !== noReason) this.consistent = false;
  }

  /** Draws what follows at level 0; tells whether the constraints are consistent. */
  private settleRoot(): boolean {
    if (
      this.consistent &&
      (this.propagation.settle() !== noReason || this.propagation.propagate() !== noReason)
    )
      this.consistent = false;
    return this.consistent;
  }

  private backtrack(level: number): void {
    const { assignment } = this;
    const { levelStarts, trail } = assignment;
    if (levelStarts.length <= level) return;
    this.backtracks += 1;
    const start = levelStarts[level] ?? 0;
    for (let index = trail.length - 1; index >= start; index -= 1) {
      const literal = trail[index] ?? 0;
      if (index < assignment.head) this.propagation.uncount(literal);
      assignment.unassign(literal);
      this.activity.release(variableOf(literal));
    }
    trail.length = start;
    assignment.head = Math.min(assignment.head, start);
    levelStarts.length = level;
  }

  /** Learns from a conflict and jumps back to where the new clause implies something; false at the root. */
  private learn(conflict: Reason): boolean {
    const newest = this.analysis.newestLevel(conflict);
    if (newest === 0) this.consistent = false;
    if (!this.consistent) return false;
    this.backtrack(newest);
    const { clause, glue, variables, reasons } = this.analysis.analyse(conflict);
    for (const variable of variables) this.activity.bump(variable);
    this.activity.decay();
    for (const reason of reasons)
      if ((reason & 3) === reasonKind.clause) this.arena.touch(reason >> 2, this.conflicts);
    const [asserting = 0, second] = clause;
    this.backtrack(second === undefined ? 0 : this.assignment.levelOf(second));
    if (second === undefined) {
      this.assertAtRoot(asserting);
      return this.consistent;
    }
    const learned = this.arena.add(clause, glue, this.conflicts);
    this.propagation.attach(learned);
    this.assignment.enqueue(asserting, reasonOf(reasonKind.clause, learned));
    return true;
  }

  /** Lets go of what was learned and is of little use, and of what holds anyway. */
  private forget(): void {
    const { arena, assignment } = this;
    const isTrue = (at: number) => assignment.values[arena.raw[at] ?? 0] === 1;
    // No clause is a reason any more: at level 0 nobody asks for reasons.
    for (const literal of assignment.trail) assignment.reasons[variableOf(literal)] = noReason;
    const left = arena.compact((clause) => {
      const from = arena.first(clause);
      for (let at = from; at < from + arena.size(clause); at += 1) if (isTrue(at)) return true;
      return false;
    });
    this.propagation.attachAll(left);
    this.maxLearned = Math.max(this.maxLearned * learnedGrowth, arena.learnedCount * learnedGrowth);
  }
}

/** 1 1 2 1 1 2 4 1 1 2 1 1 2 4 8 ...: restarts that are short mostly, and long now and then. */
function luby(index: number): number {
  let [size, power] = [1, 1];
  while (size < index) {
    size = 2 * size + 1;
    power *= 2;
  }
  let rest = index;
  while (size !== rest) {
    size = (size - 1) >> 1;
    power >>= 1;
    if (rest > size) rest -= size;
  }
  return power;
}
