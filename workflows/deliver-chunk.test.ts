/** A chunk by itself: who is pushed again, and until when. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundle } from '@temporalio/worker';
import { coordinatorQueue, nodeQueues, workflowIds, workflowTypes } from '../domain/orchestration.js';
import { quietTemporal } from '../tests/support/quiet-temporal.js';
import { timeSkippingEnvironment } from '../tests/support/temporal.js';
import type { CoordinatorActivities, NodeActivities } from './activity-types.js';

let environment: TestWorkflowEnvironment;
let workflowBundle: WorkflowBundle;

beforeAll(async () => {
  quietTemporal();
  environment = await timeSkippingEnvironment();
  workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./index.ts', import.meta.url)),
    logger: new DefaultLogger('WARN'),
  });
}, 15 * 60_000);

afterAll(async () => {
  await environment.teardown();
});

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
  const { nativeConnection: connection, namespace = 'default' } = environment;
  const common = { connection, namespace };
  const workers = [
    await Worker.create({
      ...common,
      taskQueue: coordinatorQueue,
      workflowBundle,
      activities: { ...coordinator },
    }),
    ...(await Promise.all(
      ['a', 'b'].map((nodeId) =>
        Worker.create({ ...common, taskQueue: nodeQueues.dispatch(nodeId), activities: { ...node } }),
      ),
    )),
  ];
  const running = workers.map((worker) => worker.run());
  try {
    const rolloutId = randomUUID();
    await environment.client.workflow.execute(workflowTypes.deliverChunk, {
      workflowId: workflowIds.deliverChunk(rolloutId, 0),
      taskQueue: coordinatorQueue,
      args: [{ rolloutId, nodeId: 'a', chunk: 0, size: 2, deadlineSeconds: 40, giveUpAtMs: Date.now() }],
    });
    return done;
  } finally {
    for (const worker of workers) worker.shutdown();
    await Promise.all(running);
  }
}

test('gateways that were not reached are pushed again after each look, by the node that has them now', async () => {
  const unreached = (...unreachedNodes: string[]): ChunkStatus => ({
    ended: [],
    remaining: 2,
    unreachedNodes,
  });
  const done = await deliver([unreached('a'), unreached()]);
  // Looks after 15 s, and at the deadline of 40 s.
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
