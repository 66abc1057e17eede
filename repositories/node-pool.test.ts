/** Balancer and node pool on a real PostgreSQL: the queue, launches, shares, draining, and what must not happen. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { strategies } from '../domain/balancer/strategies.js';
import { LeonoreError } from '../domain/errors.js';
import {
  addGateways,
  addNode,
  addRollout,
  placedOn,
  httpEndpoint,
  offerPackage,
  planOf,
  profileOf,
  registrationOf,
  testRepositories,
  type TestRepositories,
} from '../tests/support/test-repositories.js';
import type { Registration } from './registration-repository.js';
import { startHaltableDatabase } from '../tests/support/postgres.js';
import { createRepositories } from './repositories.js';

let repositories: TestRepositories;

beforeEach(async () => {
  repositories = await testRepositories();
}, 60_000);

afterEach(() => repositories.close());

const names = { prefix: 'node-', first: 1 };

async function configure(
  threshold: number,
  maxNodes: number,
  strategy: 'load' | 'location' = 'load',
): Promise<void> {
  await repositories.pool.configure(
    { strategy, threshold, minNodes: 1, maxNodes, settleMs: 0, channels: [] },
    names,
  );
}

function registration(id: string, labels: Record<string, string> = {}): Registration {
  return registrationOf(profileOf(id, { labels }), Buffer.from('hash'));
}

function idsOf(count: number, prefix = 'g'): string[] {
  return Array.from({ length: count }, (_none, index) => `${prefix}${String(index).padStart(3, '0')}`);
}

/** Nobody has heard of a node for minutes, though somebody was there to hear. */
async function silence(id: string): Promise<void> {
  const { database } = repositories;
  await database.$executeRaw`UPDATE node_pool SET watched_at = now(), watched_since = now() - interval '3 hours'`;
  await database.$executeRaw`UPDATE node SET heartbeat_at = now() - interval '20 minutes' WHERE id = ${id}`;
}

async function counts(): Promise<Record<string, number>> {
  const nodes = await repositories.nodes.list();
  for (const { id, gatewayCount } of nodes) {
    const placed = await repositories.database.gateway.count({ where: { nodeId: id, state: 'active' } });
    expect(gatewayCount).toBe(placed);
  }
  return Object.fromEntries(nodes.map(({ id, gatewayCount }) => [id, gatewayCount]));
}

