import { noReason, reasonKind, reasonOf, unassigned, type Assignment, type Reason } from './assignment.js';
import { header, type ClauseArena } from './clause-arena.js';
import { sortTerms, type Linear } from './linear.js';
import { not, variableOf, type Literal } from './literal.js';

/** A linear constraint in which a literal counts. */
interface Counted {
  readonly linear: Linear;
  readonly weight: number;
}

const none: readonly never[] = [];

/**
 * Draws the consequences of an assignment from clauses, linear constraints, and sets of which at most one is true.
 *
 * INVARIANTS
 * - The first two literals of a clause are watched: neither is false unless the other is true or both are about to be
 *   looked at. A watch carries another literal of the clause: while that one is true the clause need not be read.
 * - Exactly the literals of `trail[0 .. head)` are counted in the sums of linear constraints.
 */
export class Propagation {
  /** Literals, clauses and terms looked at: follows the time that is spent, and does not depend on the machine. */
  work = 0;
  readonly linears: Linear[] = [];
  /** By literal: clause and another literal of it, one after the other; null while there are none. */
  private readonly watches: (number[] | null)[] = [null, null];
  /** By literal: the linear constraints in which it counts, and its weights there. */
  private readonly counted: (Counted[] | null)[] = [null, null];
  /** By literal: the sets of which no other is true while it is. */
  private readonly exclusive: ((readonly Literal[])[] | null)[] = [null, null];
  private readonly unsorted = new Set<Linear>();
  /** When two of a set are true, the second of them. */
  private clash: Literal = 0;

  constructor(
    private readonly assignment: Assignment,
    private readonly arena: ClauseArena,
  ) {}

  addVariable(): void {
    this.watches.push(null, null);
    this.counted.push(null, null);
    this.exclusive.push(null, null);
  }

  attach(clause: number): void {
    const { raw } = this.arena;
    const at = this.arena.first(clause);
    const [one = 0, two = 0] = [raw[at], raw[at + 1]];
    this.watch(one, clause, two);
    this.watch(two, clause, one);
  }

  /** Watches these clauses and no others. */
  attachAll(clauses: readonly number[]): void {
    this.watches.fill(null);
    for (const clause of clauses) this.attach(clause);
  }

  addLinear(bound: number): Linear {
    const linear: Linear = { index: this.linears.length, terms: [], bound, sum: 0, cursor: 0, sorted: 0 };
    this.linears.push(linear);
    return linear;
  }

  /** Only at level 0, after everything on the trail has been propagated, so that it counts at once. */
  addTerm(linear: Linear, literal: Literal, weight: number): void {
    linear.terms.push({ literal, weight });
    const counted = this.counted[literal];
    if (counted) counted.push({ linear, weight });
    else this.counted[literal] = [{ linear, weight }];
    if (this.assignment.isTrue(literal)) linear.sum += weight;
    this.unsorted.add(linear);
  }

  addExclusive(literals: readonly Literal[]): void {
    for (const literal of literals) this.forbid(literal, literals);
  }

  /** While a literal is true, none of the others is; nothing follows for it from them before it is. */
  forbid(literal: Literal, others: readonly Literal[]): void {
    const sets = this.exclusive[literal];
    if (sets) sets.push(others);
    else this.exclusive[literal] = [others];
  }

  /** What follows from terms that came up; only at level 0. Returns the constraint that broke, or none. */
  settle(): Reason {
    for (const linear of this.unsorted) {
      sortTerms(linear);
      if (this.squeeze(linear)) return reasonOf(reasonKind.linear, linear.index);
    }
    this.unsorted.clear();
    return noReason;
  }

  /** Draws all consequences; returns the constraint that broke, or none. */
  propagate(): Reason {
    const { assignment } = this;
    const { trail } = assignment;
    while (assignment.head < trail.length) {
      const literal = trail[assignment.head] ?? 0;
      assignment.head += 1;
      this.work += 1;
      const counted = this.counted[literal] ?? none;
      // All sums first: backtracking takes them back for every propagated literal.
      for (let index = 0; index < counted.length; index += 1) {
        const entry = counted[index];
        if (entry !== undefined) entry.linear.sum += entry.weight;
      }
      const sets = this.exclusive[literal] ?? none;
      for (let index = 0; index < sets.length; index += 1) {
        if (this.exclude(literal, sets[index] ?? none)) return reasonOf(reasonKind.literal, literal);
      }
      const broken = this.visitWatches(not(literal));
      if (broken !== noReason) return broken;
      for (let index = 0; index < counted.length; index += 1) {
        const linear = counted[index]?.linear;
        if (linear !== undefined && this.squeeze(linear)) return reasonOf(reasonKind.linear, linear.index);
      }
    }
    return noReason;
  }

  /** Takes a literal out of the sums again. */
  uncount(literal: Literal): void {
    const counted = this.counted[literal] ?? none;
    for (let index = 0; index < counted.length; index += 1) {
      const entry = counted[index];
      if (entry === undefined) continue;
      entry.linear.sum -= entry.weight;
      entry.linear.cursor = 0;
    }
  }

