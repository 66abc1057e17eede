/** What becomes of what nodes had in hand when they died, on a real PostgreSQL. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  addGateways,
  addNode,
  addRollout,
  profileOf,
  testRepositories,
  type TestRepositories,
} from '../tests/support/test-repositories.js';
import { leaveNode } from './leave-node.js';

let repositories: TestRepositories;
let leave: ReturnType<typeof leaveNode>;

beforeEach(async () => {
  repositories = await testRepositories();
  leave = leaveNode(repositories);
}, 60_000);

afterEach(() => repositories.close());

/** Gateways that are on a node, whatever the balancer thinks. */
async function onNode(nodeId: string, ids: readonly string[]): Promise<void> {
  await addGateways(
    repositories,
    ids.map((id) => profileOf(id)),
  );
  await repositories.database.gateway.updateMany({ where: { id: { in: [...ids] } }, data: { nodeId } });
}

/** A node begins with step iv. */
async function plan(rolloutId: string, nodeId: string): Promise<void> {
  const { provisioning, rollouts } = repositories;
  await provisioning.shares(rolloutId);
  await rollouts.stepStarted(rolloutId, 'iv', nodeId);
  await rollouts.taken(rolloutId, nodeId);
}

/** It dies at that, and is left. */
async function die(rolloutId: string, nodeId: string): Promise<void> {
  await repositories.database.node.update({ where: { id: nodeId }, data: { state: 'dead' } });
  expect(await leave({ rolloutId, nodeId, during: 'iv' })).toEqual({ left: true });
}

async function restart(nodeId: string): Promise<void> {
  await repositories.database.node.update({ where: { id: nodeId }, data: { startedAt: new Date() } });
}

async function failed(rolloutId: string): Promise<string[]> {
  const { items } = await repositories.deliveryLists.ofRollout(rolloutId, 100, null, { state: 'failed' });
  for (const { error } of items) expect(error).toMatchObject({ code: 'TASK_QUARANTINED' });
  return items.map(({ gatewayId }) => gatewayId);
}

const kinds = async (rolloutId: string) =>
  (await repositories.rollouts.events(rolloutId)).map(({ kind }) => kind);

test('only what two nodes had in hand when they died is given up; the rest of the rollout goes on', async () => {
  for (const id of ['node-1', 'node-2', 'node-3']) await addNode(repositories, id);
  await onNode('node-1', ['a', 'b']);
  await onNode('node-2', ['c']);
  await onNode('node-3', ['d']);
  const rolloutId = await addRollout(repositories, ['app'], ['a', 'b', 'c', 'd']);
  for (const nodeId of ['node-1', 'node-2', 'node-3']) await plan(rolloutId, nodeId);
  await die(rolloutId, 'node-1');
  expect(await failed(rolloutId)).toEqual([]);
  // Both went to node-2, say, which has something of its own.
  await repositories.database.gateway.updateMany({
    where: { id: { in: ['a', 'b'] } },
    data: { nodeId: 'node-2' },
  });
  await repositories.database.delivery.updateMany({
    where: { gatewayId: { in: ['a', 'b'] } },
    data: { nodeId: 'node-2' },
  });
  await plan(rolloutId, 'node-2');
  await die(rolloutId, 'node-2');
  expect(await failed(rolloutId)).toEqual(['a', 'b']);
  expect(await kinds(rolloutId)).toEqual(['node-lost', 'node-lost', 'quarantined']);
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ failed: 2, pending: 2 });
});

test('nodes that died at different work take nothing with them, however many they are', async () => {
  for (const id of ['node-1', 'node-2', 'node-3', 'node-4']) await addNode(repositories, id);
  const parts = { 'node-1': 'a', 'node-2': 'b', 'node-3': 'c' };
  for (const [nodeId, gateway] of Object.entries(parts)) await onNode(nodeId, [gateway]);
  const rolloutId = await addRollout(repositories, ['app'], Object.values(parts));
  for (const nodeId of Object.keys(parts)) await plan(rolloutId, nodeId);
  for (const nodeId of Object.keys(parts)) await die(rolloutId, nodeId);
  expect(await failed(rolloutId)).toEqual([]);
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ pending: 3 });
});

test('a node that dies twice at the same, and is started again each time, counts twice', async () => {
  await addNode(repositories, 'node-1');
  await onNode('node-1', ['a']);
  const rolloutId = await addRollout(repositories, ['app'], ['a']);
  await plan(rolloutId, 'node-1');
  await restart('node-1');
  const input = { rolloutId, nodeId: 'node-1', during: 'iv' } as const;
  // Told again, as after an answer that was lost, it is the same death.
  for (let told = 0; told < 2; told += 1) expect(await leave(input)).toEqual({ left: false });
  expect(await failed(rolloutId)).toEqual([]);
  await restart('node-1');
  expect(await leave(input)).toEqual({ left: false });
  expect(await failed(rolloutId)).toEqual(['a']);
});

test('a node that is gone is told of once, though it is left twice', async () => {
  for (const id of ['node-1', 'node-2']) await addNode(repositories, id);
  await onNode('node-1', ['a']);
  const rolloutId = await addRollout(repositories, ['app'], ['a']);
  await plan(rolloutId, 'node-1');
  await die(rolloutId, 'node-1');
  expect(await leave({ rolloutId, nodeId: 'node-1', during: 'iv' })).toEqual({ left: true });
  expect(await failed(rolloutId)).toEqual([]);
  expect(await kinds(rolloutId)).toEqual(['node-lost']);
});
