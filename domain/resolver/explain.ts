import type { Problem } from './problem.js';

/** Says why a problem has no solution. */
export function explain(problem: Problem): string {
  return `no plan satisfies ${problem.input.requests.map(({ name }) => name).join(', ')}`;
}