  /** Appends the true literals that made a constraint break, or imply `implied` when that is not 0. */
  causes(reason: Reason, implied: Literal, into: Literal[]): void {
    const index = reason >> 2;
    switch (reason & 3) {
      case reasonKind.clause: {
        const { raw } = this.arena;
        const from = this.arena.first(index);
        const to = from + this.arena.size(index);
        for (let at = from; at < to; at += 1) {
          const literal = raw[at] ?? 0;
          if (literal !== implied) into.push(literal ^ 1);
        }
        return;
      }
      case reasonKind.linear:
        this.causesInSum(index, implied, into);
        return;
      default:
        into.push(index);
        if (implied === 0) into.push(this.clash);
    }
  }

  private causesInSum(index: number, implied: Literal, into: Literal[]): void {
    const linear = this.linears[index];
    if (linear === undefined) return;
    const { values, positions } = this.assignment;
    this.work += linear.terms.length >> 2;
    // The heaviest first: fewer causes make a stronger clause.
    const before = implied === 0 ? Infinity : (positions[variableOf(implied)] ?? 0);
    const own = implied === 0 ? 0 : not(implied);
    let excess = -linear.bound;
    if (own !== 0) for (const { literal, weight } of linear.terms) if (literal === own) excess += weight;
    for (const { literal, weight } of linear.terms) {
      if (excess > 0) return;
      if (values[literal] !== 1 || (positions[literal >> 1] ?? 0) >= before) continue;
      into.push(literal);
      excess += weight;
    }
  }

  /** Tells whether another of the set is true; else makes the others false. */
  private exclude(literal: Literal, set: readonly Literal[]): boolean {
    const { assignment } = this;
    const { values } = assignment;
    this.work += set.length >> 3;
    for (const other of set) {
      const value = values[other];
      if (value === 0 || other === literal) continue;
      if (value === 1) {
        this.clash = other;
        return true;
      }
      assignment.enqueue(not(other), reasonOf(reasonKind.literal, literal));
    }
    return false;
  }

  /** Looks at the clauses in which a literal that became false is watched. */
  private visitWatches(falseLiteral: Literal): Reason {
    const { assignment, arena } = this;
    const { values } = assignment;
    const { raw } = arena;
    const watching = this.watches[falseLiteral];
    if (!watching) return noReason;
    const { length } = watching;
    this.work += length >> 1;
    let kept = 0;
    let broken = noReason;
    let index = 0;
    for (; index < length; index += 2) {
      const clause = watching[index] ?? 0;
      const blocker = watching[index + 1] ?? 0;
      if (values[blocker] === 1) {
        watching[kept] = clause;
        watching[kept + 1] = blocker;
        kept += 2;
        continue;
      }
      const at = clause + header;
      let first = raw[at] ?? 0;
      if (first === falseLiteral) {
        first = raw[at + 1] ?? 0;
        raw[at] = first;
        raw[at + 1] = falseLiteral;
      }
      if (values[first] !== 1 && this.rewatch(raw, clause, first)) continue;
      watching[kept] = clause;
      watching[kept + 1] = first;
      kept += 2;
      if (values[first] === 1) continue;
      if (values[first] === 0) {
        broken = reasonOf(reasonKind.clause, clause);
        index += 2;
        break;
      }
      assignment.enqueue(first, reasonOf(reasonKind.clause, clause));
    }
    for (; index < length; index += 1, kept += 1) watching[kept] = watching[index] ?? 0;
    if (kept < length) watching.length = kept;
    return broken;
  }

  /**
   * Finds another literal to watch in place of the second one. The search goes on where it ended the last time, and
   * around: a long clause whose literals become false one after the other would be read from its beginning each time.
   */
  private rewatch(raw: Int32Array, clause: number, first: Literal): boolean {
    const { values } = this.assignment;
    const second = clause + header + 1;
    const end = clause + header + (raw[clause] ?? 0);
    const from = clause + (raw[clause + 3] ?? 0);
    let index = from;
    while (index < end && values[raw[index] ?? 0] === 0) index += 1;
    this.work += (index - from) >> 2;
    if (index === end) {
      index = second + 1;
      while (index < from && values[raw[index] ?? 0] === 0) index += 1;
      this.work += (index - second) >> 2;
      if (index >= from) return false;
    }
    const literal = raw[index] ?? 0;
    raw[index] = raw[second] ?? 0;
    raw[second] = literal;
    raw[clause + 3] = index - clause;
    this.watch(literal, clause, first);
    return true;
  }

  private watch(literal: Literal, clause: number, other: Literal): void {
    const list = this.watches[literal];
    if (list) list.push(clause, other);
    else this.watches[literal] = [clause, other];
  }

  /** Makes false what no longer fits; tells whether the constraint is broken. */
  private squeeze(linear: Linear): boolean {
    const slack = linear.bound - linear.sum;
    if (slack < 0) return true;
    const { terms } = linear;
    const { values } = this.assignment;
    let { cursor } = linear;
    for (; cursor < terms.length; cursor += 1) {
      const term = terms[cursor];
      if (term === undefined || term.weight <= slack) break;
      this.work += 1;
      if (values[term.literal] === unassigned)
        this.assignment.enqueue(not(term.literal), reasonOf(reasonKind.linear, linear.index));
    }
    linear.cursor = cursor;
    return false;
  }
}
