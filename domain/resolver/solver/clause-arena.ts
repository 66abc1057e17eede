import type { Literal } from './literal.js';

/**
 * Words before the literals of a clause: its size, its glue, when it was last of use, and the place after its beginning
 * where the search for a literal to watch goes on.
 */
export const header = 4;
/** The first place to look for a literal to watch: the two before it are watched. */
const unwatched = header + 2;

/**
 * All clauses in one array of integers, each named by where it begins: a solver reads them all the time, and what lies
 * together is read fast. A clause that is let go leaves its words behind until {@link ClauseArena.compact}.
 */
export class ClauseArena {
  private words = new Int32Array(1 << 12);
  private end = 1;
  private readonly learned: number[] = [];
  private readonly stated: number[] = [];

  /** @param glue levels of the search that the clause ties together; 0 for a clause that was stated */
  add(literals: readonly Literal[], glue: number, now: number): number {
    const clause = this.end;
    this.reserve(clause + header + literals.length);
    this.words[clause] = literals.length;
    this.words[clause + 1] = glue;
    this.words[clause + 2] = now;
    this.words[clause + 3] = unwatched;
    literals.forEach((literal, index) => (this.words[clause + header + index] = literal));
    this.end += header + literals.length;
    (glue === 0 ? this.stated : this.learned).push(clause);
    return clause;
  }

  get learnedCount(): number {
    return this.learned.length;
  }

  /** The array itself, for the inner loops; valid until the next clause is added. */
  get raw(): Int32Array {
    return this.words;
  }

  size(clause: number): number {
    return this.words[clause] ?? 0;
  }

  /** Where the literals of a clause begin. */
  first(clause: number): number {
    return clause + header;
  }

  /** A learned clause that took part in a conflict is of use. */
  touch(clause: number, now: number): void {
    if ((this.words[clause + 1] ?? 0) > 0) this.words[clause + 2] = now;
  }

  /**
   * Lets go of the half of what was learned that ties many levels together and has not been of use for long, and of
   * every clause that holds anyway. No clause may be the reason of an assignment meanwhile; all have new names after.
   * @returns the clauses that are left
   */
  compact(holds: (clause: number) => boolean): readonly number[] {
    const { words } = this;
    const glue = (clause: number) => words[clause + 1] ?? 0;
    const age = (clause: number) => words[clause + 2] ?? 0;
    const ranked = this.learned.toSorted((a, b) => glue(a) - glue(b) || age(b) - age(a));
    const half = ranked.length >> 1;
    const kept = ranked.filter((clause, rank) => rank < half || glue(clause) <= 2);
    const left = [...this.stated, ...kept].filter((clause) => !holds(clause)).sort((a, b) => a - b);
    this.stated.length = 0;
    this.learned.length = 0;
    let end = 1;
    const moved = left.map((clause) => {
      const length = header + (words[clause] ?? 0);
      words.copyWithin(end, clause, clause + length);
      const place = end;
      end += length;
      (glue(place) === 0 ? this.stated : this.learned).push(place);
      return place;
    });
    this.end = end;
    return moved;
  }

  private reserve(end: number): void {
    if (end <= this.words.length) return;
    const words = new Int32Array(Math.max(end, this.words.length * 2));
    words.set(this.words);
    this.words = words;
  }
}
