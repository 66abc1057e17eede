/** What clients of Mender's do, and what they do wrong. */
import { sign } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { clientBed, type ClientBed } from '../../tests/support/client-bed.js';
import {
  askMender,
  authenticate,
  deploymentIn,
  menderCalls,
  menderKey,
  type MenderDeployment,
  type MenderKey,
} from '../../tests/support/mender-device.js';
import type { TestRepositories } from '../../tests/support/test-repositories.js';
import { issueClaimCode, issueEnrolmentToken } from '../gateway-token.js';
import { attributesOf } from './mender-messages.js';
import { mender } from './mender-handler.js';

const image = Buffer.from('an artifact of Mender that is delivered as it is');
const file = { version: '2.0.0', fileName: 'meter.mender', bytes: image };
let bed: ClientBed;
let repositories: TestRepositories;
let address: string;
let enrolment: string;
let serial = 0;
let id: string;
let key: MenderKey;

beforeAll(async () => {
  bed = await clientBed(mender, { LEONORE_MENDER_PORT: '0' });
  ({ repositories, address } = bed);
  enrolment = await bed.enrolment({ keyless: false });
}, 60_000);

afterAll(() => bed.close());

beforeEach(() => {
  serial += 1;
  id = `02:00:00:00:00:${String(serial).padStart(2, '0')}`;
  key = menderKey();
});

const tokenOf = async (own = key, who = id): Promise<string> => {
  const answer = await authenticate(address, own, { id: who, enrolment });
  expect(answer.status).toBe(200);
  return answer.bytes.toString('utf8');
};
const calls = (token: string) => menderCalls(address, token);

async function offered(): Promise<{ rolloutId: string; token: string; deployment: MenderDeployment }> {
  const token = await tokenOf();
  const rolloutId = await bed.offer(id, file);
  const answer = await calls(token).next();
  expect(answer.status).toBe(200);
  return { rolloutId, token, deployment: deploymentIn(answer) };
}

const historyOf = async (rolloutId: string): Promise<string> =>
  JSON.stringify(await repositories.deliveries.history({ rolloutId, ordinal: 0 }));

test.each(['rsa', 'ed25519'] as const)('a device enrols by its own %s key, and keeps it', async (kind) => {
  key = menderKey(kind);
  const first = await tokenOf();
  expect((await calls(first).next()).status).toBe(204);
  expect(await repositories.gateways.get(id)).toMatchObject({
    protocol: 'mender',
    strategy: 'pull',
    nodeId: 'node-1',
    key: expect.stringMatching(/^spki-sha256:[0-9a-f]{64}$/),
    profile: { software: { formats: ['mender'] } },
  });
  // Its key alone is enough from now on, and what it said of itself stays.
  await calls(first).inventory([{ name: 'arch', value: 'armv7' }]);
  const again = await authenticate(address, key, { id });
  expect(again.status).toBe(200);
  expect((await calls(again.bytes.toString('utf8')).next()).status).toBe(204);
  expect((await calls(first).next()).status).toBe(401);
  expect((await repositories.gateways.get(id)).profile.hardware.arch).toBe('armv7');
});

test('a device with another key is not the one that it names, and is noted', async () => {
  const token = await tokenOf();
  const foreign = menderKey('rsa');
  expect((await authenticate(address, foreign, { id, enrolment })).status).toBe(401);
  expect((await authenticate(address, foreign, { id })).status).toBe(401);
  expect(await repositories.contests.list(10, id)).toMatchObject([
    { reason: 'key', key: expect.stringMatching(/^spki-sha256:/) },
  ]);
  expect((await calls(token).next()).status).toBe(204);
});

test('a device that a person has to accept is served from then on', async () => {
  const token = await bed.enrolment({ keyless: false, approval: 'person' });
  expect((await authenticate(address, key, { id, enrolment: token })).status).toBe(401);
  expect((await authenticate(address, key, { id, enrolment: token })).status).toBe(401);
  expect(await repositories.gateways.get(id)).toMatchObject({ conditions: ['pending'] });
  await repositories.gateways.approve(id);
  const answer = await authenticate(address, key, { id, enrolment: token });
  expect(answer.status).toBe(200);
  expect((await calls(answer.bytes.toString('utf8')).next()).status).toBe(204);
});

