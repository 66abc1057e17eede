import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import type { SlotRange } from '../../domain/delivery/slot-set.js';
import { LeonoreError } from '../../domain/errors.js';
import {
  coordinatorQueue,
  rolloutIdOf,
  summaryText,
  workflowIds,
  workflowLayout,
  workflowTypes,
  type RolloutInput,
} from '../../domain/orchestration.js';
import { attributeKeys, rolloutAttributes } from '../attributes.js';
import { acknowledgeSignal, cancelSignal, shareReleasedSignal } from '../signals.js';
import type { TemporalLink } from './temporal-link.js';

/** How the workflow of a rollout stands; `outdated`: it was begun by a release whose workflows were others. */
export type WorkflowStanding =
  { readonly is: 'running' | 'outdated'; readonly runId: string } | { readonly is: 'not running' };

/** A workflow that runs for a rollout. */
export interface RunningWorkflow {
  readonly workflowId: string;
  readonly runId: string;
  readonly rolloutId: string;
}

/** Starts, cancels, wakes and compares the workflows of rollouts. */
export class RolloutClient {
  constructor(private readonly link: TemporalLink) {}

  /**
   * Starts the workflow of a rollout, or starts it anew where the database says it is; one that runs is left alone.
   * @throws LeonoreError TEMPORAL_UNAVAILABLE; INTERNAL when Temporal refuses it
   */
  async start(input: RolloutInput): Promise<void> {
    try {
      await this.link.bounded(() =>
        this.link.workflow.start(workflowTypes.rollout, {
          workflowId: workflowIds.rollout(input.rolloutId),
          taskQueue: coordinatorQueue,
          args: [input],
          memo: { layout: workflowLayout },
          staticSummary: summaryText(`${input.artifacts} to ${input.deployment}`),
          typedSearchAttributes: [
            ...rolloutAttributes(input),
            { key: attributeKeys.state, value: 'running' },
          ],
        }),
      );
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return;
      if (error instanceof LeonoreError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new LeonoreError(
        'INTERNAL',
        `Temporal does not take the rollout: ${reason}`,
        {},
        { cause: error },
      );
    }
  }

  /** @throws LeonoreError TEMPORAL_UNAVAILABLE */
  async standing(rolloutId: string): Promise<WorkflowStanding> {
    try {
      const { status, memo, runId } = await this.link.bounded(() =>
        this.link.workflow.getHandle(workflowIds.rollout(rolloutId)).describe(),
      );
      if (status.name !== 'RUNNING') return { is: 'not running' };
      return { is: memo?.['layout'] === workflowLayout ? 'running' : 'outdated', runId };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return { is: 'not running' };
      throw error;
    }
  }

  /**
   * True when somebody reset the workflow of a rollout: its history was begun by another run.
   * @throws LeonoreError TEMPORAL_UNAVAILABLE
   */
  async wasReset(rolloutId: string, runId: string): Promise<boolean> {
    const { workflowService, options } = this.link.workflow;
    const { history } = await this.link.bounded(() =>
      workflowService.getWorkflowExecutionHistory({
        namespace: options.namespace,
        execution: { workflowId: workflowIds.rollout(rolloutId), runId },
        maximumPageSize: 1,
      }),
    );
    const begun = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.originalExecutionRunId;
    return typeof begun === 'string' && begun !== '' && begun !== runId;
  }

  /** Ends a workflow and its children at once. @throws LeonoreError TEMPORAL_UNAVAILABLE */
  async terminate(workflowId: string, reason: string): Promise<void> {
    await this.link.signalIfRunning(async () => {
      await this.link.workflow.getHandle(workflowId).terminate(reason);
    });
  }

  /**
   * Workflows that run for rollouts, some of them.
   * @param startedBefore younger ones are left out: their rollouts may be about to be seen
   * @throws LeonoreError TEMPORAL_UNAVAILABLE
   */
  async running(most: number, startedBefore: Date): Promise<RunningWorkflow[]> {
    const types = [workflowTypes.rollout, workflowTypes.nodeShare, workflowTypes.deliverChunk];
    const query = `ExecutionStatus = 'Running' AND WorkflowType IN (${types.map((type) => `'${type}'`).join(', ')}) AND StartTime < '${startedBefore.toISOString()}'`;
    return this.link.bounded(async () => {
      const found: RunningWorkflow[] = [];
      for await (const { workflowId, runId } of this.link.workflow.list({
        query,
        pageSize: Math.min(most, 500),
      })) {
        const rolloutId = rolloutIdOf(workflowId);
        if (rolloutId !== null) found.push({ workflowId, runId, rolloutId });
        if (found.length >= most) break;
      }
      return found;
    });
  }

  /** @throws LeonoreError TEMPORAL_UNAVAILABLE */
  async cancel(rolloutId: string): Promise<void> {
    await this.link.signalIfRunning(() =>
      this.link.workflow.getHandle(workflowIds.rollout(rolloutId)).signal(cancelSignal),
    );
  }

  /** Wakes the workflow of a chunk; `look`: to look at the database. @throws LeonoreError TEMPORAL_UNAVAILABLE */
  async acknowledge(
    rolloutId: string,
    chunk: number,
    slots: readonly SlotRange[],
    look = false,
  ): Promise<void> {
    const handle = this.link.workflow.getHandle(workflowIds.deliverChunk(rolloutId, chunk));
    await this.link.signalIfRunning(() =>
      handle.signal(acknowledgeSignal, look ? { slots, look } : { slots }),
    );
  }

  /** A rollout has deliveries that moved to another node before they were planned: it delegates them anew. */
  async releaseShare(rolloutId: string): Promise<void> {
    const handle = this.link.workflow.getHandle(workflowIds.rollout(rolloutId));
    await this.link.signalIfRunning(() => handle.signal(shareReleasedSignal));
  }

  /** True when Temporal answers. */
  isReachable(): Promise<boolean> {
    return this.link.isReachable();
  }
}
