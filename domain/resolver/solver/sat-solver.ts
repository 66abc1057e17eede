/**
 * A conflict-driven solver for clauses and linear constraints, after MiniSat (Eén and Sörensson, 2003) and the
 * counter-based pseudo-Boolean propagation of PBS (Aloul et al., 2002).
 *
 * The search assigns one literal after another. After each it draws the consequences (`propagate`); every
 * consequence remembers its reason. When a constraint breaks, the reasons are followed back to the one literal of
 * the current level through which everything passed (the first unique implication point). The clause learned there
 * forbids the cause, not only the symptom, and the search jumps back to where that clause would have spoken up
 * (`analyze`, `backtrack`). So no combination is refuted twice, which is what plain backtracking cannot promise.
 *
 * What to assign next is the caller's business (`decide`): the resolver walks the dependency graph from the
 * requests, so that a variable becomes true only when something needs it, and it tells when nothing is left to do.
 * Variables that are unassigned by then are false. For this to be a solution, every clause must be satisfied, or
 * satisfiable by leaving its positive literals false, when `decide` returns null.
 *
 * INVARIANTS
 * - The first two literals of a clause are watched: neither is false unless the other is true or both are about to
 *   be looked at.
 * - `trail[0 .. head)` has been propagated; exactly those literals are counted in the sums of linear constraints.
 * - `reasons[v]` implies v's literal together with literals that stand before it on the trail.
 * - Clauses and constraints are added at level 0 only.
 */
import { insertTerm, type Linear } from './linear.js';
import { not, variableOf, type Literal } from './literal.js';

/** Literals of which at least one is true; the array is reordered by the solver. */
type Clause = Literal[];
type Reason = Clause | Linear | null;

/** Chooses the next literal to make true; null when nothing is left to decide. */
export type Decide = (solver: SatSolver) => Literal | null;

export type Outcome =
  | { readonly satisfiable: true }
  /** The assumptions that cannot hold together; empty when nothing can. */
  | { readonly satisfiable: false; readonly core: readonly Literal[] }
  /** The budget of conflicts is used up. */
  | { readonly satisfiable: null };

const unassigned = -1;

export class SatSolver {
  /** Conflicts met since the solver was made; a measure of work that does not depend on the machine. */
  conflicts = 0;
  /** Literals, clauses and terms looked at: follows the time that is spent, and does not depend on the machine either. */
  work = 0;
  /** Times that assignments were taken back; what was seen on the trail holds while it stays the same. */
  backtracks = 0;
  /** True literals in the order of their assignment. */
  readonly trail: Literal[] = [];

  private readonly watches: Clause[][] = [[], []];
  private readonly occurrences: { linear: Linear; weight: number }[][] = [[], []];
  /** By literal: 1 true, 0 false, -1 unassigned. */
  private readonly values: number[] = [unassigned, unassigned];
  private readonly levels: number[] = [0];
  private readonly reasons: Reason[] = [null];
  private readonly positions: number[] = [0];
  private readonly seen: boolean[] = [false];
  private readonly levelStarts: number[] = [];
  private head = 0;
  /** False once the constraints contradict each other without any assumption. */
  private consistent = true;

  newVariable(): number {
    const variable = this.levels.length;
    this.values.push(unassigned, unassigned);
    this.watches.push([], []);
    this.occurrences.push([], []);
    this.levels.push(0);
    this.reasons.push(null);
    this.positions.push(0);
    this.seen.push(false);
    return variable;
  }

  /** Number of variables and one, as variables start at 1. */
  get variables(): number {
    return this.levels.length;
  }

  isTrue(literal: Literal): boolean {
    return this.values[literal] === 1;
  }

  isFalse(literal: Literal): boolean {
    return this.values[literal] === 0;
  }

  /** Adds a clause; the search starts over at level 0. */
  addClause(literals: readonly Literal[]): void {
    this.backtrack(0);
    if (!this.consistent) return;
    const clause: Clause = [];
    for (const literal of literals) {
      if (this.isTrue(literal) || clause.includes(not(literal))) return;
      if (!this.isFalse(literal) && !clause.includes(literal)) clause.push(literal);
    }
    if (clause.length === 0) this.consistent = false;
    else if (clause.length === 1) this.assertAtRoot(clause[0] ?? 0);
    else this.attach(clause);
  }

  /** Adds a linear constraint, which can grow later by {@link addTerm}. */
  addLinear(bound: number): Linear {
    this.backtrack(0);
    return { terms: [], bound, sum: 0 };
  }

  addTerm(linear: Linear, literal: Literal, weight: number): void {
    this.backtrack(0);
    if (weight <= 0) return;
    insertTerm(linear, literal, weight);
    this.occurrences[literal]?.push({ linear, weight });
    // Everything on the trail at level 0 has been propagated, so it counts at once.
    if (this.isTrue(literal)) linear.sum += weight;
    if (this.consistent && (this.squeeze(linear) !== null || this.propagate() !== null))
      this.consistent = false;
  }

