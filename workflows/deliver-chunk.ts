/**
 * `rollout/<id>/chunk/<n>`: at most 500 gateways are offered their package (vi) and waited for (vii).
 *
 * Acknowledgements arrive as batched signals and only wake it up; from time to time, and at the deadline, it reads
 * the truth from the database. So a lost signal is repaired and a duplicate changes nothing. The deadline is the
 * database's; however long that is, no run's history grows beyond a bound.
 */
import {
  CancellationScope,
  condition,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { SlotSet } from '../domain/delivery/slot-set.js';
import type { DeliverChunkInput } from '../domain/orchestration.js';
import { stepTitle } from '../domain/rollout/steps.js';
import { askAfter, NodeGone } from './ask-after-node.js';
import { onCoordinator, onNode, patiently, type Patience } from './policies.js';
import { acknowledgeSignal, cancelSignal } from './signals.js';

/** First look at the database; each next one comes twice as late, at most every two hours. */
const firstReconcileMs = 60_000;
const maximumReconcileMs = 2 * 3_600_000;
/** After a cancel, what is being installed may still finish. */
const cancelGraceMs = 15 * 60_000;
/** Nodes tried before the push is left to the next reconcile. */
const maximumDispatches = 10;
/** Events after which a run is followed by a new one. */
const longestHistory = 800;

export async function deliverChunk(input: DeliverChunkInput): Promise<void> {
  const delivery = new ChunkDelivery(input);
  setHandler(acknowledgeSignal, ({ slots, look }) => delivery.acknowledge(slots, look === true));
  setHandler(cancelSignal, () => delivery.cancel());
  // What somebody cancels in Temporal alone is cancelled in the database too: it is this chunk's part of the rollout.
  CancellationScope.current().cancelRequested.catch(() => delivery.cancelAlone());
  await CancellationScope.nonCancellable(() => delivery.toItsEnd());
}

class ChunkDelivery {
  private readonly slots: SlotSet;
  private readonly patience: Patience;
  private deadlineMs: number;
  private reconcileMs: number;
  private cancelled: boolean;
  private wishes = { cancel: false, alone: false };
  private away: string | null = null;
  /** The database has something to do for it. */
  private look = false;

  constructor(private readonly input: DeliverChunkInput) {
    const { size, deadlineSeconds, resumed } = input;
    this.slots = new SlotSet(size);
    this.deadlineMs = resumed?.deadlineMs ?? Date.now() + deadlineSeconds * 1_000;
    this.reconcileMs = resumed?.reconcileMs ?? firstReconcileMs;
    this.cancelled = resumed?.cancelled ?? false;
    this.patience = {
      // It goes on to its deadline, and beyond it: only the database can tell the end.
      giveUpAtMs: Number.MAX_SAFE_INTEGER,
      waiting: (what) => {
        this.away = what;
        this.show();
      },
    };
  }

  acknowledge(ranges: readonly (readonly [number, number])[], look: boolean): void {
    this.look ||= look;
    for (const range of ranges) this.slots.addRange(range);
    this.show();
  }

  cancel(): void {
    this.wishes.cancel = true;
  }

  cancelAlone(): void {
    this.wishes = { cancel: true, alone: true };
  }

  async toItsEnd(): Promise<void> {
    // A run that goes on from another one begins by looking at what it missed.
    if (this.input.resumed === undefined) await this.dispatch([this.input.nodeId]);
    else if (await this.reconcile()) return;
    this.show();
    while (!this.slots.isComplete()) {
      const waitMs = Math.max(Math.min(this.reconcileMs, this.deadlineMs - Date.now()), 0);
      await condition(() => this.slots.isComplete() || this.isCancelNew() || this.look, waitMs, {
        summary: `${stepTitle('vii')} — look at the database`,
      });
      if (this.slots.isComplete()) return;
      if (this.isCancelNew()) await this.beginCancel();
      else if (!this.look) this.reconcileMs = Math.min(this.reconcileMs * 2, maximumReconcileMs);
      if (await this.reconcile()) return;
      await this.renew();
    }
  }

  private isCancelNew(): boolean {
    return this.wishes.cancel && !this.cancelled;
  }

  private async beginCancel(): Promise<void> {
    const { rolloutId, chunk } = this.input;
    this.cancelled = true;
    if (this.wishes.alone)
      await patiently(this.patience, (tries) =>
        onCoordinator('vii', tries).cancelDeliveries({ rolloutId, chunk }),
      );
    this.deadlineMs = Math.min(this.deadlineMs, Date.now() + cancelGraceMs);
  }

  /** @returns true when no delivery of the chunk is open any more */
  private async reconcile(): Promise<boolean> {
    const { rolloutId, chunk } = this.input;
    const final = Date.now() >= this.deadlineMs;
    this.look = false;
    const status = await patiently(this.patience, (tries) =>
      onCoordinator('vii', tries).reconcileAcknowledgements({ rolloutId, chunk, final }),
    );
    for (const range of status.ended) this.slots.addRange(range);
    this.show();
    if (status.remaining === 0) return true;
    // The rollout was not woken, or has not come to it: this part of it is seen to here.
    if (status.cancel) this.cancelAlone();
    if (!this.cancelled && status.deadlineInMs !== null) this.deadlineMs = Date.now() + status.deadlineInMs;
    if (!this.wishes.cancel) {
      await this.planAnew(status.refusedNodes ?? []);
      await this.dispatch(status.unreachedNodes);
    }
    return false;
  }

  /** Gateways that were in another state than planned for get a plan for the one that they are in (iv, v). */
  private async planAnew(nodeIds: readonly string[]): Promise<void> {
    const { rolloutId, chunk } = this.input;
    for (const nodeId of nodeIds) {
      try {
        const { remaining } = await patiently(this.patience, (tries) =>
          askAfter({ rolloutId, nodeId, step: 'v' }, tries, (asking) =>
            onNode('build', nodeId, 'v', asking).planAnew({ rolloutId, nodeId, chunk }),
          ),
        );
        // Somebody else builds what they need: it is looked for again.
        if (remaining > 0) this.reconcileMs = firstReconcileMs;
      } catch (error) {
        if (!(error instanceof NodeGone)) throw error;
        // Its gateways have moved: the next look finds where.
        this.look = true;
      }
    }
  }

  /** Offers the chunk and has the nodes push; a node that is gone is replaced by those that took its gateways. */
  private async dispatch(nodeIds: readonly string[]): Promise<void> {
    const { rolloutId, chunk, deadlineSeconds } = this.input;
    const queue = [...nodeIds];
    for (let dispatched = 0; dispatched < maximumDispatches; dispatched += 1) {
      const nodeId = queue.shift();
      if (nodeId === undefined) return;
      try {
        await patiently(this.patience, (tries) =>
          askAfter({ rolloutId, nodeId, step: 'vi' }, tries, (asking) =>
            onNode('dispatch', nodeId, 'vi', asking).dispatchDeliveries({
              rolloutId,
              nodeId,
              chunk,
              deadlineSeconds,
            }),
          ),
        );
      } catch (error) {
        if (!(error instanceof NodeGone)) throw error;
        const present = await patiently(this.patience, (tries) =>
          onCoordinator('iii', tries).nodesOfChunk({ rolloutId, chunk }),
        );
        queue.push(...present.nodeIds.filter((id) => !queue.includes(id)));
      }
    }
  }

  private async renew(): Promise<void> {
    if (workflowInfo().historyLength < longestHistory) return;
    const { deadlineMs, reconcileMs, cancelled } = this;
    await continueAsNew<typeof deliverChunk>({
      ...this.input,
      resumed: { deadlineMs, reconcileMs, cancelled },
    });
  }

  private show(): void {
    const { count, size } = this.slots;
    const tenths = Math.floor((count * 10) / size);
    const waits = this.away === null ? '' : ` — waiting for ${this.away}`;
    setCurrentDetails(
      `${stepTitle('vii')}${waits}\n\n\`${'█'.repeat(tenths)}${'░'.repeat(10 - tenths)}\` ${count} of ${size}`,
    );
  }
}
