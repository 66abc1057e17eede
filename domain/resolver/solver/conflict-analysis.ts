import { noReason, type Assignment, type Reason } from './assignment.js';
import { not, variableOf, type Literal } from './literal.js';
import type { Propagation } from './propagation.js';

/** What a conflict teaches. */
export interface Lesson {
  /** A clause that follows from the constraints, its asserting literal first, the next newest second. */
  readonly clause: readonly Literal[];
  /** Levels of the search that it ties together. */
  readonly glue: number;
  /** Variables that took part. */
  readonly variables: readonly number[];
  /** Clauses and constraints that took part. */
  readonly reasons: readonly Reason[];
}

/**
 * Follows the reasons of a conflict back to the one literal of the current level through which everything passed (the
 * first unique implication point). The clause found there forbids the cause, not only the symptom.
 */
export class ConflictAnalysis {
  private readonly seen: boolean[] = [false];
  private readonly buffer: Literal[] = [];

  constructor(
    private readonly assignment: Assignment,
    private readonly propagation: Propagation,
  ) {}

  addVariable(): void {
    this.seen.push(false);
  }

  /** The newest level among what broke: a linear constraint may break over literals that are all older. */
  newestLevel(conflict: Reason): number {
    return this.causes(conflict, 0).reduce(
      (newest, literal) => Math.max(newest, this.assignment.levelOf(literal)),
      0,
    );
  }

  /** Only when the conflict touches the current level. */
  analyse(conflict: Reason): Lesson {
    const { trail, level, reasons: reasonOfVariable } = this.assignment;
    const { seen } = this;
    const older: Literal[] = [];
    const variables: number[] = [];
    const reasons: Reason[] = [];
    let open = 0;
    let reason = conflict;
    let implied: Literal = 0;
    let index = trail.length - 1;
    for (;;) {
      reasons.push(reason);
      for (const cause of this.causes(reason, implied)) {
        const variable = variableOf(cause);
        const at = this.assignment.levels[variable] ?? 0;
        if (seen[variable] === true || at === 0) continue;
        seen[variable] = true;
        variables.push(variable);
        if (at >= level) open += 1;
        else older.push(cause);
      }
      while (seen[variableOf(trail[index] ?? 0)] !== true) index -= 1;
      implied = trail[index] ?? 0;
      index -= 1;
      open -= 1;
      if (open === 0) break;
      seen[variableOf(implied)] = false;
      reason = reasonOfVariable[variableOf(implied)] ?? noReason;
    }
    const marked = [...older];
    const kept = older.filter((literal) => !this.isRedundant(literal, marked));
    for (const literal of marked) seen[variableOf(literal)] = false;
    seen[variableOf(implied)] = false;
    kept.sort((a, b) => this.assignment.levelOf(b) - this.assignment.levelOf(a));
    const levels = new Set(kept.map((literal) => this.assignment.levelOf(literal)));
    return { clause: [not(implied), ...kept.map(not)], glue: levels.size + 1, variables, reasons };
  }

  /** The assumptions that made an assumption false. */
  coreOf(failed: Literal, assumptions: readonly Literal[]): Literal[] {
    const { trail, levels, reasons } = this.assignment;
    const core = [failed];
    const assumed = new Set(assumptions);
    const marked = new Set<number>([variableOf(failed)]);
    for (let index = trail.length - 1; index >= 0; index -= 1) {
      const literal = trail[index] ?? 0;
      const variable = variableOf(literal);
      if (!marked.has(variable) || levels[variable] === 0) continue;
      const reason = reasons[variable] ?? noReason;
      if (reason === noReason) {
        if (literal !== failed && assumed.has(literal)) core.push(literal);
        continue;
      }
      for (const cause of this.causes(reason, literal)) marked.add(variableOf(cause));
    }
    return core;
  }

  /**
   * A literal is redundant in a learned clause when all that made it true leads back to other literals of the clause.
   * What was found to lead there is marked, and stands in `marked` to be unmarked.
   */
  private isRedundant(literal: Literal, marked: Literal[]): boolean {
    const { levels, reasons } = this.assignment;
    const { seen } = this;
    if ((reasons[variableOf(literal)] ?? noReason) === noReason) return false;
    const before = marked.length;
    const stack = [literal];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const reason = reasons[variableOf(next)] ?? noReason;
      for (const cause of this.causes(reason, next)) {
        const variable = variableOf(cause);
        if (seen[variable] === true || levels[variable] === 0) continue;
        if ((reasons[variable] ?? noReason) === noReason || marked.length - before > 100) {
          for (const other of marked.splice(before)) seen[variableOf(other)] = false;
          return false;
        }
        seen[variable] = true;
        marked.push(cause);
        stack.push(cause);
      }
    }
    return true;
  }

  /** Valid until the next call. */
  private causes(reason: Reason, implied: Literal): readonly Literal[] {
    this.buffer.length = 0;
    this.propagation.causes(reason, implied, this.buffer);
    this.propagation.work += this.buffer.length;
    return this.buffer;
  }
}
