/** Requests that are sent again. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { request } from 'undici';
import { addGateways, addNode, profileOf } from '../tests/support/test-repositories.js';
import { randomName, testApi, testTokens, type TestApi } from '../tests/support/test-api.js';

let api: TestApi;

beforeAll(async () => {
  // Orders ask nothing of Temporal: nothing has to listen there.
  api = await testApi('127.0.0.1:9');
  await addNode(api.repositories, 'node-1');
  await addGateways(api.repositories, [
    profileOf('gw-1', { installed: [{ name: 'app', version: '1.0.0' }] }),
  ]);
}, 60_000);

afterAll(() => api.close());

async function post(path: string, key: string, body: object | undefined, token: string = testTokens.admin) {
  const answer = await request(`${api.address}/api/v1/${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      'idempotency-key': key,
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { status: answer.statusCode, body: (await answer.body.json()) as { id?: string; code?: string } };
}

const order = { action: 'stop', artifact: 'app', gatewayIds: ['gw-1'] };

test('the same key gives the same order, also when many ask at once', async () => {
  const key = randomName('key');
  const answers = await Promise.all(Array.from({ length: 6 }, () => post('orders', key, order)));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 202));
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
});

test('a key belongs to who uses it', async () => {
  const key = randomName('key');
  const mine = await post('orders', key, order);
  const others = await post('orders', key, order, testTokens.operator);
  expect([mine.status, others.status]).toEqual([202, 202]);
  expect(others.body.id).not.toBe(mine.body.id);
  expect((await post('orders', key, order)).body.id).toBe(mine.body.id);
});

test.each([
  ['orders', { ...order, artifact: 'absent' }],
  ['orders', { ...order, gatewayIds: ['absent'] }],
  ['orders', { ...order, deployment: 'both-named' }],
  ['orders', { ...order, action: 'wipe' }],
  ['rollouts', { requests: ['absent'], deployment: 'absent' }],
  ['campaigns', { requests: ['absent'], deployment: 'absent', strategy: { phases: 1 } }],
  ['deployments', { name: 'absent', gatewayIds: ['absent'] }],
  ['enrolments', { name: 'contradicting', keyless: true, approval: 'person' }],
  ['nodes', undefined],
])('another request under a key is refused before it is judged: %s %j', async (path, body) => {
  const key = randomName('key');
  await post('orders', key, order);
  expect(await post(path, key, body)).toMatchObject({
    status: 422,
    body: { code: 'IDEMPOTENCY_KEY_REUSED' },
  });
});

test.each([
  ['deployments', { name: 'once', gatewayIds: ['gw-1'] }],
  ['enrolments', { name: 'once' }],
  ['nodes', undefined],
])('what is made by %s is made once for a key, also when many ask at once', async (path, body) => {
  const key = randomName('key');
  const answers = await Promise.all(Array.from({ length: 5 }, () => post(path, key, body)));
  const made = path === 'nodes' ? 202 : 201;
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => made));
  const again = await post(path, key, body);
  expect(again.status).toBe(made);
  const first = answers[0]?.body ?? {};
  if (path !== 'enrolments') expect(again.body).toEqual(first);
  else {
    // Its token is shown once.
    const tokens = answers.map(({ body: answer }) => (answer as { token?: string | null }).token);
    expect(tokens.filter((token) => token !== null)).toHaveLength(1);
    expect(again.body).toMatchObject({ token: null, enrolment: { name: 'once' } });
  }
  expect(await post('orders', key, order)).toMatchObject({ body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
});

test('a request that was refused leaves its key free', async () => {
  const key = randomName('key');
  const body = { name: 'later', gatewayIds: ['gw-1'] };
  expect((await post('deployments', key, { ...body, gatewayIds: ['absent'] })).status).toBe(404);
  expect((await post('deployments', key, body)).status).toBe(201);
});
