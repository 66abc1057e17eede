import { errorClasses, type ErrorClass } from './error-class.js';
import type { ErrorCounts, PhaseFacts } from './facts.js';
import { isRetried } from './retry.js';
import { exceedsShare } from './share.js';
import type { ErrorBudget, Retries } from './strategy.js';
import { counted } from '../units.js';

/** Members of a phase whose failure is their last: no retry of theirs is left. What succeeded and is not well is `health`. */
export function finalFailures(phase: PhaseFacts, retries: Retries | undefined): ErrorCounts {
  const counts: Partial<Record<ErrorClass, number>> = {};
  const add = (errorClass: ErrorClass, members: number) => {
    if (members > 0) counts[errorClass] = (counts[errorClass] ?? 0) + members;
  };
  for (const group of phase.failed) if (!isRetried(retries, group)) add(group.errorClass, group.members);
  add('health', phase.unhealthy);
  return counts;
}

/** What is left of failures without those that somebody accepted. */
export function withoutForgiven(failures: ErrorCounts, forgiven: ErrorCounts | undefined): ErrorCounts {
  return Object.fromEntries(
    errorClasses.flatMap((name) => {
      const left = (failures[name] ?? 0) - (forgiven?.[name] ?? 0);
      return left > 0 ? [[name, left]] : [];
    }),
  );
}

export function sumOf(counts: ErrorCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** What the budget is held against. */
export interface BudgetSpent {
  /** Failures of the phase under way. */
  readonly inPhase: ErrorCounts;
  /** Members of the phase under way that have ended, these failures among them. */
  readonly endedInPhase: number;
  /** Failures of all phases. */
  readonly inCampaign: ErrorCounts;
}

/** Why the budget is used up, in words; null while it is not. What is exactly at a threshold is still within it. */
export function breachOf(budget: ErrorBudget, spent: BudgetSpent): string | null {
  const whole = breachOfThresholds(budget, '', sumOf(spent.inPhase), sumOf(spent.inCampaign), budget, spent);
  if (whole !== null) return whole;
  for (const name of errorClasses) {
    const thresholds = budget.classes?.[name];
    if (thresholds === undefined) continue;
    const [inPhase, inCampaign] = [spent.inPhase[name] ?? 0, spent.inCampaign[name] ?? 0];
    const breach = breachOfThresholds(thresholds, ` (${name})`, inPhase, inCampaign, budget, spent);
    if (breach !== null) return breach;
  }
  return null;
}

function breachOfThresholds(
  { share, count }: { share?: number; count?: number },
  of: string,
  inPhase: number,
  inCampaign: number,
  { minimumSample = 1 }: ErrorBudget,
  { endedInPhase }: BudgetSpent,
): string | null {
  if (count !== undefined && inCampaign > count) {
    return `${counted(inCampaign, 'gateway')}${of} of the campaign failed; ${count} may`;
  }
  if (share === undefined || endedInPhase < minimumSample) return null;
  if (!exceedsShare(inPhase, share, endedInPhase)) return null;
  return `${inPhase} of ${counted(endedInPhase, 'gateway')}${of} of the phase failed; the budget is a share of ${share}`;
}
