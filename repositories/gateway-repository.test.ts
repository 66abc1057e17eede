import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { troublesOf } from '../domain/gateway/troubles.js';
import {
  addGateways,
  addNode,
  addRollout,
  placedOn,
  profileOf,
  registrationOf,
  testRepositories,
  type TestRepositories,
} from '../tests/support/test-repositories.js';
import type { Registration } from './registration-repository.js';

let repositories: TestRepositories;

beforeEach(async () => {
  repositories = await testRepositories();
}, 60_000);

afterEach(() => repositories.close());

function registration(id: string, mac: string | undefined, tokenHash = Buffer.from('hash')): Registration {
  return registrationOf(profileOf(id, mac === undefined ? {} : { mac }), tokenHash);
}

test('gateways spread over the nodes, and a gateway that registers again keeps its place', async () => {
  await addNode(repositories, 'a');
  await addNode(repositories, 'b');
  const { gateways, registrations, nodes } = repositories;
  await addGateways(
    repositories,
    ['g1', 'g2', 'g3', 'g4'].map((id) => profileOf(id)),
  );
  expect((await nodes.list()).map((node) => node.gatewayCount)).toEqual([2, 2]);
  const before = await gateways.get('g1');
  expect(placedOn(await registrations.register(registration('g1', undefined)))).toBe(before.nodeId);
  expect((await nodes.list()).map((entry) => entry.gatewayCount)).toEqual([2, 2]);
});

test('registrations at the same time do not miscount', async () => {
  await addNode(repositories, 'a');
  await addNode(repositories, 'b');
  const ids = Array.from({ length: 40 }, (_unused, index) => `g${index}`);
  await Promise.all(ids.map((id) => repositories.registrations.register(registration(id, undefined))));
  const placed = (await repositories.gateways.list(100, null)).items.map((gateway) => gateway.nodeId);
  expect(placed).toHaveLength(40);
  for (const { id, gatewayCount } of await repositories.nodes.list()) {
    expect(gatewayCount).toBe(placed.filter((nodeId) => nodeId === id).length);
  }
});

test('an id cannot be taken over by another device', async () => {
  await addNode(repositories, 'a');
  const { registrations } = repositories;
  await registrations.register(registration('g1', '02:00:00:00:00:01'));
  await expect(registrations.register(registration('g1', '02:00:00:00:00:02'))).rejects.toMatchObject({
    code: 'GATEWAY_IDENTITY_TAKEN',
  });
  await expect(registrations.register(registration('g1', undefined))).rejects.toMatchObject({
    code: 'GATEWAY_IDENTITY_TAKEN',
  });
  await registrations.register(registration('g1', '02-00-00-00-00-01'));
});

test('without a node nothing is registered', async () => {
  await expect(repositories.registrations.register(registration('g1', undefined))).rejects.toMatchObject({
    code: 'NO_NODE',
  });
  await expect(repositories.gateways.get('g1')).rejects.toMatchObject({ code: 'GATEWAY_NOT_FOUND' });
});

test('a gateway that keeps its token keeps its hash; a decommissioned one has none', async () => {
  await addNode(repositories, 'a');
  const { gateways, registrations, nodes } = repositories;
  const first = registration('g1', undefined, Buffer.from('first'));
  await registrations.register(first);
  expect(await registrations.register({ ...first, newTokenHash: Buffer.from('second') })).toMatchObject({
    keepsToken: true,
  });
  const hashOf = async (): Promise<string> =>
    Buffer.from((await registrations.identitiesOf(['g1'])).get('g1')?.tokenHash ?? []).toString();
  expect(await hashOf()).toBe('first');
  await gateways.decommission('g1');
  expect(await gateways.get('g1')).toMatchObject({ state: 'decommissioned', nodeId: null });
  expect(await hashOf()).toBe('');
  expect((await nodes.get('a')).gatewayCount).toBe(0);
});

test('a process that is started anew at the same address deposes the one before it', async () => {
  const { nodes } = repositories;
  const old = await addNode(repositories, 'a');
  const fresh = await addNode(repositories, 'a');
  expect(await nodes.heartbeat('a', old, {})).toBe(false);
  expect(await nodes.heartbeat('a', fresh, {})).toBe(true);
});

test('a silent node is declared dead; its gateways and their unfinished deliveries move evenly', async () => {
  const { nodes, gateways, database, deliveryLists } = repositories;
  const dead = await addNode(repositories, 'dead');
  const ids = Array.from({ length: 10 }, (_unused, index) => `g${index}`);
  await addGateways(
    repositories,
    ids.map((id) => profileOf(id)),
  );
  const rolloutId = await addRollout(repositories, ['thermometer'], ids);
  await addNode(repositories, 'x');
  await addNode(repositories, 'y');
  await watchedForHours();
  await database.$executeRaw`UPDATE node SET heartbeat_at = now() - interval '20 minutes' WHERE id = 'dead'`;
  expect((await nodes.moveFromLost()).stranded).toEqual([]);
  expect((await nodes.list()).map((node) => [node.id, node.state, node.gatewayCount])).toEqual([
    ['x', 'active', 5],
    ['y', 'active', 5],
    ['dead', 'dead', 0],
  ]);
  for (const delivery of (await deliveryLists.ofRollout(rolloutId, 100, null)).items) {
    expect(delivery.nodeId).toBe((await gateways.get(delivery.gatewayId)).nodeId);
  }
  expect(await nodes.heartbeat('dead', dead, {})).toBe(false);
});

