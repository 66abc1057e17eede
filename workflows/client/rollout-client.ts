import type { SlotRange } from '../../domain/delivery/slot-set.js';
import {
  rolloutIdOf,
  summaryText,
  workflowIds,
  workflowTypes,
  type RolloutInput,
} from '../../domain/orchestration.js';
import { attributeKeys, rolloutAttributes } from '../attributes.js';
import { acknowledgeSignal, cancelSignal, shareReleasedSignal } from '../signals.js';
import type { TemporalLink } from './temporal-link.js';
import {
  runningOf,
  standingOf,
  startIfNotRunning,
  terminateIfRunning,
  type FoundWorkflow,
  type WorkflowStanding,
} from './workflow-starts.js';

/** A workflow that runs for a rollout. */
export interface RunningWorkflow extends FoundWorkflow {
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
    await startIfNotRunning(this.link, workflowTypes.rollout, {
      workflowId: workflowIds.rollout(input.rolloutId),
      args: [input],
      staticSummary: summaryText(`${input.artifacts} to ${input.deployment}`),
      typedSearchAttributes: [...rolloutAttributes(input), { key: attributeKeys.state, value: 'running' }],
    });
  }

  /** @throws LeonoreError TEMPORAL_UNAVAILABLE */
  standing(rolloutId: string): Promise<WorkflowStanding> {
    return standingOf(this.link, workflowIds.rollout(rolloutId));
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
  terminate(workflowId: string, reason: string): Promise<void> {
    return terminateIfRunning(this.link, workflowId, reason);
  }

  /**
   * Workflows that run for rollouts, some of them.
   * @param startedBefore younger ones are left out: their rollouts may be about to be seen
   * @throws LeonoreError TEMPORAL_UNAVAILABLE
   */
  running(most: number, startedBefore: Date): Promise<RunningWorkflow[]> {
    const types = [workflowTypes.rollout, workflowTypes.nodeShare, workflowTypes.deliverChunk];
    return runningOf(this.link, types, { most, startedBefore }, ({ workflowId, runId }) => {
      const rolloutId = rolloutIdOf(workflowId);
      return rolloutId === null ? null : { workflowId, runId, rolloutId };
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