describe('when all nodes are full', () => {
  test('new gateways are queued and told when to ask; a node that comes takes its share, then the queue', async () => {
    await configure(10, 2);
    await addNode(repositories, 'node-1');
    const { gateways, placement, pool, registrations } = repositories;
    const outcomes = await registrations.registerAll(idsOf(14).map((id) => registration(id)));
    const waiting = outcomes.filter((outcome) => outcome instanceof LeonoreError);
    expect(waiting).toHaveLength(4);
    expect(waiting[0]).toMatchObject({ code: 'NODES_FULL', details: { retryAfterSeconds: 2 } });
    expect((await gateways.get('g013')).state).toBe('queued');
    expect((await pool.look()).action).toEqual({ kind: 'share', nodeId: 'node-1' });
    await placement.takeShare('node-1');
    expect((await pool.look()).action).toEqual({ kind: 'grow' });

    expect(await pool.addLaunch('pool')).toBe('node-2');
    await addNode(repositories, 'node-2');
    expect((await pool.look()).action).toEqual({ kind: 'share', nodeId: 'node-2' });
    expect(await placement.takeShare('node-2')).toBe(5);
    expect((await pool.look()).action).toEqual({ kind: 'admit' });
    expect(await placement.admit()).toBe(4);
    expect(await counts()).toEqual({ 'node-1': 7, 'node-2': 7 });
    // Who was placed while it waited learns of it when it asks again.
    expect(placedOn(await registrations.register(registration('g013')))).toBe(
      (await gateways.get('g013')).nodeId,
    );
  });

  test('devices with a client of their own stay, as they cannot be sent to another node, until theirs goes', async () => {
    await configure(10, 2);
    const incarnation = await addNode(repositories, 'node-1');
    const { placement, registrations, nodes } = repositories;
    const software = { os: 'linux', formats: ['raw' as const] };
    await addGateways(
      repositories,
      idsOf(5, 'own').map((id) => profileOf(id, { software })),
    );
    await registrations.register(registration('agent'));
    await addNode(repositories, 'node-2');
    expect(await placement.takeShare('node-2')).toBe(1);
    expect(await counts()).toEqual({ 'node-1': 5, 'node-2': 1 });
    await nodes.stopped('node-1', incarnation);
    expect(await placement.leave('node-1')).toBe(5);
  });

  test('a gateway that was admitted before is never queued, and at its limit the pool refuses nobody', async () => {
    await configure(2, 2);
    const incarnation = await addNode(repositories, 'node-1');
    const { nodes, registrations } = repositories;
    await addGateways(
      repositories,
      idsOf(2).map((id) => profileOf(id)),
    );
    await nodes.stopped('node-1', incarnation);
    await silence('node-1');
    await addNode(repositories, 'node-2');
    await addGateways(
      repositories,
      idsOf(2, 'h').map((id) => profileOf(id)),
    );
    // node-2 is full; those of node-1 find a place on it all the same.
    expect(placedOn(await registrations.register(registration('g000')))).toBe('node-2');
    await expect(registrations.register(registration('new'))).rejects.toMatchObject({ code: 'NODES_FULL' });
    await addNode(repositories, 'node-1');
    await addGateways(
      repositories,
      idsOf(5, 'i').map((id) => profileOf(id)),
    );
    expect(await counts()).toMatchObject({ 'node-2': expect.any(Number) });
  });

  test('several APIs at once neither overfill a node nor miscount', async () => {
    await configure(25, 4);
    await addNode(repositories, 'node-1');
    await addNode(repositories, 'node-2');
    const other = createRepositories(repositories.database, 60_000, 'other');
    const batches = idsOf(120).map((id) => registration(id));
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_none, index) =>
        (index % 2 === 0 ? repositories : other).registrations.registerAll(
          batches.slice(index * 10, index * 10 + 10),
        ),
      ),
    );
    expect(outcomes.flat().filter((outcome) => outcome instanceof LeonoreError)).toHaveLength(70);
    expect(await counts()).toEqual({ 'node-1': 25, 'node-2': 25 });
  });

  test('a gateway that is twice in a batch is entered twice, and by its own mac only', async () => {
    await addNode(repositories, 'node-1');
    const withMac = (mac: string) => ({ ...registration('g'), profile: profileOf('g', { mac }) });
    const outcomes = await repositories.registrations.registerAll([
      withMac('02:00:00:00:00:01'),
      registration('h'),
      withMac('02:00:00:00:00:02'),
      withMac('02:00:00:00:00:01'),
    ]);
    expect(outcomes.map((outcome) => (outcome instanceof LeonoreError ? outcome.code : 'placed'))).toEqual([
      'placed',
      'placed',
      'GATEWAY_IDENTITY_TAKEN',
      'placed',
    ]);
    expect(await counts()).toEqual({ 'node-1': 2 });
  });

  test('one need brings one node, however many see it', async () => {
    await configure(1, 5);
    const ids = await Promise.all(Array.from({ length: 8 }, () => repositories.pool.addLaunch('pool')));
    expect(new Set(ids)).toEqual(new Set(['node-1']));
    expect(await repositories.nodes.list()).toHaveLength(1);
  });

  test('who does not ask again for minutes is not waiting any more', async () => {
    await configure(1, 5);
    await addNode(repositories, 'node-1');
    await repositories.registrations.registerAll([registration('a'), registration('b')]);
    expect((await repositories.pool.look()).view.queued).toBe(1);
    await repositories.database.$executeRaw`UPDATE gateway SET last_seen_at = now() - interval '1 hour'`;
    expect((await repositories.pool.look()).view.queued).toBe(0);
    await expect(repositories.gateways.get('b')).rejects.toMatchObject({ code: 'GATEWAY_NOT_FOUND' });
    expect((await repositories.gateways.get('a')).state).toBe('active');
  });
});

