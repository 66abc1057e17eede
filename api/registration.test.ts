/** Who may be which gateway: each attack on an identity, tried over HTTP on a real database. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { registerDevice, type Brought, type DeviceAnswer } from '../tests/support/device-side.js';
import { ed25519Key, hmacKey, type TestKey } from '../tests/support/test-key.js';
import { addNode } from '../tests/support/test-repositories.js';
import { artifactTar, randomName, testApi, testTokens, type TestApi } from '../tests/support/test-api.js';

let api: TestApi;

beforeAll(async () => {
  api = await testApi('127.0.0.1:1');
  await addNode(api.repositories, 'node-1');
}, 60_000);

afterAll(() => api.close());

const register = (id: string, brought: Brought): Promise<DeviceAnswer> =>
  registerDevice(api.address, id, brought);
const bearer = testTokens.enrolment;

async function manage(method: string, path: string, body?: unknown, token: string = testTokens.admin) {
  const answer = await fetch(`${api.address}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
}

/** Makes an enrolment. @returns its token */
async function enrolment(wishes: Record<string, unknown> = {}): Promise<string> {
  const { body } = await manage('POST', '/api/v1/enrolments', { name: randomName('enrolment'), ...wishes });
  return body['token'] as string;
}

async function contestsOf(id: string): Promise<{ reason: string; key: string; count: number }[]> {
  const { body } = await manage('GET', `/api/v1/contested-gateways?gateway=${id}`);
  return body['items'] as { reason: string; key: string; count: number }[];
}

/** A gateway with a key that has enrolled. */
async function enrolled(key: TestKey): Promise<{ id: string; token: string }> {
  const id = randomName('gw');
  const { status, body } = await register(id, { bearer, key, tellsSecret: true });
  expect(status).toBe(200);
  return { id, token: body['token'] as string };
}

