/** The device API on real sockets and a real database: what a gateway may, and what it may not. */
import { createHash, randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { formatDeliveryId } from '../../domain/delivery/delivery-id.js';
import { parseTasksText } from '../../domain/agent-protocol/text-form.js';
import type { ChunkAcknowledgement } from '../../repositories/delivery/delivery-repository.js';
import {
  addNode,
  addRollout,
  offerPackage,
  planOf,
  profileOf,
  testRepositories,
  type TestRepositories,
  orderParts,
} from '../../tests/support/test-repositories.js';
import { GatewayChanges } from '../../repositories/gateway-changes.js';
import { type DeviceBed, serveDevices } from '../../tests/support/device-bed.js';
import type { DeviceService } from '../device-service.js';
import { issueGatewayToken } from '../gateway-token.js';

const content = Buffer.from('the bytes of a package, as many as are needed to cut them into parts');
const digest = createHash('sha256').update(content).digest('hex');

let repositories: TestRepositories;
/** Emits the id of each gateway whose change was announced. */
const announced = new EventEmitter();
let service: DeviceService;
let changes: GatewayChanges;
let bed: DeviceBed;
let address: string;
let acknowledged: ChunkAcknowledgement[];
let missing: string[];
let gateway: { id: string; token: string };
let stranger: { id: string; token: string };
let rolloutId: string;

beforeAll(async () => {
  repositories = await testRepositories();
  bed = await serveDevices(repositories, {
    missing: (missed) => missing.push(missed),
    acknowledged: (acknowledgements) => acknowledged.push(...acknowledgements),
  });
  ({ service, address } = bed);
  await (await bed.blobs.stage(Readable.from([content]), 1_000)).commit();
  // As in a node: what the tests change elsewhere must be told at the next poll.
  await new Promise<void>((connected) => {
    changes = new GatewayChanges(repositories.server.url, 'node-1', {
      connected: () => {
        service.changesAnnounced(true);
        connected();
      },
      disconnected: () => service.changesAnnounced(false),
      changed: (gatewayId) => {
        service.gatewayChanged(gatewayId);
        announced.emit(gatewayId);
      },
    });
  });
}, 60_000);

afterAll(async () => {
  await changes.close();
  await bed.close();
  await repositories.close();
});

beforeEach(async () => {
  acknowledged = [];
  missing = [];
  gateway = await bed.enrol();
  stranger = await bed.enrol();
  rolloutId = await offer(gateway.id);
});

async function offer(gatewayId: string): Promise<string> {
  const id = await addRollout(repositories, ['thermometer'], [gatewayId]);
  await offerPackage(repositories, id, { plan: planOf(), content: { digest, sizeBytes: content.length } });
  return id;
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  body: Record<string, unknown>;
}

async function call(
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  token: string,
  options: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const answer = await request(`${address}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(options.body === undefined
      ? {}
      : { body: typeof options.body === 'string' ? options.body : JSON.stringify(options.body) }),
  });
  const text = await answer.body.text();
  const json = String(answer.headers['content-type']).includes('json');
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text,
    body: (json ? JSON.parse(text) : {}) as Record<string, unknown>,
  };
}

const tasks = (token: string, headers = {}) => call('GET', '/device/v1/tasks', token, { headers });
const download = (token: string, headers = {}) =>
  call('GET', `/device/v1/packages/${digest}`, token, { headers });
const report = (token: string, reports: unknown[]) =>
  call('POST', '/device/v1/reports', token, { body: { reports } });
const state = (sequence: number, value: string, ordinal = 0) => ({
  deliveryId: formatDeliveryId({ rolloutId, ordinal }),
  sequence,
  state: value,
});

test('a gateway that is asked for its profile twice without a poll in between is asked twice', async () => {
  const { id, token } = await bed.enrol();
  const ask = async (etag?: string) => {
    await repositories.gateways.wantProfile(id);
    return tasks(token, etag === undefined ? {} : { 'if-none-match': etag });
  };
  const first = await ask();
  expect(first.body).toMatchObject({ profileWanted: true });
  expect(await ask(String(first.headers['etag']))).toMatchObject({
    status: 200,
    body: { profileWanted: true },
  });
});

test('a gateway is told its task once; asked again with the ETag, nothing has changed', async () => {
  const first = await tasks(gateway.token);
  expect(first).toMatchObject({ status: 200, body: { tasks: [{ rolloutId, package: { digest } }] } });
  const etag = String(first.headers['etag']);
  expect((await tasks(gateway.token, { 'if-none-match': etag })).status).toBe(304);
  expect((await tasks(stranger.token, { 'if-none-match': etag })).body).toMatchObject({ tasks: [] });
});

test('an agent without a JSON parser reads the same task as text', async () => {
  const answer = await tasks(gateway.token, { accept: 'text/plain' });
  expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' } });
  expect(parseTasksText(answer.text)).toEqual((await tasks(gateway.token)).body);
});

test.each([
  ['no token at all', ''],
  ['a token that is none', 'nonsense'],
  ['a token of a gateway that nobody knows', issueGatewayToken('nobody').token],
])('%s is refused', async (_what, token) => {
  expect(await tasks(token)).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
});

test("another gateway's name with a secret of one's own is refused", async () => {
  expect((await tasks(issueGatewayToken(gateway.id).token)).status).toBe(401);
});

test('the token of a decommissioned gateway is void at once, and its delivery is cancelled', async () => {
  await repositories.gateways.decommission(gateway.id);
  expect((await tasks(gateway.token)).status).toBe(401);
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ cancelled: 1 });
});

test('a gateway of another node is sent away', async () => {
  const incarnation = await addNode(repositories, 'node-2');
  await repositories.database.gateway.update({ where: { id: gateway.id }, data: { nodeId: 'node-2' } });
  expect(await tasks(gateway.token)).toMatchObject({ status: 421, body: { code: 'NOT_THIS_NODE' } });
  await repositories.nodes.stopped('node-2', incarnation);
});

test('a package is downloaded whole, in part, and resumed only while it is the same', async () => {
  const etag = `"${digest}"`;
  const whole = await download(gateway.token);
  expect(whole).toMatchObject({
    status: 200,
    text: content.toString(),
    headers: { etag, 'accept-ranges': 'bytes' },
  });
  const part = await download(gateway.token, { range: 'bytes=10-19' });
  expect(part).toMatchObject({
    status: 206,
    text: content.subarray(10, 20).toString(),
    headers: { 'content-range': `bytes 10-19/${content.length}` },
  });
  expect((await download(gateway.token, { range: 'bytes=10-', 'if-range': etag })).text).toBe(
    content.subarray(10).toString(),
  );
  expect((await download(gateway.token, { range: 'bytes=10-', 'if-range': '"other"' })).status).toBe(200);
  expect((await download(gateway.token, { range: `bytes=${content.length}-` })).status).toBe(416);
});

test('a package whose archive is gone is being built again: the gateway asks later', async () => {
  const gone = { digest: 'ab'.repeat(32), sizeBytes: 1 };
  const { id, token } = await bed.enrol();
  const rollout = await addRollout(repositories, ['thermometer'], [id]);
  await offerPackage(repositories, rollout, { plan: planOf(), content: gone });
  expect(await call('GET', `/device/v1/packages/${gone.digest}`, token)).toMatchObject({
    status: 503,
    headers: { 'retry-after': expect.any(String) },
    body: { code: 'PACKAGE_REBUILDING' },
  });
  expect(missing).toEqual([gone.digest]);
});

test('a package that no delivery of the gateway needs is not there for it', async () => {
  expect(await download(stranger.token)).toMatchObject({ status: 404, body: { code: 'PACKAGE_NOT_FOUND' } });
});

test('reports end a delivery and wake its workflow; the same again is a duplicate', async () => {
  const reports = [state(1, 'downloading'), state(2, 'installing'), state(3, 'succeeded')];
  expect((await report(gateway.token, reports)).body).toMatchObject({
    outcomes: [{ outcome: 'applied' }, { outcome: 'applied' }, { outcome: 'applied', state: 'succeeded' }],
  });
  expect(acknowledged).toEqual([{ rolloutId, chunk: 0, slots: [0], remaining: 0, refused: false }]);
  expect(await report(gateway.token, reports)).toMatchObject({
    status: 200,
    body: { outcomes: [{ outcome: 'duplicate' }, { outcome: 'duplicate' }, { outcome: 'duplicate' }] },
  });
  expect((await tasks(gateway.token)).body).toMatchObject({ tasks: [] });
});

test("a report for somebody else's delivery is refused and changes nothing", async () => {
  expect(await report(stranger.token, [state(1, 'succeeded')])).toMatchObject({
    status: 404,
    body: { code: 'DELIVERY_NOT_FOUND' },
  });
  expect(await report(gateway.token, [{ ...state(1, 'succeeded'), deliveryId: 'nonsense' }])).toMatchObject({
    status: 404,
  });
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ offered: 1 });
});

test('a report for a delivery that has ended is refused and changes nothing', async () => {
  await repositories.provisioning.cancel(rolloutId);
  expect(await report(gateway.token, [state(1, 'downloading')])).toMatchObject({
    status: 409,
    body: { code: 'DELIVERY_ENDED' },
  });
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ cancelled: 1 });
});

test.each([
  ['malformed JSON', '{"reports":', 400],
  ['no reports', { reports: [] }, 400],
  ['an unknown state', { reports: [{ deliveryId: 'x', sequence: 1, state: 'exploded' }] }, 400],
  ['an unknown field', { reports: [{ deliveryId: 'x', sequence: 1, state: 'failed', colour: 'red' }] }, 400],
  ['a number as text', { reports: [{ deliveryId: 'x', sequence: '1', state: 'failed' }] }, 400],
  [
    'too many reports',
    {
      reports: Array.from({ length: 33 }, (_unused, index) => ({
        deliveryId: 'x',
        sequence: index + 1,
        state: 'failed',
      })),
    },
    400,
  ],
  ['an oversized body', `{"reports":[${' '.repeat(200_000)}]}`, 413],
])('%s is refused', async (_what, body, status) => {
  const answer = await call('POST', '/device/v1/reports', gateway.token, { body });
  expect(answer.status).toBe(status);
  expect(answer.body).toMatchObject({ actor: 'caller' });
});

test('a gateway updates its own profile, and no other', async () => {
  const profile = profileOf(gateway.id, { labels: { floor: '3' } });
  expect((await call('PUT', '/device/v1/profile', gateway.token, { body: { profile } })).status).toBe(204);
  expect((await repositories.gateways.get(gateway.id)).profile.labels).toEqual({ floor: '3' });
  expect(await call('PUT', '/device/v1/profile', stranger.token, { body: { profile } })).toMatchObject({
    status: 403,
    body: { code: 'FORBIDDEN' },
  });
});

test('a profile that the framework wants is asked for until it came', async () => {
  await repositories.gateways.wantProfile(stranger.id);
  expect((await tasks(stranger.token)).body).toMatchObject({ profileWanted: true });
  await call('PUT', '/device/v1/profile', stranger.token, { body: { profile: profileOf(stranger.id) } });
  expect((await tasks(stranger.token)).body).toMatchObject({ profileWanted: false });
});

describe('an order', () => {
  const installed = [{ name: 'app', version: '1.0.0', installedSize: 1, requested: true }];
  const give = async (gatewayId: string, deadlineSeconds = 60): Promise<string> => {
    const order = { action: 'stop', artifact: 'app', deadlineSeconds } as const;
    const { id } = await repositories.orders.add(
      { ...order, idempotencyKey: null, requestDigest: 'test' },
      orderParts([gatewayId]),
    );
    return id;
  };
  const statesOf = async (orderId: string) =>
    (await repositories.orders.list({ orderId }, 10, null)).items.map(({ state: of }) => of);

  test('is told to its gateway alone, once nothing older waits, and is reported on like a delivery', async () => {
    const id = await give(gateway.id);
    // The delivery was there first.
    expect((await tasks(gateway.token)).body).not.toHaveProperty('orders');
    await report(gateway.token, [state(1, 'failed')]);

    const answer = await tasks(gateway.token);
    expect(answer.body).toMatchObject({
      tasks: [],
      orders: [{ action: 'stop', artifact: 'app', lastSequence: 0 }],
    });
    expect((await tasks(stranger.token)).body).not.toHaveProperty('orders');
    const text = await tasks(gateway.token, { accept: 'text/plain' });
    expect(parseTasksText(text.text)).toEqual(answer.body);
    const [order] = answer.body['orders'] as { deliveryId: string }[];
    const deliveryId = order?.deliveryId ?? '';

    expect(await report(stranger.token, [{ deliveryId, sequence: 1, state: 'succeeded' }])).toMatchObject({
      status: 404,
      body: { code: 'DELIVERY_NOT_FOUND' },
    });
    const last = { deliveryId, sequence: 3, state: 'succeeded', installed };
    const reports = [{ deliveryId, sequence: 2, state: 'installing' }, last];
    expect((await report(gateway.token, reports)).body).toMatchObject({
      outcomes: [{ outcome: 'applied' }, { outcome: 'applied', state: 'succeeded' }],
    });
    expect((await report(gateway.token, [last])).body).toMatchObject({
      outcomes: [{ outcome: 'duplicate', state: 'succeeded' }],
    });
    expect(await statesOf(id)).toEqual(['succeeded']);
    expect((await repositories.gateways.get(gateway.id)).profile.installed).toEqual(installed);
    expect((await tasks(gateway.token)).body).not.toHaveProperty('orders');
  });

  test('whose gateway says nothing is lost, and corrected by a late report', async () => {
    const id = await give(stranger.id, 0);
    expect((await tasks(stranger.token)).body).not.toHaveProperty('orders');
    for (const { rolloutId, chunk } of await repositories.chunks.overdue(60_000))
      await repositories.chunks.lose(rolloutId, chunk);
    expect(await statesOf(id)).toEqual(['lost']);
    const [part] = (await repositories.orders.list({ orderId: id }, 1, null)).items;
    const deliveryId = formatDeliveryId({ rolloutId: id, ordinal: part?.ordinal ?? -1 });
    await report(stranger.token, [{ deliveryId, sequence: 3, state: 'succeeded' }]);
    expect(await statesOf(id)).toEqual(['succeeded']);
  });

  test('can be withdrawn until the gateway has begun with it', async () => {
    const [begun, waiting] = [await give(stranger.id), await give(stranger.id)];
    const [order] = (await tasks(stranger.token)).body['orders'] as { deliveryId: string }[];
    await report(stranger.token, [{ deliveryId: order?.deliveryId, sequence: 2, state: 'installing' }]);
    expect(await repositories.orders.cancel(begun)).toBe(0);
    expect(await repositories.orders.cancel(waiting)).toBe(1);
    expect([await statesOf(begun), await statesOf(waiting)]).toEqual([['installing'], ['cancelled']]);
    await expect(repositories.orders.cancel(randomUUID())).rejects.toMatchObject({ code: 'ORDER_NOT_FOUND' });
  });

  test('of a decommissioned gateway is cancelled', async () => {
    const id = await give(stranger.id);
    await repositories.gateways.decommission(stranger.id);
    expect(await statesOf(id)).toEqual(['cancelled']);
  });
});

test('a gateway that has asked before is told of what changed elsewhere since', async () => {
  const none = await tasks(stranger.token);
  expect(none.body).toMatchObject({ tasks: [] });
  const changed = once(announced, stranger.id);
  await offer(stranger.id);
  await changed;
  expect((await tasks(stranger.token)).body).toMatchObject({ tasks: [{ package: { digest } }] });
});

test('a poll without news is answered from memory, also while the database is busy with something else', async () => {
  const first = await tasks(stranger.token);
  const etag = String(first.headers['etag']);
  const held = repositories.database.$transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE gateway IN ACCESS EXCLUSIVE MODE`;
    return call('GET', '/device/v1/tasks', stranger.token, { headers: { 'if-none-match': etag } });
  });
  expect((await held).status).toBe(304);
});