test('a launch that fails is noted, and tried again after a wait that grows', async () => {
  await configure(1, 5);
  const { pool, nodes } = repositories;
  const id = await pool.addLaunch('pool');
  expect((await pool.look()).action).toEqual({ kind: 'launch', nodeId: id });
  await pool.launchFailed(id, 'spawn ENOENT');
  expect(await nodes.get(id)).toMatchObject({ state: 'launching', attempts: 1, problem: 'spawn ENOENT' });
  const first = (await pool.look()).action;
  await pool.launchFailed(id, 'spawn ENOENT');
  const second = (await pool.look()).action;
  if (first.kind !== 'wait' || second.kind !== 'wait') throw new Error('it is not waited');
  expect(second.lookAgainMs).toBeGreaterThan(first.lookAgainMs);
  // It comes up in the end, and nothing of it is left.
  await addNode(repositories, id);
  expect(await nodes.get(id)).toMatchObject({ state: 'active', origin: 'pool', attempts: 0, problem: null });
});

describe('a node', () => {
  test('that runs already elsewhere is not taken over; one that fell silent is', async () => {
    const { nodes, database } = repositories;
    const first = { id: 'a', address: 'http://127.0.0.1:1', endpoints: [], incarnation: randomUUID() };
    const second = { id: 'a', address: 'http://127.0.0.1:2', endpoints: [], incarnation: randomUUID() };
    expect(await nodes.register(first)).toBe(true);
    expect(await nodes.register(second)).toBe(false);
    expect(await nodes.heartbeat('a', first.incarnation, {})).toBe(true);
    await database.$executeRaw`UPDATE node SET heartbeat_at = now() - interval '20 minutes'`;
    expect(await nodes.register(second)).toBe(true);
    expect(await nodes.heartbeat('a', first.incarnation, {})).toBe(false);
  });

  test('whose clock is wrong by years is as alive as any other', async () => {
    const { nodes, database } = repositories;
    const incarnation = await addNode(repositories, 'a');
    await database.$executeRaw`UPDATE node_pool SET watched_at = now(), watched_since = now() - interval '3 hours'`;
    const now = Date.now;
    for (const skewMs of [-1e12, 1e12]) {
      Date.now = () => now() + skewMs;
      try {
        expect(await nodes.heartbeat('a', incarnation, {})).toBe(true);
        expect((await nodes.moveFromLost()).stranded).toEqual([]);
      } finally {
        Date.now = now;
      }
      expect((await nodes.get('a')).state).toBe('active');
    }
  });

  test('that was declared dead and comes back cannot plan what has moved', async () => {
    const { nodes, provisioning, database, rollouts } = repositories;
    const incarnation = await addNode(repositories, 'revenant');
    await addGateways(
      repositories,
      idsOf(3).map((id) => profileOf(id)),
    );
    const rolloutId = await addRollout(repositories, ['thermometer'], idsOf(3));
    await addNode(repositories, 'heir');
    await database.$executeRaw`UPDATE node_pool SET watched_at = now(), watched_since = now() - interval '3 hours'`;
    await database.$executeRaw`UPDATE node SET heartbeat_at = now() - interval '20 minutes' WHERE id = 'revenant'`;
    expect((await nodes.moveFromLost()).stranded).toEqual([]);
    expect(await nodes.isGone('revenant')).toBe(true);
    // What it had read before it fell silent is what it would plan now.
    const group = [{ plans: [planOf()], explanation: null, failure: null, ordinals: [0, 1, 2] }];
    await provisioning.saveGroups(rolloutId, 'revenant', group);
    expect(await rollouts.groups(rolloutId, 10)).toEqual([]);
    await provisioning.saveGroups(rolloutId, 'heir', group);
    expect(await rollouts.groups(rolloutId, 10)).toMatchObject([{ nodeId: 'heir', gateways: 3 }]);
    expect(await nodes.heartbeat('revenant', incarnation, {})).toBe(false);
    // Started anew it is empty, and takes its share as any node that comes.
    await addNode(repositories, 'revenant');
    expect(await repositories.placement.takeShare('revenant')).toBe(1);
  });

  test('that comes back before its gateways moved keeps them', async () => {
    const { nodes, placement } = repositories;
    const incarnation = await addNode(repositories, 'node-1');
    await addGateways(
      repositories,
      idsOf(3).map((id) => profileOf(id)),
    );
    await addNode(repositories, 'node-2');
    await nodes.stopped('node-1', incarnation);
    await addNode(repositories, 'node-1');
    expect(await placement.leave('node-1')).toBe(0);
    expect(await counts()).toEqual({ 'node-1': 3, 'node-2': 0 });
    expect((await repositories.pool.look()).view.nodes[0]?.hasShare).toBe(false);
  });
});

