/** Wanted states and values by way of the API: what it takes, and what it refuses with nothing begun. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { apiCaller } from '../tests/support/call-api.js';
import { addGateways, addNode, profileOf } from '../tests/support/test-repositories.js';
import { artifactTar, randomName, testApi, testTokens, type TestApi } from '../tests/support/test-api.js';

const app = randomName('app');
const other = randomName('other');
const site = randomName('site');

let api: TestApi;
const call = apiCaller(() => api.address);

beforeAll(async () => {
  // There is no Temporal: nothing begins.
  api = await testApi('127.0.0.1:1');
  await addNode(api.repositories, 'node-1');
  for (const manifest of [
    `name: ${app}\nversion: 1.0.0\nkind: application\nvalues: [ { key: ${app}.level } ]\n`,
    `name: ${app}\nversion: 2.0.0\nkind: application\n`,
    `name: ${other}\nversion: 1.0.0\nkind: application\nprovides: [ { name: ${app}-driver, version: 1.0.0 } ]\n`,
  ])
    await call('POST', '/api/v1/artifacts', artifactTar(manifest), { 'content-type': 'application/x-tar' });
  await addGateways(
    api.repositories,
    ['a', 'b'].map((id) => profileOf(`${site}-${id}`, { labels: { site } })),
  );
  await call('POST', '/api/v1/deployments', { name: site, select: `labels.site == "${site}"` });
  await call('POST', '/api/v1/deployments', { name: `${site}-a`, gatewayIds: [`${site}-a`] });
}, 60_000);

afterAll(() => api.close());

const want = (body: object, key?: string) =>
  call('POST', '/api/v1/wanted-states', body, key === undefined ? {} : { 'idempotency-key': key });

const count = async () => api.repositories.wantedStates.open().then((open) => open.length);

describe('wanted states', () => {
  test.each([
    ['an artifact that is not there', { requests: ['nothing-of-this-name'] }, 404, 'ARTIFACT_NOT_FOUND'],
    ['a version that is not there', { requests: [`${app}@^7`] }, 404, 'ARTIFACT_NOT_FOUND'],
    ['a range that is none', { requests: [`${app}@newest please`] }, 400, 'MALFORMED_INPUT'],
    ['one artifact twice', { requests: [`${app}@1`, `${app}@>=1`] }, 400, 'MALFORMED_INPUT'],
    ['what another provides', { requests: [`${app}-driver`] }, 400, 'MALFORMED_INPUT'],
    ['nothing', { requests: [] }, 400, 'MALFORMED_INPUT'],
    ['a deployment that is not there', { deployment: 'none' }, 404, 'DEPLOYMENT_NOT_FOUND'],
    ['a deadline that has passed', { deadlineSeconds: 0 }, 400, 'MALFORMED_INPUT'],
    ['what nobody knows', { phases: [] }, 400, 'MALFORMED_INPUT'],
    ['a strategy that cannot be', { strategy: { phases: [{ percent: 101 }] } }, 400, 'STRATEGY_INVALID'],
    ['a preset that is none', { strategy: 'cautious' }, 400, 'MALFORMED_INPUT'],
    ['a strategy for nothing', { strategy: 'canary', automatic: false }, 400, 'MALFORMED_INPUT'],
  ])('%s is refused, and nothing is wanted', async (_what, changes, status, code) => {
    const before = await count();
    expect(await want({ requests: [app], deployment: site, ...changes })).toMatchObject({
      status,
      body: { code },
    });
    expect(await count()).toBe(before);
  });

  test('what contradicts another on a gateway is refused with the reason, until that has ended', async () => {
    const key = randomName('key');
    const first = await want({ requests: [`${app}@^1`], deployment: site }, key);
    expect(first).toMatchObject({ status: 201, body: { versions: [`${app}@1.0.0`], endedAt: null } });
    expect((await want({ requests: [`${app}@^1`], deployment: site }, key)).body).toEqual(first.body);
    expect(await want({ requests: [`${app}@^2`], deployment: site }, key)).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
    const path = `/api/v1/wanted-states/${String(first.body['id'])}`;
    const contradicting = { requests: [`${app}@^2`], deployment: `${site}-a` };
    expect(await want(contradicting)).toMatchObject({
      status: 409,
      body: { code: 'WANTED_STATE_CONFLICT', detail: expect.stringContaining(`asks for ${app}@^1`) },
    });
    // Both hold with 1.0.0.
    const agreeing = await want({ requests: [`${app}@>=1`], deployment: `${site}-a` });
    expect(agreeing.status).toBe(201);
    expect(await call('DELETE', `/api/v1/deployments/${site}`)).toMatchObject({
      status: 409,
      body: { code: 'DEPLOYMENT_IN_USE' },
    });

    const ended = await call('POST', `${path}/end`);
    expect(ended.body['endedAt']).toEqual(expect.any(String));
    expect((await call('POST', `${path}/end`)).body).toEqual(ended.body);
    expect((await want(contradicting)).status).toBe(201);
    expect((await call('GET', path)).body).toMatchObject({ compliance: { held: 0 }, lookingAtAll: false });
  });

  test('a strategy is kept with what is wanted, and shown as it is read', async () => {
    const body = { requests: [other], deployment: `${site}-a`, strategy: 'canary' };
    const wanted = await want(body);
    expect(wanted).toMatchObject({
      status: 201,
      body: { automatic: true, strategy: { phases: [{ name: 'canary', percent: 5 }] }, problem: null },
    });
    const path = `/api/v1/wanted-states/${String(wanted.body['id'])}`;
    expect((await call('GET', path)).body).toMatchObject({ campaigns: [], rollouts: [] });
    await call('POST', `${path}/end`);
  });

  test('who may only look wants nothing, and what is not there is not ended', async () => {
    const viewer = { authorization: `Bearer ${testTokens.viewer}` };
    const body = { requests: [app], deployment: site };
    expect((await call('POST', '/api/v1/wanted-states', body, viewer)).status).toBe(403);
    expect((await call('GET', '/api/v1/wanted-states', undefined, viewer)).status).toBe(200);
    const nobody = '/api/v1/wanted-states/00000000-0000-0000-0000-000000000000';
    for (const [method, path] of [
      ['GET', nobody],
      ['GET', `${nobody}/gateways`],
      ['POST', `${nobody}/end`],
    ] as const)
      expect(await call(method, path)).toMatchObject({
        status: 404,
        body: { code: 'WANTED_STATE_NOT_FOUND' },
      });
  });
});

describe('values', () => {
  const change = (body: object) => call('PATCH', '/api/v1/values', body);
  const path = `/api/v1/gateways/${site}-a/values`;

  test.each([
    ['a selector that cannot be read', { select: 'labels.site ==', set: { a: '1' } }],
    ['an empty selector', { select: '', set: { a: '1' } }],
    ['a key that is none', { set: { 'a b': '1' } }],
    ['a value that is no text', { set: { a: 1 } }],
    ['what nobody knows', { set: { a: '1' }, fleet: true }],
  ])('%s is refused, and nothing is set', async (_what, body) => {
    const before = (await call('GET', '/api/v1/values')).body;
    expect(await change(body)).toMatchObject({ status: 400, body: { code: 'MALFORMED_INPUT' } });
    expect((await call('GET', '/api/v1/values')).body).toEqual(before);
  });

  test('of a gateway are shown with where each comes from, and what no artifact declares is named', async () => {
    const key = `${app}.level`;
    expect((await change({ set: { [key]: 'fleet', [`${key}l`]: 'x' } })).body['undeclared']).toEqual([
      `${key}l`,
    ]);
    const select = `labels.site == "${site}"`;
    await change({ select, set: { [key]: 'site', [`${key}.more`]: 'y' } });
    const own = await call('PATCH', path, { set: { [key]: 'own', [`${app}.secret`]: 's' }, secret: true });
    expect(own.body['undeclared']).toEqual([`${app}.secret`]);
    const shown = async () => {
      const items = (await call('GET', path)).body['items'] as Record<string, unknown>[];
      return items.map(({ key: name, value, secret, level, select: by }) => [name, value, secret, level, by]);
    };
    expect(await shown()).toEqual([
      [key, null, true, 'gateway', null],
      [`${key}.more`, 'y', false, 'select', select],
      [`${key}l`, 'x', false, 'fleet', null],
      [`${app}.secret`, null, true, 'gateway', null],
    ]);
    await call('PATCH', path, { unset: [key, `${app}.secret`] });
    expect((await shown())[0]).toEqual([key, 'site', false, 'select', select]);
    await change({ select, unset: [key] });
    expect((await shown())[0]).toEqual([key, 'fleet', false, 'fleet', null]);
    expect((await call('GET', '/api/v1/gateways/nobody/values')).status).toBe(404);
  });
});
