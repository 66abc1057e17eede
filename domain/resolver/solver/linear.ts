import type { Literal } from './literal.js';

/**
 * A linear constraint: the weights of its true literals sum up to at most the bound. It states that a plan fits on the
 * disk, and, in optimisation, that at most k of a set are violated.
 *
 * It is kept as a counter: `sum` follows the assignment, and a literal whose weight exceeds what is left must be
 * false. Terms are ordered by weight, heaviest first, so that propagation stops at the first that fits, and what was
 * looked at (`cursor`) need not be looked at again until something is taken back.
 */
export interface Linear {
  /** Its number in the solver. */
  readonly index: number;
  readonly terms: { readonly literal: Literal; readonly weight: number }[];
  readonly bound: number;
  sum: number;
  /** All terms before this one are assigned. */
  cursor: number;
  /** Terms that are in order; the ones behind them came up since. */
  sorted: number;
}

/** Puts terms that came up into their places. */
export function sortTerms(linear: Linear): void {
  const { terms } = linear;
  if (linear.sorted === terms.length) return;
  terms.sort((left, right) => right.weight - left.weight);
  linear.sorted = terms.length;
  linear.cursor = 0;
}
