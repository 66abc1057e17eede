import type { Budget } from './budget.js';
import type { ConstraintTag } from './constraint-store.js';
import { contradictionOf } from './contradiction.js';
import type { Problem, ProblemInput } from './problem.js';
import { solveOnce } from './solve-once.js';
import { tagKey } from './tag-key.js';

/** A contradiction, and the problem in which it was found: that of the gateway, without the reasons named before. */
export interface Reason {
  readonly problem: Problem;
  readonly tags: readonly ConstraintTag[];
}

/** Reasons that people read; whoever mends so many asks again. */
const mostReasons = 5;

/**
 * The reasons why there is no plan, each of which would be enough: a contradiction, then one of what is left when all
 * that it names is left out but the requests, and so on.
 * @param problem one in which the search has just found no solution
 */
export function independentReasons(problem: Problem, budget: Budget): Reason[] {
  const reasons: Reason[] = [{ problem, tags: contradictionOf(problem, budget.share(0.5)) }];
  let input = problem.input;
  while (reasons.length < mostReasons) {
    const last = reasons.at(-1);
    const next = last === undefined ? null : without(input, last.tags);
    if (next === null || next.requests.length === 0) return reasons;
    input = next;
    const left = solveOnce(input, budget.share(0.5));
    if (left.outcome !== 'unsatisfiable') return reasons;
    const tags = contradictionOf(left.problem, budget.share(0.5));
    if (tags.some(({ type }) => type === 'disk' || type === 'memory')) return reasons;
    reasons.push({ problem: left.problem, tags });
  }
  return reasons;
}

/** Null when what was named cannot be left out. */
export function without(input: ProblemInput, tags: readonly ConstraintTag[]): ProblemInput | null {
  if (tags.some(({ type }) => type === 'disk' || type === 'memory')) return null;
  const hollow = tags.filter((tag) => tag.type !== 'request' && tag.type !== 'one-version');
  if (hollow.length === 0) {
    // Nothing but what was requested stands against itself.
    const asked = tags.flatMap((tag) => (tag.type === 'request' ? [tag.request] : []));
    return { ...input, requests: input.requests.filter((request) => !asked.includes(request)) };
  }
  return { ...input, ignored: new Set([...(input.ignored ?? []), ...hollow.map(tagKey)]) };
}
