import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import {
  addGateways,
  addNode,
  addRollout,
  offerPackage,
  planOf,
  profileOf,
  testRepositories,
  type TestRepositories,
} from '../tests/support/test-repositories.js';
import { GatewayChanges } from './gateway-changes.js';

let repositories: TestRepositories;
const told: string[] = [];
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  repositories = await testRepositories();
  await addNode(repositories, 'node-1');
}, 60_000);
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(() => repositories.close());

/** Follows the changes of a node; resolves when they are announced. */
async function follow(nodeId: string): Promise<{ connections: () => number }> {
  let connections = 0;
  let connected: () => void = () => undefined;
  const first = new Promise<void>((resolve) => {
    connected = resolve;
  });
  const changes = new GatewayChanges(repositories.server.url, nodeId, {
    connected: () => {
      connections += 1;
      connected();
    },
    disconnected: () => undefined,
    changed: (gatewayId) => told.push(gatewayId),
  });
  closing.push(() => changes.close());
  await first;
  return { connections: () => connections };
}

/** Waits until somebody was told of a gateway. */
async function untilTold(gatewayId: string): Promise<void> {
  while (!told.includes(gatewayId)) await delay(5);
  told.length = 0;
}

test('a node is told of tasks that are offered or taken back, of wishes and of tokens, and of no more', async () => {
  await follow('node-1');
  await addGateways(repositories, [profileOf('g1')]);
  const rolloutId = await addRollout(repositories, ['thermometer'], ['g1']);
  await offerPackage(repositories, rolloutId, {
    plan: planOf(),
    content: { digest: 'a'.repeat(64), sizeBytes: 1 },
  });
  await untilTold('g1');
  await repositories.provisioning.cancel(rolloutId);
  await untilTold('g1');
  await repositories.gateways.wantProfile('g1');
  await untilTold('g1');
  // What is heard from a gateway is no news to it.
  await repositories.gateways.seen(['g1']);
  await repositories.gateways.decommission('g1');
  await untilTold('g1');
  expect(told).toEqual([]);
});

test('a connection that was cut is made again', async () => {
  const { connections } = await follow('node-1');
  await repositories.database.$executeRaw`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN leonore_node_%' OR query = 'SELECT 1'`;
  while (connections() < 2) await delay(20);
  await addGateways(repositories, [profileOf('g2')]);
  await repositories.gateways.wantProfile('g2');
  await untilTold('g2');
});
