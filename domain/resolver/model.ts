import type { Literal } from './solver/literal.js';

/** The literals that are true in a solution: a byte each, since large plans have many and are asked about them often. */
export class Model {
  private bytes: Uint8Array;

  /** @param size literals are below */
  constructor(literals: Iterable<Literal>, size: number) {
    this.bytes = new Uint8Array(size);
    for (const literal of literals) this.bytes[literal] = 1;
  }

  has(literal: Literal): boolean {
    return this.bytes[literal] === 1;
  }

  add(literal: Literal): void {
    if (literal >= this.bytes.length) {
      const wider = new Uint8Array(literal * 2);
      wider.set(this.bytes);
      this.bytes = wider;
    }
    this.bytes[literal] = 1;
  }

  copy(): Model {
    const copy = new Model([], 0);
    copy.bytes = this.bytes.slice();
    return copy;
  }

  literals(): Literal[] {
    const found: Literal[] = [];
    for (let literal = 0; literal < this.bytes.length; literal += 1)
      if (this.has(literal)) found.push(literal);
    return found;
  }
}
