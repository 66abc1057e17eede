import type { ConstraintTag } from './constraint-store.js';
import type { Literal } from './solver/literal.js';

/** Clauses as they were stated and what they mean, in little memory: a large catalog has millions of literals. */
export class ClauseLog {
  /** Of each clause its length, then its literals. */
  private words = new Int32Array(1 << 10);
  private end = 0;
  private readonly tags: ConstraintTag[] = [];

  add(literals: readonly Literal[], tag: ConstraintTag): void {
    const next = this.end + 1 + literals.length;
    if (next > this.words.length) {
      const words = new Int32Array(Math.max(next, this.words.length * 2));
      words.set(this.words);
      this.words = words;
    }
    this.words[this.end] = literals.length;
    this.words.set(literals, this.end + 1);
    this.end = next;
    this.tags.push(tag);
  }

  forEach(see: (literals: readonly Literal[], tag: ConstraintTag) => void): void {
    let at = 0;
    for (const tag of this.tags) {
      const next = at + 1 + (this.words[at] ?? 0);
      see([...this.words.subarray(at + 1, next)], tag);
      at = next;
    }
  }
}