describe('when everything is restarted', () => {
  /** Two full nodes of two gateways each; more may come. */
  async function fullNodes(): Promise<{ incarnations: string[] }> {
    await configure(2, 4);
    const incarnations = [await addNode(repositories, 'node-1'), await addNode(repositories, 'node-2')];
    await addGateways(
      repositories,
      idsOf(4).map((id) => profileOf(id)),
    );
    await repositories.placement.takeShare('node-1');
    await repositories.placement.takeShare('node-2');
    return { incarnations };
  }

  async function nodeOf(id: string): Promise<string | null> {
    return (await repositories.gateways.get(id)).nodeId;
  }

  test('a node that is not back yet is not made up for, and its gateways stay with it', async () => {
    const { incarnations } = await fullNodes();
    const { nodes, pool, registrations } = repositories;
    expect((await pool.look()).action.kind).toBe('grow');
    for (const [index, incarnation] of incarnations.entries())
      await nodes.stopped(`node-${index + 1}`, incarnation);
    expect((await pool.look()).action.kind).toBe('wait');
    await addNode(repositories, 'node-1');
    expect((await pool.look()).action.kind).toBe('wait');
    // Who looks for its node meanwhile is told to be patient with it: another would be one move more.
    for (const id of idsOf(4)) {
      const before = await nodeOf(id);
      expect(placedOn(await registrations.register(registration(id)))).toBe(before);
    }
    expect((await nodes.moveFromLost()).stranded).toEqual([]);
    await addNode(repositories, 'node-2');
    // Both are as full as before, so it goes on where it was.
    expect((await pool.look()).action.kind).toBe('grow');
    expect(await counts()).toEqual({ 'node-1': 2, 'node-2': 2 });
  });

  test('one that does not come back is made up for', async () => {
    const { incarnations } = await fullNodes();
    const { nodes, pool, registrations } = repositories;
    await nodes.stopped('node-2', incarnations[1] ?? '');
    await silence('node-2');
    expect((await pool.look()).action).toEqual({ kind: 'grow' });
    const [orphan] = await repositories.database.gateway.findMany({ where: { nodeId: 'node-2' } });
    expect(placedOn(await registrations.register(registration(orphan?.id ?? '')))).toBe('node-1');
    expect((await nodes.moveFromLost()).stranded).toEqual([]);
    expect(await counts()).toEqual({ 'node-1': 4, 'node-2': 0 });
  });

  test('a start of PostgreSQL is an absence, however short it was', async () => {
    // A server of its own: how long the shared one has been up is up to the tests before.
    await repositories.close();
    const server = await startHaltableDatabase();
    repositories = await testRepositories(undefined, server);
    await fullNodes();
    const { nodes, registrations } = repositories;
    await silence('node-1');
    await silence('node-2');
    await server.restart();
    await addNode(repositories, 'node-1');
    for (const id of idsOf(4)) {
      const before = await nodeOf(id);
      expect(placedOn(await registrations.register(registration(id)))).toBe(before);
    }
    expect((await nodes.moveFromLost()).stranded).toEqual([]);
    expect(await counts()).toEqual({ 'node-1': 2, 'node-2': 2 });
    expect((await nodes.get('node-2')).state).toBe('active');
    await silence('node-2');
    await nodes.moveFromLost();
    expect(await counts()).toEqual({ 'node-1': 4, 'node-2': 0 });
  });

  test('how long the load was low counts anew', async () => {
    await configure(10, 4);
    await addNode(repositories, 'node-1');
    const id = await repositories.pool.addLaunch('pool');
    await addNode(repositories, id);
    await repositories.placement.takeShare('node-1');
    await repositories.placement.takeShare(id);
    await repositories.pool.look();
    await repositories.database.$executeRaw`UPDATE node_pool SET low_since = now() - interval '1 hour'`;
    expect((await repositories.pool.look()).action).toEqual({ kind: 'shrink', nodeId: id });
    const settings = await repositories.pool.settings();
    await repositories.pool.configure({ ...settings, settleMs: 60_000 }, names);
    expect((await repositories.pool.look()).action.kind).toBe('wait');
  });
});

