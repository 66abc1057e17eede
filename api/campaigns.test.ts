/** What the API takes of campaigns, and what it refuses before anything begins. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { request } from 'undici';
import { phasesOf } from '../services/choose-members.js';
import { quietTemporal } from '../tests/support/quiet-temporal.js';
import { testTemporal, type TestTemporal } from '../tests/support/temporal.js';
import { addGateways, addNode, profileOf } from '../tests/support/test-repositories.js';
import { randomName, testApi, testTokens, type TestApi } from '../tests/support/test-api.js';

let temporal: TestTemporal;
let api: TestApi;

beforeAll(async () => {
  quietTemporal();
  temporal = await testTemporal();
  api = await testApi(temporal.address, { namespace: temporal.namespace });
  const { repositories } = api;
  await addNode(repositories, 'node-1');
  await addGateways(repositories, [profileOf('gw-1'), profileOf('gw-2')]);
  await repositories.artifacts.add({ name: 'app', version: '1.0.0', kind: 'application' }, []);
}, 15 * 60_000);

afterAll(async () => {
  await api.close();
  await temporal.stop();
});

interface Answer {
  readonly id?: string;
  readonly state?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly items?: readonly unknown[];
}

async function call(
  method: 'GET' | 'POST',
  path: string,
  body?: object,
  { key, token = testTokens.admin }: { readonly key?: string; readonly token?: string } = {},
) {
  const answer = await request(`${api.address}/api/v1/campaigns${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { status: answer.statusCode, body: (await answer.body.json()) as Answer };
}

const asked = { requests: ['app'], gateways: ['gw-1', 'gw-2'] };
const nightly = {
  phases: [{ count: 1 }],
  windows: { weekly: [{ days: ['mon'], from: '22:00', to: '05:00' }] },
};

/** Before its deadline it has no window: a freeze covers them all. */
const frozen = {
  ...nightly,
  windows: { ...nightly.windows, freezes: [{ from: '2000-01-01', to: '2100-01-01' }] },
};

async function recorded(): Promise<number> {
  return (await call('GET', '?limit=500')).body.items?.length ?? 0;
}

test('the same key starts one campaign, also when many ask at once; other words under it are refused', async () => {
  const key = randomName('key');
  const before = await recorded();
  const answers = await Promise.all(Array.from({ length: 5 }, () => call('POST', '', asked, { key })));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 202));
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  expect(await recorded()).toBe(before + 1);
  const others = [
    { ...asked, gateways: ['gw-1'] },
    { ...asked, strategy: nightly },
  ];
  for (const other of others)
    expect(await call('POST', '', other, { key })).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
});

test('a preview tells what each phase is given, what is to be built, and what goes over each line', async () => {
  const { phases } = await previewed({ ...asked, strategy: { phases: [{ count: 1 }] } });
  const [first, rest] = phases;
  expect(first).toMatchObject({ packagesToBuild: 1, packagesThere: 0, groupCount: 1 });
  // Both gateways need the same, which the first phase has had built.
  expect(rest).toMatchObject({ packagesToBuild: 0, packagesThere: 1 });
  const bytes = first?.groups[0]?.package?.bytes ?? 0;
  expect(first?.groups).toMatchObject([{ gateways: 1, remove: [], explanation: null, lacking: 0 }]);
  expect(first?.groups[0]?.install).toHaveLength(1);
  expect(first).toMatchObject({ downloadBytes: bytes, sites: [{ site: '', gateways: 1, bytes }] });
});

test.each([
  ['windows that never open', { strategy: frozen }, 'WINDOW_NEVER_OPENS'],
  ['a word that there is not', { strategy: { phases: [], errorBuget: {} } }, 'STRATEGY_INVALID'],
  [
    'a phase that gets no gateway',
    { strategy: { phases: [{ count: 2 }, { count: 1 }] } },
    'STRATEGY_INVALID',
  ],
  ['a gateway that there is not', { gateways: ['gw-3'] }, 'GATEWAY_NOT_FOUND'],
  ['a deployment that there is not', { gateways: undefined, deployment: 'absent' }, 'DEPLOYMENT_NOT_FOUND'],
  ['nobody', { gateways: undefined }, 'MALFORMED_INPUT'],
  ['two ways of naming gateways', { select: 'id != ""' }, 'MALFORMED_INPUT'],
])('refused at the start, and nothing is stored: %s', async (_what, otherwise, code) => {
  const before = await recorded();
  const key = randomName('key');
  const { status, body } = await call('POST', '', { ...asked, ...otherwise }, { key });
  expect(body).toMatchObject({ code });
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(await recorded()).toBe(before);
  // The key is free still: who corrects the request may send it under the same.
  expect(await call('POST', '', asked, { key })).toMatchObject({ status: 202 });
});

