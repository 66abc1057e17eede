/**
 * How activities are timed and retried, and what happens when a node falls out. One place, each with its reason.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  proxyActivities,
  rootCause,
  TimeoutFailure,
} from '@temporalio/workflow';
import { TimeoutType } from '@temporalio/common';
import { coordinatorQueue, nodeQueue } from '../domain/orchestration.js';
import { stepTitle, type Step } from '../domain/rollout/steps.js';
import type { CoordinatorActivities, NodeActivities } from './activity-types.js';

/** Grows to a minute and goes on for about half an hour: PostgreSQL may be away that long without failing a rollout. */
const retry = {
  initialInterval: '500 milliseconds',
  backoffCoefficient: 2,
  maximumInterval: '1 minute',
  maximumAttempts: 40,
} as const;

/** Activities of the coordinator, shown in the UI under the step that they belong to. */
export function onCoordinator(
  step: Step,
  startToCloseTimeout: '5 minutes' | '30 minutes' = '5 minutes',
): CoordinatorActivities {
  return proxyActivities<CoordinatorActivities>({
    taskQueue: coordinatorQueue,
    startToCloseTimeout,
    heartbeatTimeout: '30 seconds',
    retry,
    summary: stepTitle(step),
  });
}

/**
 * Activities of one node. A node that takes no work for ten seconds, or falls silent while it works, is suspected to
 * be gone: the failure reaches the workflow, which asks the coordinator (see nodeIsSuspect).
 */
export function onNode(nodeId: string, step: Step): NodeActivities {
  return proxyActivities<NodeActivities>({
    taskQueue: nodeQueue(nodeId),
    scheduleToStartTimeout: '10 seconds',
    startToCloseTimeout: '30 minutes',
    heartbeatTimeout: '10 seconds',
    retry: { ...retry, maximumAttempts: 5, maximumInterval: '5 seconds' },
    summary: `${stepTitle(step)} — ${nodeId}`,
  });
}

/** True when an activity failed because its node did not take it, or fell silent. */
export function nodeIsSuspect(error: unknown): boolean {
  if (!(error instanceof ActivityFailure)) return false;
  const cause = error.cause;
  return (
    cause instanceof TimeoutFailure &&
    (cause.timeoutType === TimeoutType.SCHEDULE_TO_START || cause.timeoutType === TimeoutType.HEARTBEAT)
  );
}

/** What a failure is to be recorded as: its stable code and its message. */
export function describeFailure(error: unknown): { code: string; message: string } {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) return { code: cause.type ?? 'INTERNAL', message: cause.message };
  return { code: 'INTERNAL', message: rootCause(error) ?? String(error) };
}