describe.each([
  ['Ed25519', ed25519Key],
  ['HMAC-SHA256', hmacKey],
])('a gateway with an %s key', (_kind, makeKey) => {
  test('proves itself by it alone: it gets a token, and keeps the one that it brings', async () => {
    const key = makeKey();
    const { id, token } = await enrolled(key);
    const { status, body } = await register(id, { key, counter: 2 });
    expect(status).toBe(200);
    expect(body['token']).not.toBe(token);
    const again = await register(id, { key, counter: 3, bearer: body['token'] as string });
    expect(again.status).toBe(200);
    expect(again.body).not.toHaveProperty('token');
    expect(await contestsOf(id)).toEqual([]);
  });

  test('is not taken over with another key, nor with the enrolment token, nor with its own token', async () => {
    const key = makeKey();
    const { id, token } = await enrolled(key);
    const other = makeKey();
    const attempts: Brought[] = [
      { bearer, key: other, counter: 99, tellsSecret: true },
      { bearer: token, key: other, counter: 99, tellsSecret: true },
      { key: other, counter: 99 },
      { bearer },
      { bearer: token },
    ];
    for (const attempt of attempts)
      expect(await register(id, attempt)).toMatchObject({ status: 409, body: { code: 'GATEWAY_CONTESTED' } });
    // The rightful one goes on undisturbed: its token and its counter are what they were.
    expect((await register(id, { bearer: token, key, counter: 2 })).body).not.toHaveProperty('token');
    expect(await contestsOf(id)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ reason: 'key', key: other.text, count: 3 }),
        expect.objectContaining({ reason: 'keyless', key: '', count: 2 }),
      ]),
    );
  });

  test('is not replayed: a counter is taken once, and the answer says from where to go on', async () => {
    const key = makeKey();
    const { id } = await enrolled(key);
    expect((await register(id, { key, counter: 7 })).status).toBe(200);
    for (const counter of [7, 6, 1]) {
      expect(await register(id, { key, counter })).toMatchObject({
        status: 409,
        body: { code: 'REGISTRATION_REPLAYED', details: { lastCounter: 7 } },
      });
    }
    expect(await contestsOf(id)).toMatchObject([{ reason: 'counter', key: key.text, count: 3 }]);
  });

  test('a proof over another body, id or counter is none, nor is one by another key', async () => {
    const key = makeKey();
    const { id } = await enrolled(key);
    const elsewhere = await enrolled(makeKey());
    const forged: Brought[] = [
      { key, counter: 2, headers: { 'leonore-counter': '3' } },
      {
        key,
        counter: 2,
        headers: {
          'leonore-proof': (key.secret === undefined ? 'A' : '0').repeat(key.secret === undefined ? 86 : 64),
        },
      },
      { key: { ...key, prove: (message) => key.prove(message.replace(id, elsewhere.id)) }, counter: 2 },
      { key: { ...key, prove: (message) => key.prove(`${message.slice(0, -1)}x`) }, counter: 2 },
      { key: { ...makeKey(), text: key.text }, counter: 2 },
    ];
    for (const forgery of forged) {
      expect(await register(id, forgery)).toMatchObject({
        status: 401,
        body: { code: 'IDENTITY_PROOF_INVALID' },
      });
    }
    expect((await register(id, { key, counter: 2 })).status).toBe(200);
  });

  test('a decommissioned one is refused whatever it brings, until a person readmits it', async () => {
    const key = makeKey();
    const { id, token } = await enrolled(key);
    expect((await manage('DELETE', `/api/v1/gateways/${id}`)).status).toBe(204);
    const attempts: Brought[] = [
      { bearer, key, counter: 2 },
      { key, counter: 3 },
      { bearer: token },
      { bearer },
    ];
    for (const attempt of attempts) {
      expect(await register(id, attempt)).toMatchObject({
        status: 403,
        body: { code: 'GATEWAY_DECOMMISSIONED' },
      });
    }
    expect((await manage('GET', `/api/v1/gateways/${id}`)).body).toMatchObject({ state: 'decommissioned' });
    expect((await manage('POST', `/api/v1/gateways/${id}/readmission`, {})).status).toBe(200);
    // The key was forgotten: it enrols like any other.
    expect((await register(id, { key, counter: 9 })).status).toBe(401);
    expect((await register(id, { bearer, key: makeKey(), tellsSecret: true })).status).toBe(200);
    expect((await manage('GET', `/api/v1/gateways/${id}`)).body).toMatchObject({ state: 'active' });
  });

  test('of two that enrol under one id at the same moment one gets it', async () => {
    const id = randomName('gw');
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => register(id, { bearer, key: makeKey(), tellsSecret: true })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409]);
  });
});

describe('the same key twice', () => {
  test('two devices that take turns are found out by their counters', async () => {
    const key = ed25519Key();
    const { id } = await enrolled(key);
    // Both count on from the same number, as copies do.
    expect((await register(id, { key, counter: 2 })).status).toBe(200);
    expect((await register(id, { key, counter: 2 })).body).toMatchObject({ details: { lastCounter: 2 } });
    expect((await register(id, { key, counter: 3 })).status).toBe(200);
    expect((await register(id, { key, counter: 3 })).body).toMatchObject({ code: 'REGISTRATION_REPLAYED' });
    expect(await contestsOf(id)).toMatchObject([{ reason: 'counter', count: 2 }]);
  });

  test('on other hardware it is refused and shown', async () => {
    const key = ed25519Key();
    const id = randomName('gw');
    await register(id, { bearer, key, mac: '02:00:00:00:00:01' });
    expect(await register(id, { key, counter: 2, mac: '02:00:00:00:00:02' })).toMatchObject({
      status: 409,
      body: { code: 'GATEWAY_IDENTITY_TAKEN' },
    });
    expect(await contestsOf(id)).toMatchObject([{ reason: 'mac', key: key.text }]);
  });

  test('what is kept of one gateway is bounded, and the metric counts it once', async () => {
    const { id } = await enrolled(ed25519Key());
    for (let attempt = 0; attempt < 12; attempt += 1) await register(id, { key: ed25519Key() });
    expect(await contestsOf(id)).toHaveLength(8);
    const answer = await fetch(`${api.address}/metrics`, {
      headers: { authorization: `Bearer ${testTokens.viewer}` },
    });
    expect(await answer.text()).toMatch(/^leonore_gateways_contested [1-9][0-9]*$/m);
  });
});

