/**
 * How activities are timed and retried, what is waited for, and what happens when a node falls out. One place, each with
 * its reason.
 *
 * Failures are of three kinds. What is away (database, blob store, every node: `awaited` in domain/errors.ts) is waited
 * for, with jitter, until the rollout is given up. What would fail again (a code that is not retryable) ends what it
 * concerns at once. What nobody foresaw is tried some times more.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  proxyActivities,
  rootCause,
  sleep,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/workflow';
import { TimeoutType } from '@temporalio/common';
import { awaitedBy } from '../domain/error-kinds.js';
import { coordinatorQueue, nodeQueues, type NodeQueue } from '../domain/orchestration.js';
import { stepTitle, type Step } from '../domain/rollout/steps.js';
import type {
  BuildActivities,
  CoordinatorActivities,
  DispatchActivities,
  PlanActivities,
} from './activity-types.js';

/** How often an activity is tried, and what lies between two tries at most. The tries themselves leave no events. */
export interface Tries {
  readonly attempts: number;
  readonly longestRestMs: number;
}

/** A few tries at once; what is still away then is waited for by the workflow, which says so. */
const firstTries: Tries = { attempts: 5, longestRestMs: 5_000 };
/** While something stays away tries become many and rare: a month of waiting is some hundred events. */
const mostAttempts = 240;
const longestRestMs = 5 * 60_000;

/** Between two activities while something is away: doubled each time, with jitter. */
const firstWaitMs = 2_000;
const longestWaitMs = 60_000;

/** @param leftMs until it is given up: no series of tries goes beyond that */
function triesAfter(waits: number, leftMs: number): Tries {
  const restMs = Math.min(firstTries.longestRestMs * 2 ** waits, longestRestMs);
  const within = Math.max(1, Math.floor(leftMs / restMs));
  return {
    attempts: Math.min(firstTries.attempts * 2 ** waits, mostAttempts, within),
    longestRestMs: restMs,
  };
}

/** How an activity is tried again. */
export function retryOf(tries: Tries) {
  return {
    initialInterval: 500,
    backoffCoefficient: 2,
    maximumInterval: tries.longestRestMs,
    maximumAttempts: tries.attempts,
  };
}

/** Activities of the coordinator, shown in the UI under the step that they belong to. */
export function onCoordinator(
  step: Step,
  tries: Tries,
  startToCloseTimeout: '5 minutes' | '30 minutes' = '5 minutes',
): CoordinatorActivities {
  return proxyActivities<CoordinatorActivities>({
    taskQueue: coordinatorQueue,
    startToCloseTimeout,
    heartbeatTimeout: '30 seconds',
    retry: retryOf(tries),
    summary: stepTitle(step),
  });
}

interface OnNode {
  readonly plan: PlanActivities;
  readonly build: BuildActivities;
  readonly dispatch: DispatchActivities;
}

/** How a node is asked to work. */
export interface Asking {
  /** How often it was asked after in vain already. */
  readonly asked: number;
  readonly tries: Tries;
}

/** A node that takes no work for so long is asked after; each time it turns out to be busy, twice as late. */
const firstUnansweredMs = 10_000;
const longestUnansweredMs = 120_000;

/**
 * Activities of one node. When it takes no work, or falls silent while it works, the failure reaches the workflow, which
 * asks the coordinator whether the node's lease holds (see suspicionOf): a busy node is waited for.
 */
export function onNode<Queue extends NodeQueue>(
  queue: Queue,
  nodeId: string,
  step: Step,
  { asked, tries }: Asking,
): OnNode[Queue] {
  return proxyActivities<PlanActivities & BuildActivities & DispatchActivities>({
    taskQueue: nodeQueues[queue](nodeId),
    scheduleToStartTimeout: Math.min(firstUnansweredMs * 2 ** asked, longestUnansweredMs),
    startToCloseTimeout: '30 minutes',
    heartbeatTimeout: '10 seconds',
    // A node that fell silent at it is asked after before anybody is handed the same again.
    retry: { ...retryOf(tries), nonRetryableErrorTypes: ['TemporalTimeout:Heartbeat'] },
    summary: `${stepTitle(step)} — ${nodeId}`,
  });
}

/** Why a node is asked after: it did not take its work, or fell silent while it worked. Null: it answered. */
export function suspicionOf(error: unknown): 'unanswered' | 'silent' | null {
  if (!(error instanceof ActivityFailure) || !(error.cause instanceof TimeoutFailure)) return null;
  if (isTimeout(error.cause, TimeoutType.HEARTBEAT)) return 'silent';
  // It fell silent, and did not take the next try either.
  if (isTimeout(error.cause.cause, TimeoutType.HEARTBEAT)) return 'silent';
  return isTimeout(error.cause, TimeoutType.SCHEDULE_TO_START) ? 'unanswered' : null;
}

function isTimeout(error: unknown, type: TimeoutType): boolean {
  return error instanceof TimeoutFailure && error.timeoutType === type;
}

/** What a failure says is away, in words; null when it says something else. */
export function awaitedIn(error: unknown): string | null {
  if (!(error instanceof ActivityFailure)) return null;
  if (error.cause instanceof ApplicationFailure) return awaitedBy(error.cause.type ?? '');
  // Tried again and again by the server, on whichever coordinator is there: none has been.
  return error.cause instanceof TimeoutFailure && suspicionOf(error) !== 'unanswered' ? 'an answer' : null;
}

/** Whom a wait is told to, and how long it may last. */
export interface Patience {
  readonly giveUpAtMs: number;
  /** Told what is away, and null when it is back; fails never. */
  waiting(what: string | null): void | Promise<void>;
}

/**
 * Does what may meet something that is away, and again when it is back.
 * @param work told how often its activity is to be tried
 * @throws the last failure when it is still away at the time to give up, and every failure of another kind
 */
export async function patiently<T>(patience: Patience, work: (tries: Tries) => Promise<T>): Promise<T> {
  for (let waits = 0; ; waits += 1) {
    try {
      const result = await work(triesAfter(waits, patience.giveUpAtMs - Date.now()));
      if (waits > 0) await patience.waiting(null);
      return result;
    } catch (error) {
      const away = awaitedIn(error);
      const waitMs = Math.min(firstWaitMs * 2 ** waits, longestWaitMs) * (0.5 + Math.random());
      if (away === null || Date.now() + waitMs >= patience.giveUpAtMs) throw error;
      await patience.waiting(away);
      await sleep(waitMs, { summary: `waiting for ${away}` });
    }
  }
}

/** True when a child ended because somebody ended it in Temporal, not by what it does: the database says how to go on. */
export function wasEndedFromOutside(error: unknown): boolean {
  if (!(error instanceof ChildWorkflowFailure)) return false;
  const { cause } = error;
  return (
    cause instanceof TerminatedFailure || cause instanceof CancelledFailure || cause instanceof TimeoutFailure
  );
}

/** What a failure is to be recorded as: its stable code and its message. */
export function describeFailure(error: unknown): { code: string; message: string } {
  let cause: unknown = error;
  while (cause instanceof ActivityFailure || cause instanceof ChildWorkflowFailure) cause = cause.cause;
  if (cause instanceof ApplicationFailure) return { code: cause.type ?? 'INTERNAL', message: cause.message };
  return { code: 'INTERNAL', message: rootCause(error) ?? String(error) };
}
