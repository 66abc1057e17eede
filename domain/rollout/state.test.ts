import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  emptyCounts,
  endedRolloutStates,
  isRolloutEnded,
  rolloutOutcome,
  RolloutState,
  type DeliveryCounts,
} from './state.js';

const counts = (some: Partial<DeliveryCounts>): DeliveryCounts => ({ ...emptyCounts(), ...some });

describe('what a rollout came to', () => {
  test.each([
    ['every delivery succeeded', { succeeded: 3 }, false, 'succeeded'],
    ['every delivery succeeded before it was cancelled', { succeeded: 3 }, true, 'succeeded'],
    ['some did', { succeeded: 1, failed: 1 }, false, 'partly'],
    ['none did', { lost: 1, incompatible: 1 }, false, 'failed'],
    ['newer work took the place of all', { superseded: 3 }, false, 'superseded'],
    ['newer work took the place of some', { superseded: 2, succeeded: 1 }, false, 'partly'],
    ['newer work took the place of some, and none succeeded', { superseded: 2, failed: 1 }, false, 'failed'],
    ['there were none', {}, false, 'failed'],
    ['there were none when it was cancelled', {}, true, 'cancelled'],
    ['some did before it was cancelled', { succeeded: 2, cancelled: 1 }, true, 'cancelled'],
    ['none did before it was cancelled', { cancelled: 3 }, true, 'cancelled'],
  ])('%s', (_what, some, wasCancelled, outcome) => {
    expect(rolloutOutcome(counts(some), wasCancelled)).toBe(outcome);
  });

  test('is an end, and a success only without any other delivery', () => {
    const some = fc.record(
      Object.fromEntries(Object.keys(emptyCounts()).map((state) => [state, fc.nat(3)])),
    ) as fc.Arbitrary<DeliveryCounts>;
    fc.assert(
      fc.property(some, fc.boolean(), (deliveries, wasCancelled) => {
        const outcome = rolloutOutcome(deliveries, wasCancelled);
        expect(isRolloutEnded(outcome)).toBe(true);
        const others = Object.entries(deliveries).some(
          ([state, count]) => state !== 'succeeded' && count > 0,
        );
        expect(outcome === 'succeeded').toBe(deliveries.succeeded > 0 && !others);
      }),
    );
  });
});

test('a rollout that is wanted, runs or is being cancelled has not ended', () => {
  const open = Object.values(RolloutState).filter((state) => !isRolloutEnded(state));
  expect(open).toEqual(['requested', 'running', 'cancelling']);
  expect(endedRolloutStates).toEqual(['succeeded', 'partly', 'failed', 'cancelled', 'superseded']);
});
