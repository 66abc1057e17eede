import type { PhaseFacts } from './facts.js';

/** The last phase that has begun, the first when none has. That one has begun means that the ones before have passed. */
export function phaseUnderWay(phases: readonly Pick<PhaseFacts, 'startedAtMs'>[]): number {
  return Math.max(
    0,
    phases.findLastIndex(({ startedAtMs }) => startedAtMs !== null),
  );
}
