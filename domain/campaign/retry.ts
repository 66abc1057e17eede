import type { ErrorClass } from './error-class.js';
import type { FailedGroup, PhaseFacts } from './facts.js';
import { hashFraction } from './hash-fraction.js';
import type { Retries } from './strategy.js';

/** Between two rollouts of a phase for the same cause there is as much time, so that a trickle does not make many. */
export const waveSpacingMs = 10 * 60_000;

/** How much a delay may be shortened by chance, so that what failed together does not come back together. */
const jitterShare = 0.25;

/** Whether members that failed so are tried again by themselves. */
export function isRetried(
  retries: Retries | undefined,
  group: { errorClass: ErrorClass; attempts: number },
): boolean {
  if (retries === undefined || group.attempts > retries.most) return false;
  return (retries.classes as readonly ErrorClass[]).includes(group.errorClass);
}

/**
 * How long after a failed attempt the next one comes, in ms: it grows by the factor up to the longest, and is shortened by
 * up to a quarter.
 * @param attempts deliveries so far, from 1
 * @param seed what the jitter is drawn from
 */
export function retryDelayMs(retries: Retries, attempts: number, seed: string): number {
  const grown = retries.firstDelaySeconds * retries.factor ** (attempts - 1);
  const seconds = Math.min(grown, retries.longestDelaySeconds);
  return Math.round(seconds * 1_000 * (1 - jitterShare * hashFraction(`${seed} ${attempts}`)));
}

export interface DueRetry {
  readonly group: FailedGroup;
  readonly dueAtMs: number;
  readonly delayMs: number;
}

/** The retry of a phase that comes next, whether it is due or not; null when there is none to come. */
export function nextRetry(retries: Retries | undefined, phase: PhaseFacts, seed: string): DueRetry | null {
  if (retries === undefined) return null;
  const due = phase.failed
    .filter((group) => group.members > 0 && isRetried(retries, group))
    .map((group) => {
      const delayMs = retryDelayMs(retries, group.attempts, `${seed} ${group.errorClass}`);
      // What fails one after the other is gathered, unless nothing more can come.
      const spaced =
        phase.lastRetryAtMs === null || phase.open === 0 ? 0 : phase.lastRetryAtMs + waveSpacingMs;
      return { group, delayMs, dueAtMs: Math.max(group.firstEndedAtMs + delayMs, spaced) };
    });
  return due.reduce<DueRetry | null>(
    (soonest, retry) => (soonest === null || retry.dueAtMs < soonest.dueAtMs ? retry : soonest),
    null,
  );
}