test('a claim code accepts the one device that it was made for, before it comes', async () => {
  const { code, hash } = issueClaimCode();
  await repositories.expected.expect([{ gatewayId: id, labels: {}, nodeId: null, codeHash: hash }], null);
  expect((await authenticate(address, key, { id, enrolment })).status).toBe(401);
  expect((await authenticate(address, key, { id: `${id}-other`, enrolment: code })).status).toBe(401);
  expect((await authenticate(address, key, { id, enrolment: code })).status).toBe(200);
  // It brings the code for ever, and the key is what counts.
  expect((await authenticate(address, key, { id, enrolment: code })).status).toBe(200);
  expect((await authenticate(address, menderKey(), { id, enrolment: code })).status).toBe(401);
});

test('a device goes from its next deployment to what it has installed', async () => {
  const { rolloutId, token, deployment } = await offered();
  expect(deployment.artifact).toMatchObject({
    artifact_name: 'meter-2.0.0',
    device_types_compatible: ['board'],
  });
  expect(deploymentIn(await calls(token).nextOfVersion1())).toMatchObject({ id: deployment.id });
  const { uri } = deployment.artifact.source;
  // Its client sends no token there.
  expect((await askMender(uri, null)).bytes).toEqual(image);
  const rest = await askMender(uri, null, { headers: { range: 'bytes=10-' } });
  expect([rest.status, rest.bytes]).toEqual([206, image.subarray(10)]);
  const head = await askMender(uri, null, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, String(image.length)]);
  for (const [status, count] of [
    ['downloading', { downloading: 1 }],
    ['installing', { installing: 1 }],
    ['rebooting', { installing: 1 }],
    ['success', { succeeded: 1 }],
    // Told again, as clients do whose answer was lost.
    ['success', { succeeded: 1 }],
  ] as const) {
    expect((await calls(token).status(deployment.id, status)).status).toBe(204);
    expect(await repositories.rollouts.counts(rolloutId)).toMatchObject(count);
  }
  expect((await calls(token).next()).status).toBe(204);
  expect((await repositories.gateways.get(id)).profile.installed).toMatchObject([
    { name: 'meter', version: '2.0.0' },
  ]);
  expect(await repositories.rollouts.channels(rolloutId)).toMatchObject([
    { protocol: 'mender', strategy: 'pull', counts: { succeeded: 1 } },
  ]);
});

test('several files are one deployment after the other, and the last one is the end', async () => {
  const token = await tokenOf();
  const radio = { name: 'radio', version: '1.0.0', fileName: 'radio.mender', bytes: Buffer.from('radio') };
  const rolloutId = await bed.offer(id, radio, file);
  const first = deploymentIn(await calls(token).next());
  expect(first.artifact.artifact_name).toBe('radio-1.0.0');
  await calls(token).status(first.id, 'success');
  await calls(token).status(first.id, 'success');
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ installing: 1 });
  const second = deploymentIn(await calls(token).next());
  expect(second.artifact.artifact_name).toBe('meter-2.0.0');
  expect((await askMender(second.artifact.source.uri, null)).bytes).toEqual(image);
  for (const status of ['downloading', 'installing', 'success'])
    expect((await calls(token).status(second.id, status)).status).toBe(204);
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ succeeded: 1 });
  expect((await repositories.gateways.get(id)).profile.installed).toHaveLength(2);
});

test('what is there already has succeeded', async () => {
  const { rolloutId, token, deployment } = await offered();
  await calls(token).status(deployment.id, 'already-installed');
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ succeeded: 1 });
});

