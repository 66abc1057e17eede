import {
  Client,
  Connection,
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { LeonoreError } from '../../domain/errors.js';
import type { SlotRange } from '../../domain/delivery/slot-set.js';
import {
  coordinatorQueue,
  workflowIds,
  workflowTypes,
  type RolloutInput,
} from '../../domain/orchestration.js';
import { attributeKeys } from '../attributes.js';
import { acknowledgeSignal, cancelSignal } from '../signals.js';

/** A server that takes longer to say that it is there counts as away. */
const reachableMs = 2_000;

/** Starts, cancels and wakes the workflows of rollouts. */
export class RolloutClient {
  private constructor(
    private readonly connection: Connection,
    private readonly client: Client,
  ) {}

  /** Connects on first use, and again after Temporal was away. */
  static connect(address: string, namespace: string): RolloutClient {
    const connection = Connection.lazy({
      address,
      connectTimeout: '5 seconds',
      // gRPC would wait up to two minutes between two tries: too long after a short absence.
      channelArgs: { 'grpc.initial_reconnect_backoff_ms': 250, 'grpc.max_reconnect_backoff_ms': 2_000 },
    });
    return new RolloutClient(connection, new Client({ connection, namespace }));
  }

  /**
   * Starts the workflow of a rollout; done again, it changes nothing.
   * @throws LeonoreError TEMPORAL_UNAVAILABLE
   */
  async start(input: RolloutInput): Promise<void> {
    try {
      await this.bounded(() =>
        this.client.workflow.start(workflowTypes.rollout, {
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
    await this.signalIfRunning(() =>
      this.client.workflow.getHandle(workflowIds.rollout(rolloutId)).signal(cancelSignal),
    );
  }

  /** Wakes the workflow of a chunk. @throws LeonoreError TEMPORAL_UNAVAILABLE */
  async acknowledge(rolloutId: string, chunk: number, slots: readonly SlotRange[]): Promise<void> {
    const handle = this.client.workflow.getHandle(workflowIds.deliverChunk(rolloutId, chunk));
    await this.signalIfRunning(() => handle.signal(acknowledgeSignal, { slots }));
  }

  /** True when Temporal answers. */
  async isReachable(): Promise<boolean> {
    try {
      await this.connection.withDeadline(Date.now() + reachableMs, () =>
        this.connection.workflowService.getSystemInfo({}),
      );
      return true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  /** A workflow that has ended needs no waking. */
  private async signalIfRunning(send: () => Promise<void>): Promise<void> {
    try {
      await this.bounded(send);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }

  private async bounded<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await this.connection.withDeadline(Date.now() + 5_000, call);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError || error instanceof WorkflowExecutionAlreadyStartedError)
        throw error;
      if (!isAway(error)) throw error;
      throw new LeonoreError('TEMPORAL_UNAVAILABLE', 'Temporal does not answer', {}, { cause: error });
    }
  }
}

/** gRPC codes for: deadline exceeded, unavailable, cancelled, resource exhausted. */
const awayCodes = new Set([1, 4, 8, 14]);

function isAway(error: unknown): boolean {
  if (isGrpcServiceError(error)) return awayCodes.has(error.code);
  return error instanceof Error && error.cause !== undefined && isAway(error.cause);
}
