import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor, Next, ActivityExecuteInput } from '@temporalio/worker';
import { LeonoreError } from '../domain/errors.js';

/**
 * One of the two places where errors change their form: what an activity throws becomes an ApplicationFailure whose
 * type is the stable code, so that workflows and the Temporal UI can tell failures apart.
 */
export function toApplicationFailure(error: unknown): unknown {
  if (!(error instanceof LeonoreError)) return error;
  return ApplicationFailure.create({
    type: error.code,
    message: error.message,
    nonRetryable: !error.retryable,
    details: [error.details],
    ...(error.cause instanceof Error ? { cause: error.cause } : {}),
  });
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
      throw toApplicationFailure(error);
    }
  }
}