  /**
   * The literals that follow from the assumptions by propagation alone are true afterwards, until the next call.
   * @returns false when the assumptions contradict each other already
   */
  assume(assumptions: readonly Literal[]): boolean {
    this.backtrack(0);
    if (!this.consistent || this.propagate() !== null) return false;
    for (const literal of assumptions) {
      if (this.isFalse(literal)) return false;
      if (this.isTrue(literal)) continue;
      this.levelStarts.push(this.trail.length);
      this.enqueue(literal, null);
      if (this.propagate() !== null) return false;
    }
    return true;
  }

  /**
   * Searches for an assignment under assumptions. Afterwards the assignment can be read with {@link isTrue} until
   * something is added.
   * @param maxConflicts gives up after as many conflicts
   */
  solve(assumptions: readonly Literal[], decide: Decide, maxConflicts = Infinity): Outcome {
    this.backtrack(0);
    const lastConflict = this.conflicts + maxConflicts;
    for (;;) {
      if (!this.consistent) return { satisfiable: false, core: [] };
      const conflict = this.propagate();
      if (conflict !== null) {
        this.conflicts += 1;
        if (this.levelStarts.length === 0) this.consistent = false;
        else if (this.conflicts > lastConflict) return { satisfiable: null };
        else this.learn(conflict);
        continue;
      }
      const level = this.levelStarts.length;
      const assumption = assumptions[level];
      if (assumption !== undefined) {
        if (this.isFalse(assumption))
          return { satisfiable: false, core: this.coreOf(assumption, assumptions) };
        this.levelStarts.push(this.trail.length);
        if (!this.isTrue(assumption)) this.enqueue(assumption, null);
        continue;
      }
      const decision = decide(this);
      if (decision === null) return { satisfiable: true };
      this.levelStarts.push(this.trail.length);
      this.enqueue(decision, null);
    }
  }

  private assertAtRoot(literal: Literal): void {
    this.enqueue(literal, null);
    if (this.propagate() !== null) this.consistent = false;
  }

  private attach(clause: Clause): void {
    this.watches[clause[0] ?? 0]?.push(clause);
    this.watches[clause[1] ?? 0]?.push(clause);
  }

  private enqueue(literal: Literal, reason: Reason): void {
    const variable = variableOf(literal);
    this.values[literal] = 1;
    this.values[not(literal)] = 0;
    this.levels[variable] = this.levelStarts.length;
    this.reasons[variable] = reason;
    this.positions[variable] = this.trail.length;
    this.trail.push(literal);
  }

  private backtrack(level: number): void {
    if (this.levelStarts.length <= level) return;
    this.backtracks += 1;
    const start = this.levelStarts[level] ?? 0;
    for (let index = this.trail.length - 1; index >= start; index -= 1) {
      const literal = this.trail[index] ?? 0;
      if (index < this.head) {
        for (const { linear, weight } of this.occurrences[literal] ?? []) linear.sum -= weight;
      }
      this.values[literal] = unassigned;
      this.values[not(literal)] = unassigned;
      this.reasons[variableOf(literal)] = null;
    }
    this.trail.length = start;
    this.head = Math.min(this.head, start);
    this.levelStarts.length = level;
  }

  /** Draws all consequences; returns the constraint that broke, or null. */
  private propagate(): Clause | Linear | null {
    while (this.head < this.trail.length) {
      const literal = this.trail[this.head] ?? 0;
      this.head += 1;
      this.work += 1;
      const touched = this.occurrences[literal] ?? [];
      // All sums first: backtracking takes them back for every propagated literal.
      for (const { linear, weight } of touched) linear.sum += weight;
      const broken = this.visitWatches(not(literal));
      if (broken !== null) return broken;
      for (const { linear } of touched) {
        if (this.squeeze(linear) !== null) return linear;
      }
    }
    return null;
  }

  /** Looks at the clauses in which a literal that became false is watched. */
  private visitWatches(falseLiteral: Literal): Clause | null {
    const watching = this.watches[falseLiteral] ?? [];
    this.work += watching.length;
    let kept = 0;
    for (let index = 0; index < watching.length; index += 1) {
      const clause = watching[index] ?? [];
      if (clause[0] === falseLiteral) {
        clause[0] = clause[1] ?? 0;
        clause[1] = falseLiteral;
      }
      const first = clause[0] ?? 0;
      if (!this.isTrue(first) && this.rewatch(clause)) continue;
      watching[kept] = clause;
      kept += 1;
      if (this.isTrue(first)) continue;
      if (this.isFalse(first)) {
        for (let rest = index + 1; rest < watching.length; rest += 1, kept += 1) {
          watching[kept] = watching[rest] ?? [];
        }
        watching.length = kept;
        return clause;
      }
      this.enqueue(first, clause);
    }
    watching.length = kept;
    return null;
  }

