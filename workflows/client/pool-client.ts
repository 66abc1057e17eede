import { coordinatorQueue, workflowIds, workflowTypes } from '../../domain/orchestration.js';
import { wakePoolSignal } from '../signals.js';
import type { TemporalLink } from './temporal-link.js';

/** Wake-ups closer together than this are one. */
const quietMs = 1_000;

/** Wakes the workflow of the node pool; there is one, and it is started by whoever wakes it first. */
export class PoolClient {
  private timer: NodeJS.Timeout | null = null;
  private lastMs = 0;

  constructor(
    private readonly link: TemporalLink,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Wakes it soon. A wake-up that is lost is made up for: the coordinator looks too. */
  wakeSoon(): void {
    if (this.timer !== null) return;
    this.timer = setTimeout(
      () => {
        this.timer = null;
        this.lastMs = Date.now();
        this.wake().catch((error: unknown) => this.failed(error));
      },
      Math.max(0, this.lastMs + quietMs - Date.now()),
    );
    this.timer.unref();
  }

  /** @throws LeonoreError TEMPORAL_UNAVAILABLE */
  async wake(): Promise<void> {
    await this.link.bounded(() =>
      this.link.workflow.signalWithStart(workflowTypes.nodePool, {
        workflowId: workflowIds.nodePool,
        taskQueue: coordinatorQueue,
        args: [],
        signal: wakePoolSignal,
        signalArgs: [],
        staticSummary: 'The pool of LEONORE nodes',
      }),
    );
  }
}