describe('draining', () => {
  test('is refused to the last node, to one that is not there, and to one that is not up', async () => {
    const { nodes } = repositories;
    const incarnation = await addNode(repositories, 'a');
    await expect(nodes.startDrain('a')).rejects.toMatchObject({ code: 'LAST_NODE' });
    await expect(nodes.startDrain('b')).rejects.toMatchObject({ code: 'NODE_NOT_FOUND' });
    await addNode(repositories, 'b');
    await nodes.stopped('a', incarnation);
    await expect(nodes.startDrain('a')).rejects.toMatchObject({ code: 'NODE_NOT_ACTIVE' });
    await expect(nodes.startDrain('b')).rejects.toMatchObject({ code: 'LAST_NODE' });
  });

  test('moves who is idle at once, and who is at work when that has ended', async () => {
    const { nodes, placement, deliveries, gateways, database } = repositories;
    await addNode(repositories, 'node-1');
    await addGateways(
      repositories,
      idsOf(4).map((id) => profileOf(id)),
    );
    await addNode(repositories, 'node-2');
    const rolloutId = await addRollout(repositories, ['thermometer'], idsOf(4));
    await offerPackage(repositories, rolloutId, {
      plan: planOf(),
      content: { digest: 'a'.repeat(64), sizeBytes: 1 },
    });
    const report = (sequence: number, state: 'downloading' | 'succeeded') =>
      deliveries.report([
        {
          gatewayId: 'g000',
          delivery: { rolloutId, ordinal: 0 },
          reports: [{ deliveryId: `${rolloutId}/0`, sequence, state }],
        },
      ]);
    await report(1, 'downloading');
    await nodes.startDrain('node-1');
    expect(await placement.drain('node-1', 300_000)).toEqual({ moved: 3, left: 1 });
    expect((await gateways.get('g000')).nodeId).toBe('node-1');
    expect(await placement.drain('node-1', 300_000)).toEqual({ moved: 0, left: 1 });
    await report(2, 'succeeded');
    expect(await placement.drain('node-1', 300_000)).toEqual({ moved: 1, left: 0 });
    expect(await counts()).toEqual({ 'node-1': 0, 'node-2': 4 });
    const moved = await database.delivery.findMany({ where: { rolloutId, endedAt: null } });
    expect(moved.map(({ nodeId }) => nodeId)).toEqual(['node-2', 'node-2', 'node-2']);
  });

  test('goes on when the node is started anew in the middle', async () => {
    await addNode(repositories, 'node-1');
    await addNode(repositories, 'node-2');
    await repositories.nodes.startDrain('node-1');
    await addNode(repositories, 'node-1');
    expect((await repositories.nodes.get('node-1')).state).toBe('draining');
    expect(placedOn(await repositories.registrations.register(registration('g')))).toBe('node-2');
  });
});

test('by location, a node is launched where those are that wait, and takes them', async () => {
  await configure(2, 3, 'location');
  const { gateways, nodes, pool, placement, registrations } = repositories;
  await nodes.register({
    id: 'node-1',
    address: 'http://x',
    endpoints: [httpEndpoint('http://x')],
    incarnation: randomUUID(),
    labels: { site: 'b1' },
  });
  await placement.takeShare('node-1');
  await registrations.registerAll([
    registration('a', { site: 'b1' }),
    registration('b', { site: 'b1' }),
    registration('c', { site: 'b2' }),
  ]);
  const id = await pool.addLaunch('pool');
  expect(await pool.launchLabels(id)).toEqual({ site: 'b2' });
  await addNode(repositories, id);
  expect((await nodes.get(id)).labels).toEqual({ site: 'b2' });
  expect(await placement.takeShare(id)).toBe(0);
  await placement.admit();
  expect((await gateways.get('c')).nodeId).toBe(id);
});

test('the gateways of one rollout can be spread over all nodes, whatever else those have', async () => {
  const { placement, database } = repositories;
  await addNode(repositories, 'node-1');
  await addGateways(
    repositories,
    idsOf(6).map((id) => profileOf(id)),
  );
  await addNode(repositories, 'node-2');
  await addGateways(
    repositories,
    idsOf(6, 'other').map((id) => profileOf(id)),
  );
  const rolloutId = await addRollout(repositories, ['thermometer'], idsOf(6));
  await placement.spread(rolloutId, strategies.load);
  const spread = await database.delivery.groupBy({ by: ['nodeId'], where: { rolloutId }, _count: true });
  expect(spread.map(({ _count }) => _count)).toEqual([3, 3]);
  await counts();
});