  /** Finds another literal to watch in place of the second one. */
  private rewatch(clause: Clause): boolean {
    for (let index = 2; index < clause.length; index += 1) {
      const literal = clause[index] ?? 0;
      if (this.isFalse(literal)) continue;
      clause[index] = clause[1] ?? 0;
      clause[1] = literal;
      this.watches[literal]?.push(clause);
      return true;
    }
    return false;
  }

  /** Makes false what no longer fits; returns the constraint when it is broken. */
  private squeeze(linear: Linear): Linear | null {
    const slack = linear.bound - linear.sum;
    if (slack < 0) return linear;
    for (const { literal, weight } of linear.terms) {
      this.work += 1;
      if (weight <= slack) break;
      if (this.values[literal] === unassigned) this.enqueue(not(literal), linear);
    }
    return null;
  }

  /** The true literals that made a constraint break or imply `implied`. */
  private causes(reason: Clause | Linear, implied: Literal | null): Literal[] {
    if (Array.isArray(reason)) {
      const causes: Literal[] = [];
      for (const literal of reason) if (literal !== implied) causes.push(not(literal));
      return causes;
    }
    this.work += reason.terms.length;
    // The heaviest first: fewer causes make a stronger clause.
    const before = implied === null ? Infinity : (this.positions[variableOf(implied)] ?? 0);
    const own = implied === null ? -1 : not(implied);
    let excess = -reason.bound;
    for (const { literal, weight } of reason.terms) if (literal === own) excess += weight;
    const causes: Literal[] = [];
    for (const { literal, weight } of reason.terms) {
      if (excess > 0) break;
      if (!this.isTrue(literal) || (this.positions[variableOf(literal)] ?? 0) >= before) continue;
      causes.push(literal);
      excess += weight;
    }
    return causes;
  }

  /** Learns from a conflict and jumps back to where the new clause implies something. */
  private learn(conflict: Clause | Linear): void {
    // A linear constraint may break over literals that are all older than the current level.
    const newest = Math.max(
      ...this.causes(conflict, null).map((literal) => this.levels[variableOf(literal)] ?? 0),
    );
    if (newest === 0) {
      this.consistent = false;
      return;
    }
    this.backtrack(newest);
    const clause = this.analyze(conflict);
    this.work += clause.length;
    const [asserting = 0, second] = clause;
    this.backtrack(second === undefined ? 0 : (this.levels[variableOf(second)] ?? 0));
    if (clause.length > 1) this.attach(clause);
    this.enqueue(asserting, clause.length > 1 ? clause : null);
  }

  /** The clause of the first unique implication point, its asserting literal first, the next newest second. */
  private analyze(conflict: Clause | Linear): Clause {
    const level = this.levelStarts.length;
    const older: Literal[] = [];
    let open = 0;
    let reason: Clause | Linear = conflict;
    let implied: Literal | null = null;
    let index = this.trail.length - 1;
    for (;;) {
      for (const cause of this.causes(reason, implied)) {
        const variable = variableOf(cause);
        if (this.seen[variable] || this.levels[variable] === 0) continue;
        this.seen[variable] = true;
        if ((this.levels[variable] ?? 0) >= level) open += 1;
        else older.push(cause);
      }
      while (!this.seen[variableOf(this.trail[index] ?? 0)]) index -= 1;
      implied = this.trail[index] ?? 0;
      index -= 1;
      this.seen[variableOf(implied)] = false;
      open -= 1;
      if (open === 0) break;
      reason = this.reasons[variableOf(implied)] ?? [];
    }
    const kept = older.filter((literal) => !this.isRedundant(literal));
    for (const literal of older) this.seen[variableOf(literal)] = false;
    kept.sort((a, b) => (this.levels[variableOf(b)] ?? 0) - (this.levels[variableOf(a)] ?? 0));
    return [not(implied), ...kept.map(not)];
  }

  /** A literal is redundant in a learned clause when its own causes are all in the clause. */
  private isRedundant(literal: Literal): boolean {
    const reason = this.reasons[variableOf(literal)];
    if (reason === null || reason === undefined) return false;
    return this.causes(reason, literal).every((cause) => {
      const variable = variableOf(cause);
      return this.seen[variable] === true || this.levels[variable] === 0;
    });
  }

  /** The assumptions that made an assumption false. */
  private coreOf(failed: Literal, assumptions: readonly Literal[]): Literal[] {
    const core = [failed];
    const assumed = new Set(assumptions);
    const marked = new Set<number>([variableOf(failed)]);
    for (let index = this.trail.length - 1; index >= 0; index -= 1) {
      const literal = this.trail[index] ?? 0;
      const variable = variableOf(literal);
      if (!marked.has(variable) || this.levels[variable] === 0) continue;
      const reason = this.reasons[variable] ?? null;
      if (reason === null) {
        if (literal !== failed && assumed.has(literal)) core.push(literal);
        continue;
      }
      for (const cause of this.causes(reason, literal)) marked.add(variableOf(cause));
    }
    return core;
  }
}