test('the log of a failure is kept though it comes after it, once', async () => {
  const { rolloutId, token, deployment } = await offered();
  await calls(token).status(deployment.id, { status: 'failure', substate: 'ArtifactInstall' });
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ failed: 1 });
  const messages = [
    {
      timestamp: '2026-11-02T10:15:00Z',
      level: 'error',
      message: `no room \0 ${'x'.repeat(300_000)} at all`,
    },
    { message: 'gave up' },
  ];
  expect((await calls(token).log(deployment.id, { messages })).status).toBe(204);
  expect((await calls(token).log(deployment.id, { messages: [{ message: 'again' }] })).status).toBe(204);
  const history = await historyOf(rolloutId);
  expect(history).toContain('ArtifactInstall');
  expect(history).toContain('x at all\\ngave up');
  expect(history).not.toContain('again');
  expect(history.length).toBeLessThan(20_000);
});

test('what was cancelled is offered no more, and its client is told with its next status', async () => {
  const { rolloutId, token, deployment } = await offered();
  await repositories.provisioning.cancel(rolloutId);
  const next = await bed.offer(id, file);
  const answer = await calls(token).next();
  expect(deploymentIn(answer).id).toContain(next);
  expect((await calls(token).status(deployment.id, 'installing')).status).toBeGreaterThanOrEqual(404);
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ cancelled: 1 });
});

test("another's deployment and link are nobody else's", async () => {
  const { rolloutId, token, deployment } = await offered();
  const other = calls(await tokenOf(menderKey(), `${id}-other`));
  expect(await other.status(deployment.id, 'success')).toMatchObject({ status: 404 });
  expect(await other.log(deployment.id, { messages: [{ message: 'x' }] })).toMatchObject({ status: 404 });
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ offered: 1 });
  expect(await historyOf(rolloutId)).not.toContain('log');
  const { uri } = deployment.artifact.source;
  const guessed = uri.replace(/files\/[0-9a-f]{8}/, 'files/00000000');
  expect((await askMender(guessed, token)).status).toBe(404);
  expect((await askMender(`${uri}x`, null)).status).toBe(404);
  // Of a device whose token is void its links are, too.
  await authenticate(address, key, { id });
  expect((await askMender(uri, null)).status).toBe(401);
});

test('who is not known, or is not asked for, does not get in', async () => {
  expect((await authenticate(address, key, { id })).status).toBe(401);
  expect((await authenticate(address, key, { id, enrolment: 'x' })).status).toBe(401);
  const unknown = issueEnrolmentToken().token;
  expect((await authenticate(address, key, { id, enrolment: unknown })).status).toBe(401);
  await expect(repositories.gateways.get(id)).rejects.toMatchObject({ code: 'GATEWAY_NOT_FOUND' });
  for (const answer of [await calls('x').next(), await calls('lgw_x.y').inventory([])])
    expect(answer.status).toBe(401);
});

test.each([
  ['none', ''],
  ['what is no base64', '%%%'],
  ['bytes of another length', Buffer.alloc(3).toString('base64')],
  ['another text signed', null],
])('a signature that is %s is none', async (_what, signature) => {
  const own = signature ?? sign(null, Buffer.from('other'), key.privateKey).toString('base64');
  expect((await authenticate(address, key, { id, enrolment }, own)).status).toBe(401);
  await expect(repositories.gateways.get(id)).rejects.toMatchObject({ code: 'GATEWAY_NOT_FOUND' });
});

test('the key of another in the body does not help who cannot sign by it', async () => {
  await tokenOf();
  const mixed = { privateKey: menderKey().privateKey, publicKey: key.publicKey };
  expect((await authenticate(address, mixed, { id })).status).toBe(401);
  expect(await repositories.contests.list(10, id)).toEqual([]);
});

