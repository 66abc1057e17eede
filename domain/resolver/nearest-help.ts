/**
 * The nearest change that would make a request possible. Each is tried: a problem with the change in it is solved, and
 * only what works is said. Changes go from the least to the most that somebody has to do (changes.ts). Where several
 * reasons stand against a request, one change is looked for against each, and all of them together are tried.
 */
import { shares, type Budget } from './budget.js';
import { changesAgainst, type Change } from './changes.js';
import { without, type Reason } from './independent-reasons.js';
import type { ProblemInput } from './problem.js';
import { solveOnce, type Attempt } from './solve-once.js';

/** What would help, or that nothing was found that does. */
export function nearestHelp(input: ProblemInput, reasons: readonly Reason[], budget: Budget): string {
  const changes: Change[] = [];
  for (const reason of reasons) {
    const base = withoutOthers(input, reason, reasons);
    const change = base === null ? null : firstThatWorks(base, reason, changes, budget);
    if (change === null) return nothing(budget);
    changes.push(change);
  }
  const [first, ...others] = changes;
  const known = others.length === 0 ? first?.known : undefined;
  const solved = known ?? tried(applied(input, changes), budget);
  if (solved.outcome !== 'solved') return nothing(budget);
  const texts = changes.map((change) => change.text(solved));
  if (!texts.every((text) => text !== null)) return nothing(budget);
  return [...new Set(texts)].join('; and ');
}

function nothing(budget: Budget): string {
  return budget.isOver
    ? 'none was found in the time there was'
    : 'none was found; no single change that was tried makes it possible';
}

function tried(input: ProblemInput, budget: Budget): Attempt {
  return solveOnce(input, budget.share(shares.step), (costs) => costs.requests);
}

function applied(input: ProblemInput, changes: readonly Change[]): ProblemInput {
  return changes.reduce((before, change) => change.apply(before), input);
}

function firstThatWorks(
  input: ProblemInput,
  reason: Reason,
  others: readonly Change[],
  budget: Budget,
): Change | null {
  for (const change of changesAgainst(input, reason, budget)) {
    if (budget.isOver) return null;
    // To ask for nothing is no help.
    if (applied(input, [...others, change]).requests.length === 0) continue;
    const solved = change.known ?? tried(change.apply(input), budget);
    if (solved.outcome === 'solved' && change.text(solved) !== null) return change;
  }
  return null;
}

/** The problem as if this were the only reason; null when the others cannot be left out. */
function withoutOthers(input: ProblemInput, reason: Reason, reasons: readonly Reason[]): ProblemInput | null {
  let left: ProblemInput | null = input;
  for (const other of reasons) if (other !== reason && left !== null) left = without(left, other.tags);
  return left;
}