describe('a gateway without a key', () => {
  test('registers by its own token, and is not taken over with the enrolment token once it has used that', async () => {
    const id = randomName('gw');
    const first = await register(id, { bearer });
    // The answer may have been lost: until its token is used, it may be asked for again.
    const second = await register(id, { bearer });
    expect([first.status, second.status]).toEqual([200, 200]);
    expect((await register(id, { bearer: first.body['token'] as string })).status).toBe(401);
    expect((await register(id, { bearer: second.body['token'] as string })).status).toBe(200);
    for (const attempt of [{ bearer }, { bearer, key: ed25519Key() }]) {
      expect(await register(id, attempt)).toMatchObject({ status: 409, body: { code: 'GATEWAY_CONTESTED' } });
    }
    expect((await register(id, { bearer: second.body['token'] as string })).status).toBe(200);
  });

  test('binds a key with its own token, and then it counts', async () => {
    const id = randomName('gw');
    const { body } = await register(id, { bearer });
    const own = body['token'] as string;
    const key = hmacKey();
    expect((await register(id, { bearer: own, key, tellsSecret: true })).status).toBe(200);
    expect((await register(id, { bearer: own })).body).toMatchObject({ code: 'GATEWAY_CONTESTED' });
    expect((await register(id, { key, counter: 2 })).status).toBe(200);
  });

  test('is refused by an enrolment that wants keys', async () => {
    const token = await enrolment();
    expect(await register(randomName('gw'), { bearer: token })).toMatchObject({
      status: 401,
      body: { code: 'IDENTITY_PROOF_REQUIRED' },
    });
    expect((await register(randomName('gw'), { bearer: token, key: ed25519Key() })).status).toBe(200);
  });
});

