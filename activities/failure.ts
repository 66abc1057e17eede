import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor, Next, ActivityExecuteInput } from '@temporalio/worker';
import { LeonoreError } from '../domain/errors.js';

/** Tries of an activity that fails in a way that nobody foresaw. */
const triesOfTheUnforeseen = 3;
/** Characters of a message that travel with a failure: it becomes part of a workflow's history. */
const messageCharacters = 2_000;

/**
 * One of the two places where errors change their form: what an activity throws becomes an ApplicationFailure whose
 * type is the stable code, so that workflows and the Temporal UI can tell failures apart.
 *
 * @param attempt of the activity, from 1
 */
export function toApplicationFailure(error: unknown, attempt: number): unknown {
  if (error instanceof ApplicationFailure || isCancellation(error)) return error;
  const message = (error instanceof Error ? error.message : String(error)).slice(0, messageCharacters);
  const cause = error instanceof Error && error.cause instanceof Error ? { cause: error.cause } : {};
  if (!(error instanceof LeonoreError)) {
    const nonRetryable = attempt >= triesOfTheUnforeseen;
    return ApplicationFailure.create({
      type: 'INTERNAL',
      message,
      nonRetryable,
      ...(error instanceof Error ? { cause: error } : {}),
    });
  }
  return ApplicationFailure.create({
    type: error.code,
    message,
    nonRetryable: !error.retryable,
    details: [error.details],
    ...cause,
  });
}

/** An activity that is told to stop says so by throwing what it was told. */
function isCancellation(error: unknown): boolean {
  return error instanceof Error && (error.name === 'CancelledFailure' || error.name === 'AbortError');
}

/** Applies {@link toApplicationFailure} to every activity of a worker. */
export class FailureInterceptor implements ActivityInboundCallsInterceptor {
  async execute(
    input: ActivityExecuteInput,
    next: Next<ActivityInboundCallsInterceptor, 'execute'>,
  ): Promise<unknown> {
    try {
      return await next(input);
    } catch (error) {
      throw toApplicationFailure(error, activityInfo().attempt);
    }
  }
}