test('a strategy with windows is taken, and windows that never open when it skips them', async () => {
  expect(await call('POST', '', { ...asked, strategy: nightly })).toMatchObject({ status: 202 });
  const skipping = { ...frozen, priority: 'emergency', skip: ['windows'] };
  expect(await call('POST', '', { ...asked, strategy: skipping })).toMatchObject({ status: 202 });
});

test('a verb that is asked for twice is noted once, with who and why; viewers may not ask', async () => {
  const id = (await call('POST', '', asked)).body.id ?? '';
  const pause = () => call('POST', `/${id}/pause`, { reason: 'lunch' });
  expect(await pause()).toMatchObject({ status: 202, body: { state: 'paused' } });
  expect(await pause()).toMatchObject({ status: 202, body: { state: 'paused' } });
  const { body } = await call('GET', `/${id}`);
  const { events } = body as { events: { kind: string; who: string; why: string }[] };
  expect(events.filter(({ kind }) => kind === 'pause')).toMatchObject([{ why: 'lunch' }]);
  expect(events.at(-1)?.who).toMatch(/^admin /);
  expect(await call('POST', `/${id}/resume`, {}, { token: testTokens.viewer })).toMatchObject({
    status: 403,
  });
});

interface Preview {
  readonly id: string;
  readonly gateways: number;
  readonly phases: readonly {
    readonly name: string;
    readonly gatewayIds: readonly string[];
    readonly zones: readonly { readonly zone: string; readonly gateways: number }[];
    readonly groups: readonly {
      readonly install: readonly string[];
      readonly package: { readonly bytes: number } | null;
    }[];
  }[];
}

async function previewed(body: object): Promise<Preview> {
  const answer = await call('POST', '/preview', body, { token: testTokens.viewer });
  expect(answer).toMatchObject({ status: 200 });
  return answer.body as unknown as Preview;
}

test('a preview is asked for by POST alone', async () => {
  expect(await call('GET', '/preview')).toMatchObject({ status: 405, body: { code: 'METHOD_NOT_ALLOWED' } });
});

test('a preview begins nothing, and started under its id the phases have the same gateways', async () => {
  const before = await recorded();
  const { id, gateways, phases } = await previewed({ ...asked, strategy: nightly });
  expect(await recorded()).toBe(before);
  expect([gateways, phases.map(({ name }) => name)]).toEqual([2, ['phase 1', 'rest']]);
  expect(phases[0]?.zones).toMatchObject([{ zone: 'UTC', gateways: 1 }]);
  const started = await call('POST', '', { ...asked, id, strategy: nightly });
  expect(started).toMatchObject({ status: 202, body: { id } });
  const { repositories } = api;
  const chosen = await phasesOf(repositories, await repositories.campaigns.get(id));
  expect(chosen.map(({ gatewayIds }) => gatewayIds)).toEqual(phases.map(({ gatewayIds }) => gatewayIds));
  expect(await call('POST', '', { ...asked, id })).toMatchObject({
    status: 409,
    body: { code: 'CAMPAIGN_EXISTS' },
  });
});

test.each([
  ['windows that never open', { strategy: frozen }, 'WINDOW_NEVER_OPENS'],
  [
    'a phase that gets no gateway',
    { strategy: { phases: [{ count: 2 }, { count: 1 }] } },
    'STRATEGY_INVALID',
  ],
  ['an artifact that there is not', { requests: ['absent'] }, 'ARTIFACT_NOT_FOUND'],
  ['a gateway that there is not', { gateways: ['gw-3'] }, 'GATEWAY_NOT_FOUND'],
])('a preview is refused with what the start is refused with: %s', async (_what, otherwise, code) => {
  for (const path of ['/preview', ''])
    expect(await call('POST', path, { ...asked, ...otherwise })).toMatchObject({ body: { code } });
});