describe('enrolments', () => {
  test('take so many gateways, and not one more, however they come', async () => {
    const token = await enrolment({ most: 3 });
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => register(randomName('gw'), { bearer: token, key: ed25519Key() })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 403, 403, 403, 403, 403]);
    expect(answers.find(({ status }) => status === 403)?.body).toMatchObject({ code: 'ENROLMENT_REFUSED' });
  });

  test('do not count who has lost its answer twice', async () => {
    const [token, key, id] = [await enrolment({ most: 1 }), ed25519Key(), randomName('gw')];
    expect((await register(id, { bearer: token, key })).status).toBe(200);
    expect((await register(id, { bearer: token, key, counter: 2 })).status).toBe(200);
  });

  test('allow the ids that match, until they expire or are revoked', async () => {
    const name = randomName('enrolment');
    const { body } = await manage('POST', '/api/v1/enrolments', { name, ids: ['plant-?-*'] });
    const token = body['token'] as string;
    const key = ed25519Key();
    expect(await register('plant-12-a', { bearer: token, key })).toMatchObject({ status: 403 });
    expect((await register('plant-1-a', { bearer: token, key })).status).toBe(200);
    expect(JSON.stringify((await manage('GET', '/api/v1/enrolments')).body)).not.toContain(token);
    expect((await manage('DELETE', `/api/v1/enrolments/${name}`)).status).toBe(204);
    expect((await register('plant-1-b', { bearer: token, key })).status).toBe(401);
    // Who came with it stays.
    expect((await register('plant-1-a', { key, counter: 2 })).status).toBe(200);
    const expired = await enrolment({ expiresInSeconds: 1 });
    await api.repositories.database
      .$executeRaw`UPDATE enrolment SET expires_at = now() WHERE expires_at IS NOT NULL`;
    expect(await register(randomName('gw'), { bearer: expired, key: ed25519Key() })).toMatchObject({
      status: 403,
      body: { code: 'ENROLMENT_REFUSED' },
    });
  });

  test('give labels; what devices say of themselves moves none of them into a deployment', async () => {
    const site = randomName('site');
    const name = randomName('deployment');
    await manage('POST', '/api/v1/deployments', { name, select: `labels.site == "${site}"` });
    const token = await enrolment({ labels: { site }, reportedLabels: ['floor'] });
    const stranger = await enrolment();
    await register(`${site}-real`, { bearer: token, key: ed25519Key(), labels: { site: 'lie', floor: '3' } });
    for (let invented = 0; invented < 30; invented += 1)
      await register(`${site}-${invented}`, { bearer: stranger, key: ed25519Key(), labels: { site } });
    expect((await manage('GET', `/api/v1/deployments/${name}`)).body).toMatchObject({ gateways: 1 });
    expect((await manage('GET', `/api/v1/gateways/${site}-real`)).body).toMatchObject({
      labels: { site, floor: '3' },
      operatorLabels: { site },
      profile: { labels: { site: 'lie', floor: '3' } },
    });
    await manage('POST', '/api/v1/deployments', { name: `${name}-2`, select: `reported.site == "${site}"` });
    expect((await manage('GET', `/api/v1/deployments/${name}-2`)).body).toMatchObject({ gateways: 30 });
  });

  test('that need a person leave the gateway pending: no token, no node, in no deployment', async () => {
    const site = randomName('site');
    await manage('POST', '/api/v1/deployments', { name: site, select: `labels.site == "${site}"` });
    const token = await enrolment({ labels: { site }, approval: 'person' });
    const [id, key] = [randomName('gw'), ed25519Key()];
    const first = await register(id, { bearer: token, key });
    expect(first).toMatchObject({ status: 202, body: { gatewayId: id, state: 'pending' } });
    expect(first.retryAfter).toBe(String(first.body['retryAfterSeconds']));
    expect(first.body).not.toHaveProperty('token');
    expect((await register(id, { key, counter: 2 })).status).toBe(202);
    expect((await manage('GET', `/api/v1/gateways/${id}`)).body).toMatchObject({
      state: 'pending',
      nodeId: null,
    });
    expect((await manage('GET', `/api/v1/deployments/${site}`)).body).toMatchObject({ gateways: 0 });
    expect(
      (await manage('POST', `/api/v1/gateways/${id}/approval`, undefined, testTokens.viewer)).status,
    ).toBe(403);
    expect((await manage('POST', `/api/v1/gateways/${id}/approval`)).status).toBe(200);
    expect(await register(id, { key, counter: 3 })).toMatchObject({
      status: 200,
      body: { token: expect.stringMatching(/^lgw_/), node: { id: 'node-1' } },
    });
    expect((await manage('GET', `/api/v1/deployments/${site}`)).body).toMatchObject({ gateways: 1 });
    expect((await manage('POST', `/api/v1/gateways/${id}/approval`)).body).toMatchObject({
      code: 'GATEWAY_NOT_PENDING',
    });
  });
});

