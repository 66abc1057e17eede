/** A chunk by itself: who is pushed again, and until when. */
import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { coordinatorQueue, nodeQueues, workflowIds, workflowTypes } from '../domain/orchestration.js';
import { jumpingClock } from '../tests/support/jumping-clock.js';
import type { CoordinatorActivities, NodeActivities } from './activity-types.js';

const clock = jumpingClock();

type ChunkStatus = Omit<
  Awaited<ReturnType<CoordinatorActivities['reconcileAcknowledgements']>>,
  'deadlineInMs' | 'cancel'
>;

/**
 * Runs a chunk of two gateways.
 * @param looks what each look at the database finds, the last one again and again
 * @returns the nodes that were asked to push and the looks, in order
 */
async function deliver(looks: readonly ChunkStatus[]): Promise<string[]> {
  const done: string[] = [];
  let look = 0;
  const coordinator: Pick<CoordinatorActivities, 'reconcileAcknowledgements'> = {
    async reconcileAcknowledgements({ final }) {
      done.push(final ? 'last look' : 'look');
      const status = looks[Math.min(look, looks.length - 1)];
      look += 1;
      if (status === undefined) throw new Error('nothing to find');
      const found: ChunkStatus = final ? { ended: [[0, 1]], remaining: 0, unreachedNodes: [] } : status;
      return { ...found, deadlineInMs: null, cancel: false };
    },
  };
  const node: Pick<NodeActivities, 'dispatchDeliveries'> = {
    async dispatchDeliveries({ nodeId }) {
      done.push(`push ${nodeId}`);
      return { offered: 2, notified: 0, unreachable: 2 };
    },
  };
  const queues = { [nodeQueues.dispatch('a')]: node, [nodeQueues.dispatch('b')]: node };
  return clock.run({ coordinator, queues }, async () => {
    const rolloutId = randomUUID();
    await clock.environment.client.workflow.execute(workflowTypes.deliverChunk, {
      workflowId: workflowIds.deliverChunk(rolloutId, 0),
      taskQueue: coordinatorQueue,
      args: [{ rolloutId, nodeId: 'a', chunk: 0, size: 2, deadlineSeconds: 80, giveUpAtMs: Date.now() }],
    });
    return done;
  });
}

test('gateways that were not reached are pushed again after each look, by the node that has them now', async () => {
  const unreached = (...unreachedNodes: string[]): ChunkStatus => ({
    ended: [],
    remaining: 2,
    unreachedNodes,
  });
  const done = await deliver([unreached('a'), unreached()]);
  // Looks after 60 s, and at the deadline of 80 s.
  expect(done).toEqual(['push a', 'look', 'push a', 'last look']);
}, 60_000);

test('all nodes that have some are asked, and none when all were reached', async () => {
  const done = await deliver([
    { ended: [], remaining: 2, unreachedNodes: ['b', 'a'] },
    { ended: [[0, 1]], remaining: 0, unreachedNodes: [] },
  ]);
  expect(done.slice(0, 4)).toEqual(['push a', 'look', 'push b', 'push a']);
  const reached = await deliver([{ ended: [[0, 0]], remaining: 1, unreachedNodes: [] }]);
  expect(reached).toEqual(['push a', 'look', 'last look']);
}, 60_000);
