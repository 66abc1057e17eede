import { not, variableOf, type Literal } from './literal.js';

export const unassigned = -1;

/**
 * Why a literal is true, as one integer: 0 when it was decided or stated; else a kind in the lowest two bits and above
 * them the clause, the linear constraint, or the literal that excludes its negation.
 */
export type Reason = number;
export const noReason: Reason = 0;
export const reasonKind = { clause: 1, linear: 2, literal: 3 } as const;

export function reasonOf(kind: number, index: number): Reason {
  return (index << 2) | kind;
}

/** Who is true, since when and why, in the order in which it came to be. */
export class Assignment {
  /** By literal: 1 true, 0 false, -1 unassigned. */
  values = new Int8Array(64).fill(unassigned);
  /** By variable: level of the search, reason, place on the trail, and the value it had last. */
  levels = new Int32Array(32);
  reasons = new Int32Array(32);
  positions = new Int32Array(32);
  phases = new Int8Array(32);
  readonly trail: Literal[] = [];
  readonly levelStarts: number[] = [];
  /** `trail[0 .. head)` has been propagated. */
  head = 0;
  /** Number of variables and one, as variables start at 1. */
  count = 1;

  addVariable(): number {
    const variable = this.count;
    this.count += 1;
    if (this.count > this.levels.length) this.grow();
    return variable;
  }

  get level(): number {
    return this.levelStarts.length;
  }

  isTrue(literal: Literal): boolean {
    return this.values[literal] === 1;
  }

  isFalse(literal: Literal): boolean {
    return this.values[literal] === 0;
  }

  levelOf(literal: Literal): number {
    return this.levels[variableOf(literal)] ?? 0;
  }

  enqueue(literal: Literal, reason: Reason): void {
    const variable = literal >> 1;
    this.values[literal] = 1;
    this.values[literal ^ 1] = 0;
    this.levels[variable] = this.levelStarts.length;
    this.reasons[variable] = reason;
    this.positions[variable] = this.trail.length;
    this.trail.push(literal);
  }

  /** Forgets the value of the last literal of the trail, but for its phase. */
  unassign(literal: Literal): void {
    this.values[literal] = unassigned;
    this.values[not(literal)] = unassigned;
    this.phases[variableOf(literal)] = (literal & 1) === 0 ? 1 : 0;
  }

  private grow(): void {
    const size = this.levels.length * 2;
    const wider = <T extends Int8Array | Int32Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.values = wider(this.values, new Int8Array(size * 2).fill(unassigned));
    this.levels = wider(this.levels, new Int32Array(size));
    this.reasons = wider(this.reasons, new Int32Array(size));
    this.positions = wider(this.positions, new Int32Array(size));
    this.phases = wider(this.phases, new Int8Array(size));
  }
}
