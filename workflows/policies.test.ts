import { describe, expect, test } from '@jest/globals';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  RetryState,
  TerminatedFailure,
  TimeoutFailure,
  TimeoutType,
} from '@temporalio/common';
import { awaitedIn, describeFailure, suspicionOf, wasEndedFromOutside } from './policies.js';

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

describe('a node is asked after', () => {
  test.each([
    ['it took no work', TimeoutType.SCHEDULE_TO_START, 'unanswered'],
    ['it fell silent at its work', TimeoutType.HEARTBEAT, 'silent'],
    ['its work took too long', TimeoutType.START_TO_CLOSE, null],
    ['all attempts together took too long', TimeoutType.SCHEDULE_TO_CLOSE, null],
  ])('when %s: %s is %s', (_what, type, expected) => {
    expect(suspicionOf(activityFailure(new TimeoutFailure('timed out', undefined, type)))).toBe(expected);
  });

  test('as silent, when it fell silent and did not take the next try either', () => {
    const timeout = new TimeoutFailure('timed out', undefined, TimeoutType.SCHEDULE_TO_START);
    Object.assign(timeout, { cause: new TimeoutFailure('silent', undefined, TimeoutType.HEARTBEAT) });
    expect(suspicionOf(activityFailure(timeout))).toBe('silent');
  });

  test('by the failure of an activity only', () => {
    const silent = new TimeoutFailure('timed out', undefined, TimeoutType.HEARTBEAT);
    expect(suspicionOf(silent)).toBeNull();
    expect(suspicionOf(activityFailure(new CancelledFailure('cancelled')))).toBeNull();
    expect(
      suspicionOf(activityFailure(ApplicationFailure.create({ message: 'no', cause: silent }))),
    ).toBeNull();
    expect(suspicionOf(activityFailure())).toBeNull();
    expect(suspicionOf(undefined)).toBeNull();
  });
});

describe('what is away is waited for', () => {
  test.each([
    ['DATABASE_UNAVAILABLE', 'PostgreSQL'],
    ['BLOBS_UNAVAILABLE', 'the blob store'],
    ['NO_NODE', 'a node'],
    ['BUILD_FAILED', null],
    ['INTERNAL', null],
    ['of no code of ours', null],
  ])('%s: %s', (code, what) => {
    expect(awaitedIn(activityFailure(ApplicationFailure.create({ type: code })))).toBe(what);
  });

  test('when a coordinator fell silent, another answers; a node that took no work is another matter', () => {
    const timedOut = (type: TimeoutType) => activityFailure(new TimeoutFailure('timed out', undefined, type));
    expect(awaitedIn(timedOut(TimeoutType.HEARTBEAT))).toBe('an answer');
    expect(awaitedIn(timedOut(TimeoutType.SCHEDULE_TO_START))).toBeNull();
    expect(awaitedIn(new Error('boom'))).toBeNull();
  });
});

test('a child that somebody ended in Temporal has not failed', () => {
  const child = (cause: Error) =>
    new ChildWorkflowFailure(
      'default',
      { workflowId: 'w', runId: 'r' },
      'nodeShare',
      RetryState.NON_RETRYABLE_FAILURE,
      cause,
    );
  expect(wasEndedFromOutside(child(new TerminatedFailure('Terminated')))).toBe(true);
  expect(wasEndedFromOutside(child(new CancelledFailure('Cancelled')))).toBe(true);
  expect(wasEndedFromOutside(child(ApplicationFailure.create({ type: 'INTERNAL' })))).toBe(false);
  expect(wasEndedFromOutside(new TerminatedFailure('Terminated'))).toBe(false);
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
