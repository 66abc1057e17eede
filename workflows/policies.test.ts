import { describe, expect, test } from '@jest/globals';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  RetryState,
  TimeoutFailure,
  TimeoutType,
} from '@temporalio/common';
import { describeFailure, nodeIsSuspect } from './policies.js';

/** As a workflow sees what became of an activity. */
function activityFailure(cause?: Error): ActivityFailure {
  return new ActivityFailure(
    'Activity task failed',
    'buildPackages',
    '1',
    RetryState.MAXIMUM_ATTEMPTS_REACHED,
    'node-1',
    cause,
  );
}

describe('a node is suspect', () => {
  test.each([
    ['it took no work', TimeoutType.SCHEDULE_TO_START, true],
    ['it fell silent at its work', TimeoutType.HEARTBEAT, true],
    ['its work took too long', TimeoutType.START_TO_CLOSE, false],
    ['all attempts together took too long', TimeoutType.SCHEDULE_TO_CLOSE, false],
  ])('when %s: %s is %s', (_what, type, expected) => {
    expect(nodeIsSuspect(activityFailure(new TimeoutFailure('timed out', undefined, type)))).toBe(expected);
  });

  test('by the failure of an activity only', () => {
    const silent = new TimeoutFailure('timed out', undefined, TimeoutType.HEARTBEAT);
    expect(nodeIsSuspect(silent)).toBe(false);
    expect(nodeIsSuspect(activityFailure(new CancelledFailure('cancelled')))).toBe(false);
    expect(nodeIsSuspect(activityFailure(ApplicationFailure.create({ message: 'no', cause: silent })))).toBe(
      false,
    );
    expect(nodeIsSuspect(activityFailure())).toBe(false);
    expect(nodeIsSuspect(undefined)).toBe(false);
  });
});

describe('a failure is recorded', () => {
  const full = ApplicationFailure.nonRetryable('the store is full', 'STORE_FULL');

  test.each([
    ['with its code, when an activity gave it', activityFailure(full), 'STORE_FULL', 'the store is full'],
    ['with its code, when the workflow gave it', full, 'STORE_FULL', 'the store is full'],
    ['as internal, when it has no code', new ApplicationFailure('odd'), 'INTERNAL', 'odd'],
    [
      'in the words of its root cause, when it is of no such kind',
      activityFailure(new TimeoutFailure('heartbeat timeout', undefined, TimeoutType.HEARTBEAT)),
      'INTERNAL',
      'heartbeat timeout',
    ],
    ['in its own words, when it is an error', new Error('boom'), 'INTERNAL', 'boom'],
    ['in its own words, when it is none', 'boom', 'INTERNAL', 'boom'],
  ])('%s', (_what, failure, code, message) => {
    expect(describeFailure(failure)).toEqual({ code, message });
  });
});
