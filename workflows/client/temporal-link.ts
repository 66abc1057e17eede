import {
  Client,
  Connection,
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type ConnectionOptions,
  type WorkflowClient,
} from '@temporalio/client';
import { LeonoreError } from '../../domain/errors.js';

/** A server that takes longer to say that it is there counts as away. */
const reachableMs = 2_000;
/** A call that takes longer is given up. */
const boundMs = 5_000;

/** The one connection of a process to Temporal, as a client: made on first use, and again after Temporal was away. */
export class TemporalLink {
  private readonly connection: Connection;
  private readonly client: Client;
  private readonly underWay = new Set<Promise<unknown>>();
  private wasUsed = false;

  /** @param security how it is spoken to; as options of the SDK */
  constructor(address: string, namespace: string, security: Pick<ConnectionOptions, 'tls' | 'apiKey'> = {}) {
    this.connection = Connection.lazy({
      address,
      ...security,
      connectTimeout: '5 seconds',
      // gRPC would wait up to two minutes between two tries: too long after a short absence.
      channelArgs: { 'grpc.initial_reconnect_backoff_ms': 250, 'grpc.max_reconnect_backoff_ms': 2_000 },
    });
    this.client = new Client({ connection: this.connection, namespace });
  }

  get workflow(): WorkflowClient {
    return this.client.workflow;
  }

  /** True when Temporal answers. */
  async isReachable(): Promise<boolean> {
    try {
      await this.call(reachableMs, () => this.connection.workflowService.getSystemInfo({}));
      return true;
    } catch {
      return false;
    }
  }

  /**
   * A call that gives up after some seconds.
   * @throws LeonoreError TEMPORAL_UNAVAILABLE; what Temporal says about the workflow itself
   */
  async bounded<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await this.call(boundMs, call);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError || error instanceof WorkflowExecutionAlreadyStartedError)
        throw error;
      if (!isAway(error)) throw error;
      throw new LeonoreError('TEMPORAL_UNAVAILABLE', 'Temporal does not answer', {}, { cause: error });
    }
  }

  /** @throws LeonoreError TEMPORAL_UNAVAILABLE */
  async signalIfRunning(send: () => Promise<void>): Promise<void> {
    try {
      await this.bounded(send);
    } catch (error) {
      // A workflow that has ended needs no waking.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }

  private async call<T>(withinMs: number, work: () => Promise<T>): Promise<T> {
    this.wasUsed = true;
    const call = this.connection.withDeadline(Date.now() + withinMs, work);
    this.underWay.add(call);
    try {
      return await call;
    } finally {
      this.underWay.delete(call);
    }
  }

  /** What is under way is waited for, and so is a connection that is being made: gRPC throws where nobody catches it else. */
  async close(): Promise<void> {
    await Promise.allSettled(this.underWay);
    if (this.wasUsed) await this.connection.ensureConnected().catch(() => undefined);
    await this.connection.close();
  }
}

/** gRPC codes for: deadline exceeded, unavailable, cancelled, resource exhausted. */
const awayCodes = new Set([1, 4, 8, 14]);

function isAway(error: unknown): boolean {
  if (isGrpcServiceError(error)) return awayCodes.has(error.code);
  return error instanceof Error && error.cause !== undefined && isAway(error.cause);
}
