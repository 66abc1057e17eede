/** The management API on real parts: access, registration, rollouts and nodes, and what is away. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { type HaltableDatabase, startHaltableDatabase } from '../tests/support/postgres.js';
import { apiCaller } from '../tests/support/call-api.js';
import { profileOf, addNode } from '../tests/support/test-repositories.js';
import { localTemporal, type LocalTemporal } from '../tests/support/temporal.js';
import { artifactTar, randomName, testApi, testTokens, type TestApi } from '../tests/support/test-api.js';

let database: HaltableDatabase;
let temporal: LocalTemporal;
let api: TestApi;

beforeAll(async () => {
  [database, temporal] = await Promise.all([startHaltableDatabase(), localTemporal()]);
  api = await testApi(temporal.address, { on: database });
  await addNode(api.repositories, 'node-1');
}, 15 * 60_000);

afterAll(async () => {
  await api.close();
  await temporal.stop();
});

const call = apiCaller(() => api.address);

const addArtifact = (tar: Buffer) =>
  call('POST', '/api/v1/artifacts', tar, { 'content-type': 'application/x-tar' });

async function register(
  id: string,
  more: Record<string, unknown> = {},
  token: string = testTokens.enrolment,
) {
  return call(
    'POST',
    '/device/v1/register',
    { profile: profileOf(id), ...more },
    { authorization: `Bearer ${token}` },
  );
}

describe('access', () => {
  test.each([
    ['no token', 'GET', '/api/v1/gateways', {}, 401],
    ['a token that nobody has', 'GET', '/api/v1/gateways', { authorization: 'Bearer nobody' }, 401],
    [
      'a reader who wants to change',
      'POST',
      '/api/v1/rollouts',
      { authorization: `Bearer ${testTokens.viewer}` },
      403,
    ],
    [
      'an operator who wants to administer',
      'DELETE',
      '/api/v1/gateways/x',
      { authorization: `Bearer ${testTokens.operator}` },
      403,
    ],
    [
      'an enrolment token for management',
      'GET',
      '/api/v1/gateways',
      { authorization: `Bearer ${testTokens.enrolment}` },
      401,
    ],
  ] as const)('%s is turned away', async (_what, method, url, headers, status) => {
    const answer = await call(method, url, undefined, { authorization: '', ...headers });
    expect(answer).toMatchObject({ status, body: { status, actor: 'caller' } });
  });
});

describe('registration', () => {
  test('a gateway gets a token and a node; with its own token it keeps both', async () => {
    const id = randomName('gw');
    const first = await register(id);
    expect(first).toMatchObject({
      status: 200,
      body: { gatewayId: id, protocol: 'http', strategy: 'pull', node: { id: 'node-1' } },
    });
    const again = await register(id, {}, first.body['token'] as string);
    expect(again.status).toBe(200);
    expect(again.body).not.toHaveProperty('token');
  });

  test('wrong, foreign and revoked tokens are refused', async () => {
    const [one, two] = [randomName('gw'), randomName('gw')];
    const { body } = await register(one);
    expect((await register(two, {}, body['token'] as string)).body).toMatchObject({
      code: 'UNAUTHENTICATED',
    });
    expect((await register(one, {}, 'lgw_xx.yy')).status).toBe(401);
    expect((await call('DELETE', `/api/v1/gateways/${one}`)).status).toBe(204);
    expect((await register(one, {}, body['token'] as string)).status).toBe(403);
  });

  test('a gateway with no protocol in common is told what there is', async () => {
    const answer = await register('x', { profile: profileOf(randomName('gw'), { protocols: ['pigeon'] }) });
    expect(answer).toMatchObject({ status: 422, body: { code: 'NO_COMMON_PROTOCOL' } });
    expect(answer.body['detail']).toContain('http/pull');
  });

  test('a gateway that only wants to be pushed must say where', async () => {
    const profile = profileOf(randomName('gw'), { strategies: ['push'] });
    expect((await register('x', { profile })).body).toMatchObject({ code: 'NO_COMMON_PROTOCOL' });
    expect((await register('x', { profile, pushAddress: 'http://127.0.0.1:9/x' })).body).toMatchObject({
      strategy: 'push',
    });
  });

  test('a push address on another host is refused', async () => {
    const profile = profileOf(randomName('gw'), { strategies: ['push'] });
    expect((await register('x', { profile, pushAddress: 'http://192.0.2.1:80/' })).body).toMatchObject({
      code: 'MALFORMED_INPUT',
    });
  });

  test.each([
    ['malformed JSON', '{"profile":', 400],
    ['an unknown field', JSON.stringify({ profile: profileOf('gw'), extra: 1 }), 400],
    ['a profile without hardware', JSON.stringify({ profile: { id: 'gw' } }), 400],
    ['an id of hostile characters', JSON.stringify({ profile: profileOf('../../etc') }), 400],
    [
      'a body that is too large',
      JSON.stringify({ profile: profileOf('gw'), agentVersion: 'x'.repeat(200_000) }),
      413,
    ],
  ])('%s is refused', async (_what, body, status) => {
    const answer = await call('POST', '/device/v1/register', body, {
      'content-type': 'application/json',
      authorization: `Bearer ${testTokens.enrolment}`,
    });
    expect(answer.status).toBe(status);
    expect((await call('GET', '/api/v1/gateways/gw')).status).toBe(404);
  });
});

describe('deployments, plans and rollouts', () => {
  const app = randomName('app');
  const site = randomName('site');

  beforeAll(async () => {
    await addArtifact(artifactTar(`name: ${app}\nversion: 1.0.0\nkind: application\n`));
    for (const id of ['a', 'b'])
      await register(id, { profile: profileOf(`${site}-${id}`, { labels: { site } }) });
    await call('POST', '/api/v1/deployments', { name: site, select: `labels.site == "${site}"` });
  });

  test('a deployment counts the gateways that it has now', async () => {
    expect((await call('GET', `/api/v1/deployments/${site}`)).body).toMatchObject({ gateways: 2 });
    expect(await call('POST', '/api/v1/deployments', { name: site, select: 'id != ""' })).toMatchObject({
      status: 409,
      body: { code: 'DEPLOYMENT_EXISTS' },
    });
  });

  test.each([
    [
      'both a list and a selector',
      { name: 'x', gatewayIds: ['a'], select: 'id != ""' },
      400,
      'MALFORMED_INPUT',
    ],
    ['neither', { name: 'x' }, 400, 'MALFORMED_INPUT'],
    ['an empty list', { name: 'x', gatewayIds: [] }, 400, 'MALFORMED_INPUT'],
    ['a selector that cannot be read', { name: 'x', select: 'labels.site ==' }, 400, 'MALFORMED_INPUT'],
    ['a gateway that nobody knows', { name: 'x', gatewayIds: ['nobody'] }, 404, 'GATEWAY_NOT_FOUND'],
  ])('a deployment with %s is refused', async (_what, body, status, code) => {
    expect(await call('POST', '/api/v1/deployments', body)).toMatchObject({ status, body: { code } });
    expect((await call('GET', '/api/v1/deployments/x')).status).toBe(404);
  });

  test('a dry run says what would be done', async () => {
    const answer = await call('POST', '/api/v1/plans', { requests: [app], deployment: site });
    expect(answer).toMatchObject({
      status: 200,
      body: { gateways: 2, incompatible: 0, groups: [{ gateways: 2 }] },
    });
  });

  test('a dry run of what is not to be had says why, as for any other reason', async () => {
    const answer = await call('POST', '/api/v1/plans', { requests: ['nobody'], deployment: site });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        gateways: 2,
        incompatible: 2,
        groups: [{ plans: [], explanation: expect.stringContaining('nobody was requested') }],
      },
    });
  });

  test.each([
    ['an artifact that nobody knows', { requests: ['nobody'], deployment: site }, 404, 'ARTIFACT_NOT_FOUND'],
    ['a version that there is not', { requests: [`${app}@^2`], deployment: site }, 404, 'ARTIFACT_NOT_FOUND'],
    ['a range that cannot be read', { requests: [`${app}@!!`], deployment: site }, 400, 'MALFORMED_INPUT'],
    ['a name that cannot be one', { requests: ['../x'], deployment: site }, 400, 'MALFORMED_INPUT'],
    ['no artifact', { requests: [], deployment: site }, 400, 'MALFORMED_INPUT'],
    [
      'a deployment that nobody knows',
      { requests: [app], deployment: 'nobody' },
      404,
      'DEPLOYMENT_NOT_FOUND',
    ],
    ['an unknown field', { requests: [app], deployment: site, speed: 'fast' }, 400, 'MALFORMED_INPUT'],
  ])('a rollout of %s is refused, and nothing is stored', async (_what, body, status, code) => {
    const before = (await call('GET', '/api/v1/rollouts')).body['items'];
    expect(await call('POST', '/api/v1/rollouts', body)).toMatchObject({ status, body: { code } });
    expect((await call('GET', '/api/v1/rollouts')).body['items']).toEqual(before);
  });

  test('a rollout to a deployment without gateways is refused', async () => {
    const name = randomName('empty');
    await call('POST', '/api/v1/deployments', { name, select: 'labels.site == "nowhere"' });
    expect(await call('POST', '/api/v1/rollouts', { requests: [app], deployment: name })).toMatchObject({
      status: 422,
      body: { code: 'EMPTY_DEPLOYMENT' },
    });
  });

  test('the same Idempotency-Key starts one rollout, also when many ask at once', async () => {
    const headers = { 'idempotency-key': randomName('key') };
    const body = { requests: [app], deployment: site };
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => call('POST', '/api/v1/rollouts', body, headers)),
    );
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 6 }, () => 202));
    expect(new Set(answers.map((answer) => answer.body['id'])).size).toBe(1);
    expect(answers[0]?.headers.location).toBe(`/api/v1/rollouts/${String(answers[0]?.body['id'])}`);
    expect(await call('POST', '/api/v1/rollouts', { ...body, deadlineSeconds: 5 }, headers)).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
    const bold = { ...body, allowRemove: true };
    expect((await call('POST', '/api/v1/rollouts', bold, headers)).status).toBe(422);
    expect((await call('POST', '/api/v1/rollouts', bold)).body['allowRemove']).toBe(true);
  });

  test('while Temporal is away nothing is begun, and the API recovers by itself', async () => {
    const rollouts = async () =>
      (await call('GET', '/api/v1/rollouts')).body['items'] as { id: string; waitingFor: string | null }[];
    const before = (await rollouts()).map(({ id }) => id);
    await temporal.halt();
    const refused = await call('POST', '/api/v1/rollouts', { requests: [app], deployment: site });
    expect(refused).toMatchObject({ status: 503, body: { code: 'TEMPORAL_UNAVAILABLE', retryable: true } });
    expect(refused.headers['retry-after']).toBeDefined();
    expect((await call('GET', '/readyz')).body).toEqual({ database: true, temporal: false });
    expect((await rollouts()).map(({ id }) => id)).toEqual(before);
    // Those that have begun wait for it, and say so.
    await eventually(async () => (await rollouts())[0]?.waitingFor === 'Temporal');
    await temporal.start();
    await eventually(async () => (await rollouts())[0]?.waitingFor === null);
    await eventually(
      async () =>
        (await call('POST', '/api/v1/rollouts', { requests: [app], deployment: site })).status === 202,
    );
  }, 60_000);

  test('while PostgreSQL is away the API says so, and recovers by itself', async () => {
    await database.halt();
    const refused = await call('GET', '/api/v1/rollouts');
    expect(refused).toMatchObject({ status: 503, body: { code: 'DATABASE_UNAVAILABLE', retryable: true } });
    expect(refused.headers['retry-after']).toBeDefined();
    expect((await register(randomName('gw'))).status).toBe(503);
    await database.start();
    await eventually(async () => (await call('GET', '/api/v1/rollouts')).status === 200);
  }, 60_000);

  test('a rollout that nobody knows', async () => {
    const id = '00000000-0000-4000-8000-000000000000';
    expect((await call('GET', `/api/v1/rollouts/${id}`)).body).toMatchObject({ code: 'ROLLOUT_NOT_FOUND' });
    expect((await call('POST', `/api/v1/rollouts/${id}/cancel`)).body).toMatchObject({
      code: 'ROLLOUT_NOT_FOUND',
    });
    expect((await call('GET', '/api/v1/rollouts/not-an-id')).status).toBe(400);
  });
});

test('the OpenAPI document describes every route of the management API', async () => {
  const { body } = await call('GET', '/api/openapi.json');
  expect(body['openapi']).toBe('3.1.0');
  expect(Object.keys(body['paths'] as object)).toEqual(
    expect.arrayContaining(['/api/v1/artifacts', '/api/v1/rollouts/{id}/events', '/device/v1/register']),
  );
});

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 100));
}

describe('nodes', () => {
  test('are shown with what they serve, and the pool with what waits', async () => {
    const { status, body } = await call('GET', '/api/v1/nodes');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      items: [
        { id: 'node-1', state: 'active', origin: 'own', deliveryCount: expect.any(Number), problem: null },
      ],
      pool: { strategy: 'load', threshold: 500, maxNodes: 0, queued: 0 },
    });
    expect((await call('GET', '/api/v1/nodes/none')).body).toMatchObject({ code: 'NODE_NOT_FOUND' });
  });

  test('are started and drained by administrators only, and never the last one drained', async () => {
    const operator = { authorization: `Bearer ${testTokens.operator}` };
    expect((await call('POST', '/api/v1/nodes', undefined, operator)).status).toBe(403);
    expect((await call('POST', '/api/v1/nodes/node-1/drain', undefined, operator)).status).toBe(403);
    const refused = await call('POST', '/api/v1/nodes/node-1/drain');
    expect(refused).toMatchObject({ status: 409, body: { code: 'LAST_NODE' } });
    const started = await call('POST', '/api/v1/nodes');
    expect(started).toMatchObject({
      status: 202,
      headers: { location: '/api/v1/nodes/node-2' },
      body: { id: 'node-2', state: 'launching', origin: 'operator' },
    });
    // Asked again while it is being launched, it is the same one.
    expect((await call('POST', '/api/v1/nodes')).body).toMatchObject({ id: 'node-2' });
    await api.repositories.database.node.delete({ where: { id: 'node-2' } });
  });

  test('are measured', async () => {
    const read = (token: string) =>
      request(`${api.address}/metrics`, { headers: { authorization: `Bearer ${token}` } });
    expect((await read('nobody')).statusCode).toBe(401);
    const text = await (await read(testTokens.viewer)).body.text();
    expect(text).toMatch(/^leonore_node_gateways\{node="node-1",state="active"\} \d+$/m);
    expect(text).toMatch(/^leonore_nodes\{state="active"\} 1$/m);
    expect(text).toMatch(/^leonore_registrations_queued 0$/m);
    expect(text).toMatch(/^leonore_mends_total \d+$/m);
    expect(text).toMatch(/^leonore_webhook_deliveries\{state="dead"\} 0$/m);
    expect(text).toMatch(/^leonore_webhook_longest_wait_seconds 0$/m);
  });
});

test('a gateway for which no node has room is told when to ask again', async () => {
  const { pool } = api.repositories;
  const settings = await pool.settings();
  const names = { prefix: 'node-', first: 1 };
  await pool.configure({ ...settings, threshold: 1, maxNodes: 5 }, names);
  try {
    await register(randomName('first'));
    const answer = await register(randomName('second'));
    expect(answer).toMatchObject({ status: 503, body: { code: 'NODES_FULL' } });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  } finally {
    await pool.configure(settings, names);
  }
});
