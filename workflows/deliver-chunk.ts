/**
 * `rollout/<id>/chunk/<n>`: at most 500 gateways are offered their package (vi) and waited for (vii).
 *
 * Acknowledgements arrive as batched signals and only wake it up; from time to time, and at the deadline, it reads
 * the truth from the database. So a lost signal is repaired and a duplicate changes nothing.
 */
import { condition, setCurrentDetails, setHandler } from '@temporalio/workflow';
import { SlotSet } from '../domain/delivery/slot-set.js';
import type { DeliverChunkInput } from '../domain/orchestration.js';
import { stepTitle } from '../domain/rollout/steps.js';
import { nodeIsSuspect, onCoordinator, onNode } from './policies.js';
import { acknowledgeSignal, cancelSignal } from './signals.js';

/** First look at the database; each next one comes twice as late, at most every half hour: about 55 a day. */
const firstReconcileMs = 15_000;
const maximumReconcileMs = 30 * 60_000;
/** After a cancel, what is being installed may still finish. */
const cancelGraceMs = 15 * 60_000;
/** Nodes tried before the push is left to the next reconcile. */
const maximumDispatches = 10;

export async function deliverChunk(input: DeliverChunkInput): Promise<void> {
  const slots = new SlotSet(input.size);
  const wishes = { cancel: false };
  setHandler(acknowledgeSignal, (acknowledged) => {
    for (const range of acknowledged.slots) slots.addRange(range);
    show(slots);
  });
  setHandler(cancelSignal, () => void (wishes.cancel = true));

  await dispatch(input, [input.nodeId]);
  show(slots);
  await awaitAcknowledgements(input, slots, wishes);
}

async function awaitAcknowledgements(
  input: DeliverChunkInput,
  slots: SlotSet,
  wishes: { cancel: boolean },
): Promise<void> {
  const { rolloutId, chunk } = input;
  let deadlineMs = Date.now() + input.deadlineSeconds * 1000;
  let reconcileMs = firstReconcileMs;
  let cancelSeen = false;
  while (!slots.isComplete()) {
    const waitMs = Math.max(Math.min(reconcileMs, deadlineMs - Date.now()), 0);
    await condition(() => slots.isComplete() || (wishes.cancel && !cancelSeen), waitMs, {
      summary: `${stepTitle('vii')} — look at the database`,
    });
    if (slots.isComplete()) return;
    if (wishes.cancel && !cancelSeen) {
      cancelSeen = true;
      deadlineMs = Math.min(deadlineMs, Date.now() + cancelGraceMs);
    } else {
      reconcileMs = Math.min(reconcileMs * 2, maximumReconcileMs);
    }
    const final = Date.now() >= deadlineMs;
    const status = await onCoordinator('vii').reconcileAcknowledgements({ rolloutId, chunk, final });
    for (const range of status.ended) slots.addRange(range);
    show(slots);
    if (status.remaining === 0) return;
    if (!wishes.cancel) await dispatch(input, status.unreachedNodes);
  }
}

/** Offers the chunk and has the nodes push; a node that is gone is replaced by those that took its gateways. */
async function dispatch(input: DeliverChunkInput, nodeIds: readonly string[]): Promise<void> {
  const { rolloutId, chunk, deadlineSeconds } = input;
  const queue = [...nodeIds];
  for (let dispatched = 0; dispatched < maximumDispatches; dispatched += 1) {
    const nodeId = queue.shift();
    if (nodeId === undefined) return;
    try {
      await onNode(nodeId, 'vi').dispatchDeliveries({ rolloutId, nodeId, chunk, deadlineSeconds });
    } catch (error) {
      if (!nodeIsSuspect(error)) throw error;
      await onCoordinator('iii').leaveNode({ rolloutId, nodeId });
      const present = await onCoordinator('iii').nodesOfChunk({ rolloutId, chunk });
      queue.push(...present.nodeIds.filter((id) => !queue.includes(id)));
    }
  }
}

function show(slots: SlotSet): void {
  const tenths = Math.floor((slots.count * 10) / slots.size);
  setCurrentDetails(
    `${stepTitle('vii')}\n\n\`${'█'.repeat(tenths)}${'░'.repeat(10 - tenths)}\` ${slots.count} of ${slots.size}`,
  );
}
