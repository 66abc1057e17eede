import type { Literal } from './solver/literal.js';

/** Something that must be met once its owner is selected; the search meets it with the first candidate it can. */
export interface Goal {
  /** It holds only where it can: a circle that it closes stands in nobody's way. */
  readonly optional: boolean;
  readonly candidates: readonly Literal[];
}

/** What there is to meet. */
export class Goals {
  /** Those that hold from the start. */
  readonly roots: Goal[] = [];
  /** By the literal that raises them. */
  private readonly raised: (Goal[] | undefined)[] = [];

  /** Goals that a literal raises. */
  of(literal: Literal): readonly Goal[] {
    return this.raised[literal] ?? none;
  }

  add(owner: Literal, candidates: readonly Literal[], optional = false): void {
    const goals = this.raised[owner];
    const goal = { optional, candidates };
    if (goals === undefined) this.raised[owner] = [goal];
    else goals.push(goal);
  }
}

const none: readonly Goal[] = [];
