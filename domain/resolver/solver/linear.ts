import type { Literal } from './literal.js';

/**
 * A linear constraint: the weights of its true literals sum up to at most the bound. It states that a gateway has
 * one version of a name, that a plan fits on the disk, and, in optimisation, that at most k of a set are violated.
 *
 * It is kept as a counter: `sum` follows the assignment, and a literal whose weight exceeds what is left must be
 * false. Terms are ordered by weight, heaviest first, so that propagation stops at the first that fits.
 */
export interface Linear {
  readonly terms: { readonly literal: Literal; readonly weight: number }[];
  bound: number;
  sum: number;
}

/** Inserts a term at its place. */
export function insertTerm(linear: Linear, literal: Literal, weight: number): void {
  const { terms } = linear;
  let low = 0;
  let high = terms.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((terms[middle]?.weight ?? 0) >= weight) low = middle + 1;
    else high = middle;
  }
  terms.splice(low, 0, { literal, weight });
}