test('when no node is left, nothing moves and nothing is lost', async () => {
  const { nodes, database } = repositories;
  await addNode(repositories, 'only');
  await addGateways(repositories, [profileOf('g1')]);
  await watchedForHours();
  await database.$executeRaw`UPDATE node SET heartbeat_at = now() - interval '20 minutes'`;
  expect((await nodes.moveFromLost()).stranded).toEqual(['only']);
  expect(await nodes.get('only')).toMatchObject({ state: 'dead', gatewayCount: 1 });
  expect((await nodes.moveFromLost()).stranded).toEqual(['only']);
});

test('after an absence of the watcher or the database nobody is declared dead before it could be heard', async () => {
  const { nodes, database } = repositories;
  const incarnation = await addNode(repositories, 'a');
  await database.$executeRaw`UPDATE node SET heartbeat_at = now() - interval '2 hours'`;
  await database.$executeRaw`UPDATE node_pool SET watched_at = now() - interval '2 hours', watched_since = now() - interval '3 hours'`;
  await nodes.moveFromLost();
  expect((await nodes.get('a')).state).toBe('active');
  expect(await nodes.heartbeat('a', incarnation, {})).toBe(true);
});

/** Somebody has been looking at the nodes all the time. */
async function watchedForHours(): Promise<void> {
  await repositories.database
    .$executeRaw`UPDATE node_pool SET watched_at = now(), watched_since = now() - interval '3 hours'`;
}

test('the same idempotency key gives the same rollout, however many ask at once', async () => {
  await addNode(repositories, 'a');
  await addGateways(repositories, [profileOf('g1')]);
  const { rollouts } = repositories;
  const request = {
    requests: ['a'],
    target: { gateways: ['g1'] },
    options: { deadlineSeconds: 1 },
    idempotencyKey: randomUUID(),
    requestDigest: 'one',
  };
  const created = await Promise.all(Array.from({ length: 8 }, () => rollouts.create(request)));
  expect(new Set(created.map(({ id }) => id)).size).toBe(1);
  expect(created.filter((entry) => entry.created)).toHaveLength(1);
  await expect(rollouts.create({ ...request, requestDigest: 'two' })).rejects.toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
});

test('gateways on which something is not as it should be are listed alone, as the domain judges them', async () => {
  const state = { isolation: 'full' as const, limits: true, digest: '0', applications: [], damaged: [] };
  const up = { name: 'app', up: true, restarts: 0 };
  const profiles = [
    profileOf('unwell-none'),
    profileOf('unwell-idle', { state }),
    profileOf('unwell-up', { state: { ...state, applications: [up] } }),
    profileOf('unwell-down', { state: { ...state, applications: [up, { ...up, up: false }] } }),
    profileOf('unwell-check', { state: { ...state, applications: [{ ...up, check: 'no answer' }] } }),
    profileOf('unwell-damaged', { state: { ...state, damaged: ['lib'] } }),
    profileOf('unwell-rescued', { state: { ...state, rescued: 'current was gone' } }),
  ];
  await addNode(repositories, 'node-1');
  await addGateways(repositories, profiles);
  const found = (await repositories.gateways.list(500, null, { unwell: true })).items.map(({ id }) => id);
  const troubled = profiles.filter((profile) => troublesOf(profile).length > 0).map(({ id }) => id);
  expect(found.filter((id) => id.startsWith('unwell-'))).toEqual(troubled.sort());
  expect(troubled).toHaveLength(4);
  const page = await repositories.gateways.list(1, 'unwell-check', { unwell: true });
  expect(page).toMatchObject({ items: [{ id: 'unwell-damaged' }], nextCursor: 'unwell-damaged' });
});

test('who is to be woken is named until that is done, and again when something waits since it was named', async () => {
  await addNode(repositories, 'a');
  const { gateways } = repositories;
  const ids = ['g1', 'g2', 'g3'];
  await addGateways(
    repositories,
    ids.map((id) => profileOf(id)),
  );
  for (const id of ['g1', 'g2']) await gateways.wantProfile(id);
  const named = async () => (await gateways.toWake('a', '', 10)).map(({ gatewayId }) => gatewayId).sort();
  // A node that died before it notified them has changed nothing.
  expect(await named()).toEqual(['g1', 'g2']);
  expect(await gateways.toWake('a', 'g1', 10)).toMatchObject([{ gatewayId: 'g2' }]);
  const targets = await gateways.toWake('a', '', 10);
  await gateways.wantProfile('g2');
  await gateways.awoken(targets);
  expect(await named()).toEqual(['g2']);
  await gateways.awoken(await gateways.toWake('a', '', 10));
  expect(await named()).toEqual([]);
});
