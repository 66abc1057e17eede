/** Whom rollouts and dry runs go to, and deployments that change: what the API takes of it, and what it refuses. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { apiCaller } from '../tests/support/call-api.js';
import { addGateways, addNode, profileOf } from '../tests/support/test-repositories.js';
import { artifactTar, randomName, testApi, testTokens, type TestApi } from '../tests/support/test-api.js';

/** There is no Temporal: nothing begins, and what is refused is refused before that is found out. */
const nowhere = '127.0.0.1:1';
const app = randomName('app');
const site = randomName('site');

let api: TestApi;

beforeAll(async () => {
  api = await testApi(nowhere);
  await addNode(api.repositories, 'node-1');
  const tar = artifactTar(`name: ${app}\nversion: 1.0.0\nkind: application\n`);
  await call('POST', '/api/v1/artifacts', tar, { 'content-type': 'application/x-tar' });
  await come('a', 'b');
  await call('POST', '/api/v1/deployments', { name: site, select: `labels.site == "${site}"` });
}, 60_000);

afterAll(() => api.close());

function come(...ids: string[]): Promise<void> {
  return addGateways(
    api.repositories,
    ids.map((id) => profileOf(`${site}-${id}`, { labels: { site } })),
  );
}

const call = apiCaller(() => api.address);

describe('deployments', () => {
  test('a deployment is created once by one idempotency key, changed and removed', async () => {
    const name = randomName('named');
    const key = { 'idempotency-key': randomName('key'), 'content-type': 'application/json' };
    const create = (body: object) =>
      call('POST', '/api/v1/deployments', JSON.stringify(body), {
        ...key,
        authorization: `Bearer ${testTokens.operator}`,
      });
    const [first, second] = [
      await create({ name, gatewayIds: [`${site}-a`] }),
      await create({ name, gatewayIds: [`${site}-a`] }),
    ];
    expect(first).toMatchObject({ status: 201, body: { name, mode: 'frozen' } });
    expect(second).toMatchObject({ status: 201, body: first.body });
    expect(await create({ name, gatewayIds: [`${site}-b`] })).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
    const path = `/api/v1/deployments/${name}`;
    expect(await call('PUT', path, { select: `labels.site == "${site}"` })).toMatchObject({
      status: 200,
      body: { mode: 'live', gatewayIds: [] },
    });
    expect((await call('GET', path)).body).toMatchObject({ gateways: 2 });
    expect(await call('PUT', path, { gatewayIds: [`${site}-a`], mode: 'live' })).toMatchObject({
      status: 400,
      body: { code: 'MALFORMED_INPUT' },
    });
    expect((await call('DELETE', path)).status).toBe(204);
    for (const [method, body] of [['DELETE'], ['GET'], ['PUT', { select: 'id != ""' }]] as const)
      expect(await call(method, path, body)).toMatchObject({
        status: 404,
        body: { code: 'DEPLOYMENT_NOT_FOUND' },
      });
  });

  test('a frozen selector keeps those who matched it', async () => {
    const name = randomName('frozen');
    const select = `labels.site == "${site}"`;
    const path = `/api/v1/deployments/${name}`;
    expect(await call('POST', '/api/v1/deployments', { name, select, mode: 'frozen' })).toMatchObject({
      status: 201,
      body: { mode: 'frozen', select },
    });
    const late = `${site}-late`;
    await come('late');
    expect((await call('GET', path)).body).toMatchObject({ gateways: 2 });
    expect((await call('GET', `/api/v1/deployments/${site}`)).body).toMatchObject({ gateways: 3 });
    await call('PUT', path, { select, mode: 'frozen' });
    expect((await call('GET', path)).body).toMatchObject({ gateways: 3 });
    await call('DELETE', `/api/v1/gateways/${late}`);
    expect((await call('GET', path)).body).toMatchObject({ gateways: 2 });
  });
});

describe('rollouts and dry runs', () => {
  test.each([
    ['gateways', () => ({ gateways: [`${site}-a`, `${site}-a`] }), 1],
    ['a selector', () => ({ select: `labels.site == "${site}"` }), 2],
    ['one gateway, as it was named before', () => ({ gatewayId: `${site}-b` }), 1],
  ])('a dry run for %s', async (_what, target, gateways) => {
    expect(await call('POST', '/api/v1/plans', { requests: [app], ...target() })).toMatchObject({
      status: 200,
      body: {
        gateways,
        lackingValues: 0,
        groups: [{ package: { there: false }, lacking: [], risks: [] }],
      },
    });
  });

  test.each([
    ['nobody', {}, 400, 'MALFORMED_INPUT'],
    ['two targets', { select: 'id != ""', gateways: ['x'] }, 400, 'MALFORMED_INPUT'],
    ['no gateway', { gateways: [] }, 400, 'MALFORMED_INPUT'],
    ['a gateway that nobody knows', { gateways: ['nobody'] }, 404, 'GATEWAY_NOT_FOUND'],
    ['a selector that cannot be read', { select: 'labels.site ==' }, 400, 'MALFORMED_INPUT'],
    ['a selector that nothing matches', { select: 'id == "nobody"' }, 422, 'EMPTY_DEPLOYMENT'],
  ])('a rollout and a dry run for %s are refused', async (_what, target, status, code) => {
    for (const path of ['/api/v1/rollouts', '/api/v1/plans'])
      expect(await call('POST', path, { requests: [app], ...target })).toMatchObject({
        status,
        body: { code },
      });
  });

  test('a rollout for what is named begins as soon as there is Temporal', async () => {
    for (const target of [
      { gateways: [`${site}-a`] },
      { select: `labels.site == "${site}"` },
      { deployment: site },
    ])
      expect(await call('POST', '/api/v1/rollouts', { requests: [app], ...target })).toMatchObject({
        status: 503,
        body: { code: 'TEMPORAL_UNAVAILABLE' },
      });
  });
});