test.each([
  ['a key that is too short', () => ({ key: menderKey('rsa', 1_024) })],
  ['a private key for a public one', () => ({ pem: 'private' as const })],
  ['text for a key', () => ({ pem: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n' })],
  ['an id that is none', () => ({ id: '../x' })],
  ['an id that is a number', () => ({ id: 7 })],
  ['an id that is no text', () => ({ id: [{}] })],
])('a request with %s is refused', async (_what, made) => {
  const { key: own = key, pem, id: who = id } = made() as { key?: MenderKey; pem?: string; id?: unknown };
  const isPrivate = pem === 'private';
  const text = isPrivate ? (own.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string) : pem;
  const told = { ...own, publicKey: text ?? own.publicKey };
  expect((await authenticate(address, told, { id: who, enrolment })).status).toBe(400);
});

test.each(['{', 'null', '[]', '{"id_data":"{}","pubkey":1}', '{"id_data":"x","pubkey":""}'])(
  'the body %s is refused',
  async (body) => {
    const url = `${address}/api/devices/v1/authentication/auth_requests`;
    const headers = { 'x-men-signature': 'AAAA' };
    expect((await askMender(url, null, { method: 'POST', body, headers })).status).toBe(400);
  },
);

test.each([
  ['is no JSON', '{'],
  ['is null', 'null'],
  ['says nothing', {}],
  ['is one that there is not', { status: 'flying' }],
  ['is a list', { status: ['success'] }],
])('a status that %s is refused, and the delivery goes on', async (_what, body) => {
  const { rolloutId, token, deployment } = await offered();
  const url = `${address}/api/devices/v1/deployments/device/deployments/${deployment.id}/status`;
  expect((await askMender(url, token, { method: 'PUT', body })).status).toBe(400);
  expect((await calls(token).log(deployment.id, { messages: 'x' })).status).toBe(400);
  await calls(token).status(deployment.id, { status: 'success', substate: '\0 and \ud800' });
  expect(await repositories.rollouts.counts(rolloutId)).toMatchObject({ succeeded: 1 });
});

test.each(['x', '_0', '1_1_1', '%00', '..%2f', '9'.repeat(200)])(
  'there is no deployment %s',
  async (name) => {
    const { token, rolloutId } = await offered();
    expect((await calls(token).status(name, 'success')).status).toBe(404);
    expect((await calls(token).status(`${rolloutId}.7_0`, 'success')).status).toBe(404);
    expect((await calls(token).log(`${rolloutId}.7_0`, { messages: [] })).status).toBe(404);
  },
);

test('an inventory is merged or replaces what was said, and what cannot be is refused', async () => {
  const token = await tokenOf();
  const scripts = [
    { name: 'device_type', value: 'board' },
    { name: 'kernel', value: 'Linux version 6.1.0-18-arm64 (debian)' },
    { name: 'os', value: 'Debian GNU/Linux 12 (bookworm)' },
    { name: 'ipv4_eth0', value: ['192.0.2.1', '192.0.2.2'] },
    { name: 'mem_total_kB', value: 1024 },
    { name: 'tool.python', value: '3.11' },
  ];
  expect((await calls(token).inventory(scripts)).status).toBe(200);
  expect((await repositories.gateways.get(id)).profile).toMatchObject({
    software: { kernel: '6.1.0', tools: [{ name: 'python', version: '3.11' }], formats: ['mender'] },
    labels: { device_type: 'board', os_name: 'Debian GNU/Linux 12 (bookworm)', mem_total_kB: '1024' },
  });
  expect((await calls(token).inventory([{ name: 'site', value: 'hill' }], 'PUT')).status).toBe(200);
  expect((await repositories.gateways.get(id)).profile.labels).toEqual({ site: 'hill' });
  for (const bad of [{}, [{ name: 'x' }], [{ name: 'x', value: {} }], [{ name: '', value: 'x' }], 'null'])
    expect((await calls(token).inventory(bad)).status).toBe(400);
  const many = Array.from({ length: 400 }, (_none, place) => ({ name: `k${place}`, value: 'v\0' }));
  expect((await calls(token).inventory(many)).status).toBe(200);
  const proto = '[{"name":"__proto__","value":"x"},{"name":"id","value":"other"}]';
  expect((await calls(token).inventory(proto)).status).toBe(200);
  expect((await repositories.gateways.get(id)).profile.id).toBe(id);
  expect(attributesOf([{ name: 'os', value: 'linux' }])).toEqual({ os: 'linux' });
});
