/**
 * How much a resolution may cost, in one place. It is counted in steps of the search, not in time, so that results are
 * the same on every machine; a caller may add a measure of its own, such as a clock, and then they depend on it.
 */
export interface ResolveBudget {
  /** Steps of the search, some tens of millions a second. Default {@link defaultWork}. */
  readonly work?: number;
  /** The part of the caller's own measure that is used up: 0 at the start, 1 when the resolution has to end. */
  readonly used?: () => number;
}

/** Steps for everything that one resolution does: some ten to thirty seconds. Only puzzles need as many. */
export const defaultWork = 300_000_000;

/**
 * What parts of a resolution may take of what is left when they begin. Looking for a first plan may take all of it.
 */
export const shares = {
  /** Proving that the first plan is the best. */
  proof: 0.1,
  /** Each further plan, to be found and to be proven. */
  further: 0.05,
  /** Everything that is said when there is no plan: reasons, and what would help. */
  explanation: 0.05,
  /** Of it, finding the fewest reasons; what is left is for trying changes that might help. */
  reasons: 0.4,
  /** Of it, telling one of the reasons. */
  telling: 0.25,
  /** One criterion of what is left for all: proving its optimum, or coming nearer to it. */
  criterion: 0.5,
  /** One step of a proof that can do without it. */
  step: 0.1,
} as const;

/** Steps between two looks at the caller's measure. */
const stride = 20_000;

export class Budget {
  private spent = 0;
  private usedBefore = 0;
  private nextLook = 0;

  private constructor(
    private readonly limit: number,
    private readonly measure: () => number,
    private readonly usedAtMost: number,
    private readonly parent: Budget | null,
  ) {}

  /** @throws RangeError for less than no steps */
  static of({ work = defaultWork, used }: ResolveBudget = {}): Budget {
    if (!(work >= 0)) throw new RangeError(`a budget of ${String(work)} steps`);
    return new Budget(work, used ?? (() => 0), 1, null);
  }

  /** A part of what is left; what it spends is spent here as well. */
  share(part: number): Budget {
    const used = this.look();
    const limit = (this.limit - this.spent) * part;
    return new Budget(limit, this.measure, used + (this.usedAtMost - used) * part, this);
  }

  spend(steps: number): void {
    this.spent += steps;
    this.parent?.spend(steps);
  }

  get isOver(): boolean {
    if (this.spent >= this.limit) return true;
    if (this.spent >= this.nextLook) {
      this.nextLook = this.spent + stride;
      this.look();
    }
    return this.usedBefore >= this.usedAtMost || (this.parent?.isOver ?? false);
  }

  private look(): number {
    this.usedBefore = this.measure();
    return this.usedBefore;
  }
}
