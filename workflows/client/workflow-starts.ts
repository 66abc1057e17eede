import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type WorkflowStartOptions,
} from '@temporalio/client';
import { LeonoreError } from '../../domain/errors.js';
import { coordinatorQueue, workflowLayout } from '../../domain/orchestration.js';
import type { TemporalLink } from './temporal-link.js';

/** How a workflow stands; `outdated`: it was begun by a release whose workflows were others. */
export type WorkflowStanding =
  { readonly is: 'running' | 'outdated'; readonly runId: string } | { readonly is: 'not running' };

/**
 * Starts a workflow of the coordinator that the database says is to run; one that runs is left alone.
 * @throws LeonoreError TEMPORAL_UNAVAILABLE; INTERNAL when Temporal refuses it
 */
export async function startIfNotRunning(
  link: TemporalLink,
  type: string,
  options: Omit<WorkflowStartOptions, 'taskQueue' | 'memo'>,
): Promise<void> {
  try {
    await link.bounded(() =>
      link.workflow.start(type, {
        ...options,
        taskQueue: coordinatorQueue,
        memo: { layout: workflowLayout },
      }),
    );
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return;
    if (error instanceof LeonoreError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new LeonoreError('INTERNAL', `Temporal does not take the ${type}: ${reason}`, {}, { cause: error });
  }
}

/** @throws LeonoreError TEMPORAL_UNAVAILABLE */
export async function standingOf(link: TemporalLink, workflowId: string): Promise<WorkflowStanding> {
  try {
    const { status, memo, runId } = await link.bounded(() => link.workflow.getHandle(workflowId).describe());
    if (status.name !== 'RUNNING') return { is: 'not running' };
    return { is: memo?.['layout'] === workflowLayout ? 'running' : 'outdated', runId };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { is: 'not running' };
    throw error;
  }
}

/** A workflow that runs. */
export interface FoundWorkflow {
  readonly workflowId: string;
  readonly runId: string;
}

/**
 * Workflows of these types that run, some of them, as far as they are of interest.
 * @param startedBefore younger ones are left out: what they are for may be about to be seen
 * @param read what is told of one; null: it is left out, and does not count
 * @throws LeonoreError TEMPORAL_UNAVAILABLE
 */
export async function runningOf<Found>(
  link: TemporalLink,
  types: readonly string[],
  { most, startedBefore }: { readonly most: number; readonly startedBefore: Date },
  read: (workflow: FoundWorkflow) => Found | null,
): Promise<Found[]> {
  const query = `ExecutionStatus = 'Running' AND WorkflowType IN (${types.map((type) => `'${type}'`).join(', ')}) AND StartTime < '${startedBefore.toISOString()}'`;
  return link.bounded(async () => {
    const found: Found[] = [];
    for await (const workflow of link.workflow.list({ query, pageSize: Math.min(most, 500) })) {
      const one = read(workflow);
      if (one !== null) found.push(one);
      if (found.length >= most) break;
    }
    return found;
  });
}

/** Ends a workflow and its children at once. @throws LeonoreError TEMPORAL_UNAVAILABLE */
export async function terminateIfRunning(
  link: TemporalLink,
  workflowId: string,
  reason: string,
): Promise<void> {
  await link.signalIfRunning(async () => {
    await link.workflow.getHandle(workflowId).terminate(reason);
  });
}