describe('gateways that are expected', () => {
  test('enrol once by their claim code, and by nothing else', async () => {
    const id = randomName('gw');
    const { body } = await manage('POST', '/api/v1/expected-gateways', {
      gateways: [{ id, labels: { site: 'b7' } }],
    });
    const [{ claimCode }] = body['items'] as [{ claimCode: string }];
    expect(await register(id, { bearer, key: ed25519Key() })).toMatchObject({
      status: 403,
      body: { code: 'ENROLMENT_REFUSED' },
    });
    expect((await register(randomName('gw'), { bearer: claimCode, key: ed25519Key() })).status).toBe(401);
    expect((await register(id, { bearer: claimCode })).body).toMatchObject({
      code: 'IDENTITY_PROOF_REQUIRED',
    });
    const key = ed25519Key();
    expect((await register(id, { bearer: claimCode, key })).status).toBe(200);
    expect((await register(id, { bearer: claimCode, key: ed25519Key() })).status).toBe(409);
    expect((await register(id, { bearer: claimCode, key, counter: 2 })).status).toBe(200);
    expect((await manage('GET', `/api/v1/gateways/${id}`)).body).toMatchObject({ labels: { site: 'b7' } });
    expect((await manage('GET', '/api/v1/expected-gateways')).body['items']).toEqual([]);
  });

  test('a readmitted one with a code is enrolled by that alone; another mac is no hindrance', async () => {
    const id = randomName('gw');
    await register(id, { bearer, key: ed25519Key(), mac: '02:00:00:00:00:01' });
    const { body } = await manage('POST', `/api/v1/gateways/${id}/readmission`, { code: true });
    const swapped = { key: ed25519Key(), mac: '02:00:00:00:00:09' };
    expect((await register(id, { bearer, ...swapped })).status).toBe(403);
    expect((await register(id, { bearer: body['claimCode'] as string, ...swapped })).status).toBe(200);
  });

  test('without codes they get their labels with whatever enrolment allows them', async () => {
    const id = randomName('gw');
    await manage('POST', '/api/v1/expected-gateways', {
      codes: false,
      gateways: [{ id, labels: { site: 'b8' } }],
    });
    expect(
      (
        await register(id, {
          bearer: await enrolment({ labels: { site: 'any', kind: 'x' } }),
          key: ed25519Key(),
        })
      ).status,
    ).toBe(200);
    expect((await manage('GET', `/api/v1/gateways/${id}`)).body).toMatchObject({
      labels: { site: 'b8', kind: 'x' },
    });
  });
});

test('an artifact may ask for what devices say of themselves, in plans too', async () => {
  const name = randomName('app');
  const tar = artifactTar(
    `name: ${name}\nversion: 1.0.0\nkind: application\npolicies: { select: 'reported.floor == "3" && !labels.floor' }\n`,
  );
  const added = await fetch(`${api.address}/api/v1/artifacts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${testTokens.admin}`, 'content-type': 'application/x-tar' },
    body: new Uint8Array(tar),
  });
  expect(added.status).toBe(201);
  const token = await enrolment();
  const [third, fourth] = [randomName('gw'), randomName('gw')];
  await register(third, { bearer: token, key: ed25519Key(), labels: { floor: '3' } });
  await register(fourth, { bearer: token, key: ed25519Key(), labels: { floor: '4' } });
  const plansOf = async (gatewayId: string): Promise<string> =>
    JSON.stringify((await manage('POST', '/api/v1/plans', { requests: [name], gatewayId })).body);
  expect(await plansOf(third)).toContain(`"install":["${name}@1.0.0"]`);
  expect(await plansOf(fourth)).not.toContain(`"install":["${name}@1.0.0"]`);
});

test("labels are the operator's to change, and stay when the gateway reports", async () => {
  const key = ed25519Key();
  const { id } = await enrolled(key);
  const path = `/api/v1/gateways/${id}/labels`;
  expect((await manage('PATCH', path, { set: { site: 'b1', old: 'x' } })).status).toBe(200);
  expect((await manage('PATCH', path, { unset: ['old'] })).body).toMatchObject({ labels: { site: 'b1' } });
  await register(id, { key, counter: 2, labels: { site: 'other', mine: '1' } });
  // The shared token lets it set what the operator has not.
  expect((await manage('GET', `/api/v1/gateways/${id}`)).body['labels']).toEqual({ site: 'b1', mine: '1' });
  expect((await manage('PATCH', path, { set: { a: 'b' } }, testTokens.viewer)).status).toBe(403);
});
