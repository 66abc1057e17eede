/**
 * What people asked for is kept, and comes to its end: long names and what Temporal never takes, cancelling before
 * anything runs or while Temporal is away, keys that come again when what they named is gone, and reports that come
 * when all is over. The API, PostgreSQL, Temporal, and the coordinator's and a node's work in this process.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { request } from 'undici';
import type { DeliveryCounts } from '../domain/rollout/state.js';
import { inProcessLeonore, tick, type InProcessLeonore } from './support/in-process-leonore.js';
import { quietTemporal } from './support/quiet-temporal.js';
import { localTemporal, type LocalTemporal } from './support/temporal.js';
import { testApi, testTokens, type TestApi } from './support/test-api.js';
import { addGateways, profileOf, type TestRepositories, orderParts } from './support/test-repositories.js';

let directory: string;
let temporal: LocalTemporal;
let api: TestApi;
let repositories: TestRepositories;
let leonore: InProcessLeonore;
/** A rollout that Temporal refuses again and again, all the while. */
let refused: string;

beforeAll(async () => {
  quietTemporal();
  directory = await mkdtemp(join(tmpdir(), 'leonore-requests-'));
  temporal = await localTemporal({ dbFile: join(directory, 'temporal.db') });
  api = await testApi(temporal.address);
  ({ repositories } = api);
  const client = temporal.environment.client.workflow;
  leonore = await inProcessLeonore(
    repositories,
    { address: temporal.address, namespace: 'default', client },
    ['node-1'],
    api.blobRoot,
  );
  await publish('app');
  const [gateway = ''] = await leonore.gateways.add('refused', ['answers']);
  // Above what Temporal takes as an input.
  refused = await recorded(['x'.repeat(3 << 20)], gateway);
}, 300_000);

afterAll(async () => {
  await leonore.stop();
  await api.close();
  await temporal.stop();
  await rm(directory, { recursive: true, force: true });
}, 300_000);

const publish = (name: string) =>
  leonore.builder.publish({ name, version: '1.0.0', kind: 'application' }, { run: '#!/bin/sh\n' });

