import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { SlotRange } from '../../domain/delivery/slot-set.js';
import {
  coordinatorQueue,
  workflowIds,
  workflowTypes,
  type RolloutInput,
} from '../../domain/orchestration.js';
import { attributeKeys } from '../attributes.js';
import { acknowledgeSignal, cancelSignal, shareReleasedSignal } from '../signals.js';
import { TemporalLink } from './temporal-link.js';

/** Starts, cancels and wakes the workflows of rollouts. */
export class RolloutClient {
  constructor(private readonly link: TemporalLink) {}

  static connect(address: string, namespace: string): RolloutClient {
    return new RolloutClient(new TemporalLink(address, namespace));
  }

  /**
   * Starts the workflow of a rollout; done again, it changes nothing.
   * @throws LeonoreError TEMPORAL_UNAVAILABLE
   */
  async start(input: RolloutInput): Promise<void> {
    try {
      await this.link.bounded(() =>
        this.link.workflow.start(workflowTypes.rollout, {
          workflowId: workflowIds.rollout(input.rolloutId),
          taskQueue: coordinatorQueue,
          args: [input],
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          staticSummary: `${input.artifacts} to ${input.deployment}`,
          typedSearchAttributes: [
            { key: attributeKeys.rollout, value: input.rolloutId },
            { key: attributeKeys.artifact, value: input.artifacts },
            { key: attributeKeys.deployment, value: input.deployment },
            { key: attributeKeys.state, value: 'running' },
          ],
        }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }

  /** @throws LeonoreError TEMPORAL_UNAVAILABLE */
  async cancel(rolloutId: string): Promise<void> {
    await this.link.signalIfRunning(() =>
      this.link.workflow.getHandle(workflowIds.rollout(rolloutId)).signal(cancelSignal),
    );
  }

  /** Wakes the workflow of a chunk. @throws LeonoreError TEMPORAL_UNAVAILABLE */
  async acknowledge(rolloutId: string, chunk: number, slots: readonly SlotRange[]): Promise<void> {
    const handle = this.link.workflow.getHandle(workflowIds.deliverChunk(rolloutId, chunk));
    await this.link.signalIfRunning(() => handle.signal(acknowledgeSignal, { slots }));
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

  close(): Promise<void> {
    return this.link.close();
  }
}
