/** What clients of hawkBit's do, and what they do wrong. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { clientBed, type ClientBed } from '../../tests/support/client-bed.js';
import type { ClientAnswer } from '../../tests/support/client-answer.js';
import { askDdi, feedbackOf, type DdiBase } from '../../tests/support/ddi-device.js';
import { orderParts, type TestRepositories } from '../../tests/support/test-repositories.js';
import { issueClaimCode, issueEnrolmentToken } from '../gateway-token.js';
import { modeIn } from './ddi-messages.js';
import { hawkbit } from './hawkbit-handler.js';

const image = Buffer.from('an image that is delivered as it is');
const file = { version: '2.0.0', fileName: 'meter.swu', bytes: image };
let bed: ClientBed;
let repositories: TestRepositories;
let address: string;
let gatewayToken: string;
let serial = 0;
let id: string;
let device: { base: string; authorization: string };

beforeAll(async () => {
  bed = await clientBed(hawkbit, { LEONORE_HAWKBIT_PORT: '0', LEONORE_HAWKBIT_POLL_SECONDS: '90' });
  ({ repositories, address } = bed);
  gatewayToken = await bed.enrolment();
}, 60_000);

afterAll(() => bed.close());

beforeEach(() => {
  serial += 1;
  id = `board-${serial}`;
  device = { base: `${address}/${id}`, authorization: `GatewayToken ${gatewayToken}` };
});

const polled = async (): Promise<DdiBase> => (await askDdi(device, '')).body as unknown as DdiBase;

async function offered(): Promise<{ rolloutId: string; action: string; deployment: ClientAnswer }> {
  await polled();
  const rolloutId = await bed.offer(id, file);
  const { _links: links } = await polled();
  const deployment = await askDdi(device, links.deploymentBase?.href ?? '');
  return { rolloutId, action: String(deployment.body['id']), deployment };
}

const feedback = (action: string, body: unknown, path = 'deploymentBase') =>
  askDdi(device, `/${path}/${action}/feedback`, { method: 'POST', body });

test('a device that is not known enrols with its first poll, and says what it is', async () => {
  const first = await polled();
  expect(first.config.polling.sleep).toBe('00:01:30');
  const data = {
    arch: 'armv7',
    os: 'linux',
    'hardware.modem': '4.0',
    site: 'hill',
    HwRevision: 'b',
    formats: 'swu',
  };
  // As SWUpdate sends it.
  const status = { result: { finished: 'success' }, execution: 'closed', details: [''] };
  const body = { id: '', time: '20261102T101500', status, data };
  expect(await askDdi(device, first._links.configData?.href ?? '', { method: 'PUT', body })).toMatchObject({
    status: 200,
  });
  expect((await polled())._links).toEqual({});
  const gateway = await repositories.gateways.get(id);
  expect(gateway).toMatchObject({
    protocol: 'hawkbit',
    strategy: 'pull',
    nodeId: 'node-1',
    labels: { line: 'a', site: 'hill' },
    profile: {
      hardware: { arch: 'armv7', components: [{ name: 'modem', version: '4.0' }] },
      software: { os: 'linux', formats: ['swu'] },
      labels: { site: 'hill', HwRevision: 'b' },
    },
  });
});

test('a device goes from its poll to what it has installed, with its log kept', async () => {
  const { rolloutId, action, deployment } = await offered();
  expect(Number(action)).toBeLessThan(2 ** 31);
  const chunks = (deployment.body['deployment'] as { chunks: Record<string, unknown>[] }).chunks;
  expect(chunks).toMatchObject([{ part: 'bApp', name: 'meter', version: '2.0.0' }]);
  const [artifact] = chunks[0]?.['artifacts'] as {
    filename: string;
    size: number;
    hashes: Record<string, string>;
    _links: Record<string, { href: string }>;
  }[];
  const sum = (algorithm: string) => createHash(algorithm).update(image).digest('hex');
  expect(artifact).toMatchObject({
    filename: 'meter.swu',
    size: image.length,
    hashes: { sha1: sum('sha1'), md5: sum('md5'), sha256: sum('sha256') },
  });
  const href = artifact?._links['download-http']?.href ?? '';
  const head = await askDdi(device, href, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, String(image.length)]);
  expect((await askDdi(device, href)).bytes).toEqual(image);
  const rest = await askDdi(device, href, { headers: { range: 'bytes=10-' } });
  expect([rest.status, rest.bytes]).toEqual([206, image.subarray(10)]);
  expect((await feedback(action, feedbackOf(action, 'downloading', ['began']))).status).toBe(200);
  expect((await feedback(action, feedbackOf(action, 'downloading', ['half of it']))).status).toBe(200);
  expect((await feedback(action, feedbackOf(action, 'succeeded', ['all of it']))).status).toBe(200);
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ succeeded: 1 });
  const history = await repositories.deliveries.history({ rolloutId, ordinal: 0 });
  expect(JSON.stringify(history)).toContain('began\\nhalf of it\\nall of it');
  expect((await repositories.gateways.get(id)).profile.installed).toMatchObject([
    { name: 'meter', version: '2.0.0' },
  ]);
  expect((await polled())._links.deploymentBase).toBeUndefined();
});

test('what failed has failed by the words of the client', async () => {
  const { rolloutId, action } = await offered();
  await feedback(action, feedbackOf(action, 'failed', ['no room']));
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ failed: 1 });
  const history = await repositories.deliveries.history({ rolloutId, ordinal: 0 });
  expect(JSON.stringify(history)).toContain('no room');
  // Told again, as clients do whose answer was lost.
  expect((await feedback(action, feedbackOf(action, 'failed'))).status).toBe(410);
});

test('before its window a device may download alone', async () => {
  const windows = [{ fromSeconds: 100, toSeconds: 200 }];
  expect(modeIn(undefined, 50)).toEqual({ download: 'forced', update: 'forced' });
  expect(modeIn(windows, 50)).toEqual({
    download: 'attempt',
    update: 'skip',
    maintenanceWindow: 'unavailable',
  });
  expect(modeIn(windows, 150)).toMatchObject({ update: 'forced', maintenanceWindow: 'available' });
  const { rolloutId, action } = await offered();
  await feedback(action, { status: { execution: 'downloaded', result: { finished: 'none' } } });
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ installing: 1 });
});

test('what was cancelled is said until the client knows it, and nothing new before', async () => {
  const { rolloutId, action } = await offered();
  await repositories.provisioning.cancel(rolloutId);
  await bed.offer(id, file);
  const { _links: links } = await polled();
  expect(links.deploymentBase).toBeUndefined();
  const cancel = await askDdi(device, links.cancelAction?.href ?? '');
  expect(cancel.body).toEqual({ id: action, cancelAction: { stopId: action } });
  expect((await feedback(action, feedbackOf(action, 'downloading'))).status).toBe(410);
  expect((await feedback(action, feedbackOf(action, 'succeeded'), 'cancelAction')).status).toBe(200);
  expect((await polled())._links).toMatchObject({ deploymentBase: {} });
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ cancelled: 1 });
});

test('an order is answered in the place of a client that knows none', async () => {
  await polled();
  const order = { action: 'stop', artifact: 'meter', deadlineSeconds: 600 } as const;
  const { id: orderId } = await repositories.orders.add(
    { ...order, idempotencyKey: null, requestDigest: 'digest' },
    orderParts([id]),
  );
  await polled();
  const { items } = await repositories.orders.list({ orderId }, 1, null);
  expect(items).toMatchObject([{ state: 'failed', error: { step: 'order' } }]);
});

test.each([
  ['no token', () => ''],
  ['a bearer token', () => `Bearer ${gatewayToken}`],
  ['a token that nobody made', () => `GatewayToken ${issueEnrolmentToken().token}`],
  ['a token of another kind', () => 'TargetToken x'],
])('who comes with %s is not served', async (_what, authorization) => {
  device.authorization = authorization();
  expect(await askDdi(device, '')).toMatchObject({ status: 401 });
  await expect(repositories.gateways.get(id)).rejects.toMatchObject({ code: 'GATEWAY_NOT_FOUND' });
});

test('a token that does not let devices in without a key lets none in', async () => {
  const token = await bed.enrolment({ keyless: false });
  device.authorization = `GatewayToken ${token}`;
  expect((await askDdi(device, '')).status).toBe(401);
});

test('a device that a person has to approve is served from then on', async () => {
  const token = await bed.enrolment({ approval: 'person' });
  device.authorization = `GatewayToken ${token}`;
  expect((await askDdi(device, '')).status).toBe(401);
  expect(await repositories.gateways.get(id)).toMatchObject({ conditions: ['pending'] });
});

test('a claim code is the token of the one device that it was made for', async () => {
  const { code, hash } = issueClaimCode();
  await repositories.expected.expect([{ gatewayId: id, labels: {}, nodeId: null, codeHash: hash }], null);
  device.authorization = `TargetToken ${code}`;
  expect((await askDdi(device, '')).status).toBe(200);
  expect((await askDdi(device, '')).status).toBe(200);
  const other = { base: `${address}/${id}-other`, authorization: device.authorization };
  expect((await askDdi(other, '')).status).toBe(401);
});

test("the token of many devices is nobody's who came by another", async () => {
  const { code, hash } = issueClaimCode();
  await repositories.expected.expect([{ gatewayId: id, labels: {}, nodeId: null, codeHash: hash }], null);
  device.authorization = `TargetToken ${code}`;
  await polled();
  const thief = { ...device, authorization: `GatewayToken ${gatewayToken}` };
  expect((await askDdi(thief, '')).status).toBe(401);
  expect((await askDdi(device, '')).status).toBe(200);
});

test("feedback and artifacts of another's action are refused", async () => {
  const { rolloutId, action, deployment } = await offered();
  const other = { base: `${address}/${id}-other`, authorization: device.authorization };
  await askDdi(other, '');
  const stolen = await askDdi(other, `/deploymentBase/${action}/feedback`, {
    method: 'POST',
    body: feedbackOf(action, 'succeeded'),
  });
  expect(stolen).toMatchObject({ status: 404, body: { code: 'DELIVERY_NOT_FOUND' } });
  expect((await askDdi(other, `/deploymentBase/${action}`)).status).toBe(404);
  const href =
    JSON.stringify(deployment.body)
      .match(/http:[^"]*meter\.swu/)?.[0]
      .replace(id, `${id}-other`) ?? '';
  expect((await askDdi(other, href)).status).toBe(404);
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ offered: 1 });
});

test.each([
  ['is no JSON', '{'],
  ['is null', 'null'],
  ['says nothing', {}],
  ['is of a state that there is not', { status: { execution: 'flying', result: { finished: 'none' } } }],
  ['is about another action', { id: 7, status: { execution: 'closed', result: { finished: 'success' } } }],
  [
    'has a detail that is none',
    { status: { execution: 'closed', result: { finished: 'success' }, details: [{}] } },
  ],
])('feedback that %s is refused, and the delivery goes on', async (_what, body) => {
  const { rolloutId, action } = await offered();
  expect((await feedback(action, body)).status).toBe(400);
  expect((await feedback(action, feedbackOf(action, 'succeeded', ['\0 and \ud800']))).status).toBe(200);
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ succeeded: 1 });
});

test.each(['999999999', '-1', 'x', '1e3', '%00', '9'.repeat(200)])(
  'there is no action %s',
  async (action) => {
    await offered();
    expect(
      (await feedback(action, { status: { execution: 'closed', result: { finished: 'success' } } })).status,
    ).toBe(404);
    expect((await askDdi(device, `/cancelAction/${action}`)).status).toBe(404);
  },
);

test('another tenant and ids that are none are refused', async () => {
  expect((await askDdi({ ...device, base: device.base.replace('DEFAULT', 'other') }, '')).status).toBe(404);
  expect((await askDdi({ ...device, base: device.base.replace('DEFAULT', 'default') }, '')).status).toBe(200);
  for (const bad of ['..%2f..', '%00', 'a%20b', 'x'.repeat(129)])
    expect((await askDdi({ ...device, base: `${address}/${bad}` }, '')).status).toBeGreaterThanOrEqual(400);
});

test('attributes that cannot be stored are refused; too many are cut', async () => {
  await polled();
  const put = (data: unknown, mode = 'merge') =>
    askDdi(device, '/configData', { method: 'PUT', body: { mode, data } });
  expect((await put({ a: '\0' })).status).toBe(400);
  expect((await put({ a: 1 })).status).toBe(400);
  expect((await put({ a: 'x'.repeat(1_000) })).status).toBe(400);
  const many = Object.fromEntries(Array.from({ length: 200 }, (_none, place) => [`k${place}`, 'v']));
  expect((await put(many)).status).toBe(200);
  expect((await put({ formats: 'swu, tar' })).status).toBe(200);
  expect((await put({ only: 'v' }, 'replace')).status).toBe(200);
  expect((await put({ only: '' }, 'remove')).status).toBe(200);
  expect((await repositories.gateways.get(id)).profile).toMatchObject({ labels: {} });
});

test('what a device says of itself does not change which device it is', async () => {
  await polled();
  await askDdi(device, '/configData', {
    method: 'PUT',
    body: { data: { id: 'other', mac: 'x', __proto__: 'y' } },
  });
  expect((await repositories.gateways.get(id)).profile.id).toBe(id);
});