async function call(
  method: 'POST' | 'DELETE',
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const answer = await request(`${api.address}/api/v1/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${testTokens.admin}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.body.text();
  return {
    status: answer.statusCode,
    body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
}

/** A deployment of one gateway. */
async function deploymentOf(gatewayId: string): Promise<string> {
  const name = `of-${gatewayId}`;
  await repositories.deployments.create(name, { gatewayIds: [gatewayId], selector: null });
  return name;
}

async function startRollout(body: Record<string, unknown>): Promise<string> {
  const answer = await call('POST', 'rollouts', body);
  expect(answer).toMatchObject({ status: 202 });
  return String(answer.body['id']);
}

async function expectCounts(rolloutId: string, counts: Partial<DeliveryCounts>): Promise<void> {
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject(counts);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await tick();
}

/** A rollout as somebody recorded it who died before he could begin it. */
async function recorded(requests: readonly string[], gatewayId: string): Promise<string> {
  const { id } = await repositories.rollouts.create({
    requests,
    target: { gateways: [gatewayId] },
    options: { deadlineSeconds: 600 },
    idempotencyKey: null,
    requestDigest: 'test',
  });
  return id;
}

test.each([
  ['25 requests with names of 93 characters', (index: number) => `${'n'.repeat(90)}-${10 + index}`, ''],
  [
    '32 requests with the longest names and ranges',
    (index: number) => `${'m'.repeat(97)}-${10 + index}`,
    `@${'>=0.1.0 '.repeat(31).trimEnd()}`,
  ],
])(
  '%s are taken, and delivered',
  async (what, nameOf, range) => {
    const names = Array.from({ length: what.startsWith('25') ? 25 : 32 }, (_none, index) => nameOf(index));
    for (const name of names) await publish(name);
    const [gateway = ''] = await leonore.gateways.add(`long${names.length}`, ['answers']);
    const deployment = 'd'.repeat(98) + String(names.length);
    // As long as a selector may be; what matches it is not only ASCII.
    const selector = `id == "${gateway}" || labels.room == "${'Gürtel 🚪 '.repeat(150)}"`;
    expect(await call('POST', 'deployments', { name: deployment, select: selector })).toMatchObject({
      status: 201,
    });
    const id = await startRollout({ requests: names.map((name) => `${name}${range}`), deployment });
    expect(await leonore.ended(id)).toMatchObject({ state: 'succeeded', failure: null });
  },
  120_000,
);

test.each(['x'.repeat(10_000), 'id == "\ud800"', 'id == "\u0000"'])(
  'a selector that cannot be stored is refused, and nothing fails',
  async (select) => {
    const { status } = await call('POST', 'deployments', { name: `refused-${randomUUID()}`, select });
    expect(status).toBe(400);
  },
);

test('what Temporal will never take ends with the reason, and keeps nobody else waiting', async () => {
  const { orders, database, rollouts } = repositories;
  const [gateway = ''] = await leonore.gateways.add('beside', ['answers']);
  const good = await recorded(['app'], gateway);
  await addGateways(repositories, [
    profileOf('never-ordered', { installed: [{ name: 'app', version: '1.0.0' }] }),
  ]);
  const { id: order } = await orders.add(
    { action: 'stop', artifact: 'app', deadlineSeconds: 1, idempotencyKey: null, requestDigest: 'test' },
    orderParts(['never-ordered']),
  );
  expect(await leonore.ended(good)).toMatchObject({ state: 'succeeded' });
  await until(async () => (await orders.list({ orderId: order }, 1, null)).items[0]?.state === 'lost');
  const { failure, state } = await leonore.ended(refused);
  expect({ failure, state }).toEqual({
    state: 'failed',
    failure: { code: 'INTERNAL', message: expect.stringContaining('Temporal does not take the rollout') },
  });
  expect(JSON.stringify(failure).length).toBeLessThan(3_000);
  await until(async () => (await database.rollout.findUnique({ where: { id: order } }))?.endedAt != null);
  expect(await rollouts.counts(order)).toMatchObject({ lost: 1 });
}, 300_000);

test('a rollout that was cancelled before its workflow started never runs', async () => {
  const { rollouts } = repositories;
  const [gateway = ''] = await leonore.gateways.add('early', ['answers']);
  const id = await recorded(['app'], gateway);
  await rollouts.requestCancel(id);
  expect(await leonore.ended(id)).toMatchObject({ state: 'cancelled', failure: null });
  await expectCounts(id, { succeeded: 0, offered: 0 });
  expect(await rollouts.groups(id, 1)).toEqual([]);
  expect(leonore.gateways.disks.has(gateway)).toBe(false);
}, 300_000);

test('what is cancelled while Temporal is away is cancelled when it is back', async () => {
  const { rollouts } = repositories;
  const [gateway = '', unstarted = ''] = await leonore.gateways.add('away', ['silent', 'silent']);
  const id = await startRollout({ requests: ['app'], deployment: await deploymentOf(gateway) });
  await until(async () => (await rollouts.counts(id)).offered === 1);
  await temporal.halt();
  const never = await recorded(['app'], unstarted);
  for (const one of [id, never])
    expect(await call('POST', `rollouts/${one}/cancel`)).toMatchObject({
      status: 202,
      body: { state: 'cancelling' },
    });
  leonore.gateways.conduct([unstarted], 'answers');
  await temporal.start();
  expect(await leonore.ended(id)).toMatchObject({ state: 'cancelled', failure: null });
  expect(await leonore.ended(never)).toMatchObject({ state: 'cancelled', failure: null });
  await expectCounts(id, { cancelled: 1 });
  expect(leonore.gateways.disks.has(unstarted)).toBe(false);
}, 300_000);

test('a late report corrects a rollout that has ended', async () => {
  const { rollouts } = repositories;
  const [gateway = ''] = await leonore.gateways.add('late', ['silent']);
  const deployment = await deploymentOf(gateway);
  const id = await startRollout({ requests: ['app'], deployment, deadlineSeconds: 2 });
  expect(await leonore.ended(id)).toMatchObject({ state: 'failed' });
  await expectCounts(id, { lost: 1 });
  const delivery = { rolloutId: id, ordinal: 0 };
  await repositories.deliveries.report([
    {
      gatewayId: gateway,
      delivery,
      reports: [{ deliveryId: `${id}.0`, sequence: 1, state: 'succeeded' }],
    },
  ]);
  await until(async () => (await rollouts.get(id)).state === 'succeeded');
  expect(await rollouts.events(id)).toContainEqual(
    expect.objectContaining({ kind: 'corrected', detail: { state: 'succeeded' } }),
  );
}, 300_000);

test('a key that comes again gives what it started, though all that it named is gone', async () => {
  await publish('passing');
  const [gateway = ''] = await leonore.gateways.add('gone', ['answers']);
  await addGateways(repositories, [
    profileOf('gone-ordered', { installed: [{ name: 'passing', version: '1.0.0' }] }),
  ]);
  const keys = { rollout: { 'idempotency-key': randomUUID() }, order: { 'idempotency-key': randomUUID() } };
  const rollout = { requests: ['passing'], deployment: await deploymentOf(gateway) };
  const order = { action: 'stop', artifact: 'passing', gatewayIds: ['gone-ordered'], deadlineSeconds: 1 };
  const first = await call('POST', 'rollouts', rollout, keys.rollout);
  const given = await call('POST', 'orders', order, keys.order);
  expect([first.status, given.status]).toEqual([202, 202]);
  await leonore.ended(String(first.body['id']));
  for (const id of [gateway, 'gone-ordered'])
    expect((await call('DELETE', `gateways/${id}`)).status).toBe(204);
  expect((await call('DELETE', 'artifacts/passing/1.0.0')).status).toBe(204);
  const again = await call('POST', 'rollouts', rollout, keys.rollout);
  expect({ status: again.status, id: again.body['id'] }).toEqual({ status: 202, id: first.body['id'] });
  expect(await call('POST', 'orders', order, keys.order)).toMatchObject({ status: 202, body: given.body });
  // Another request under the same key is another.
  expect(await call('POST', 'rollouts', { ...rollout, deadlineSeconds: 9 }, keys.rollout)).toMatchObject({
    status: 422,
    body: { code: 'IDEMPOTENCY_KEY_REUSED' },
  });
}, 300_000);
