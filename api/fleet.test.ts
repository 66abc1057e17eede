/** The fleet as people look at it: filters, order, counts, and what happened to one gateway. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { apiCaller } from '../tests/support/call-api.js';
import {
  addGateways,
  addNode,
  addRollout,
  offerPackage,
  planOf,
  profileOf,
  registrationOf,
} from '../tests/support/test-repositories.js';
import { testApi, type TestApi } from '../tests/support/test-api.js';

let api: TestApi;

beforeAll(async () => {
  api = await testApi('127.0.0.1:9');
  const { repositories } = api;
  await addNode(repositories, 'node-1');
  await addGateways(repositories, [
    profileOf('gw-a', { name: 'Cellar', installed: [{ name: 'app', version: '1.2.0' }] }),
    profileOf('gw-b', { labels: { site: 'Nord' }, installed: [{ name: 'app', version: '2.0.0' }] }),
    profileOf('gw-c', { installed: [{ name: 'other', version: '1.0.0' }] }),
  ]);
  await repositories.registrations.register({ ...registrationOf(profileOf('gw-slow')), pollSeconds: 3_600 });
  await repositories.gateways.decommission('gw-c');
  await repositories.contests.note([{ gatewayId: 'gw-b', reason: 'key', key: 'k', address: '10.0.0.9' }]);
  // Both have not been heard of for ten minutes: of one of them nothing was to be heard yet.
  await repositories.database.$executeRaw`
    UPDATE gateway SET last_seen_at = now() - interval '10 minutes' WHERE id IN ('gw-b', 'gw-slow')`;
}, 60_000);

afterAll(() => api.close());

const call = apiCaller(() => api.address);

async function ids(query: string): Promise<string[]> {
  const { status, body } = await call('GET', `/api/v1/gateways?${query}`);
  expect({ status, code: body['code'] }).toEqual({ status: 200, code: undefined });
  return (body['items'] as { id: string }[]).map(({ id }) => id);
}

describe('gateways are found', () => {
  test.each([
    ['all', '', ['gw-a', 'gw-b', 'gw-c', 'gw-slow']],
    ['by a selector', `select=${encodeURIComponent('labels.site == "Nord"')}`, ['gw-b']],
    ['by text in the name', 'text=cellar', ['gw-a']],
    ['by text in a label', 'text=NORD', ['gw-b']],
    ['by text that is no pattern', 'text=%25', []],
    ['online: by its own pause', 'state=online', ['gw-a', 'gw-slow']],
    ['silent', 'state=silent', ['gw-b']],
    ['contested', 'state=contested', ['gw-b']],
    ['decommissioned', 'state=decommissioned', ['gw-c']],
    ['by an artifact', 'artifact=app', ['gw-a', 'gw-b']],
    ['by a range', `artifact=${encodeURIComponent('app@<2')}`, ['gw-a']],
    ['by node and protocol', 'node=node-1&protocol=http', ['gw-a', 'gw-b', 'gw-slow']],
    ['by all of it', 'state=silent&artifact=app&text=gw', ['gw-b']],
  ])('%s', async (_what, query, expected) => {
    expect(await ids(query)).toEqual(expected);
  });

  test.each([
    ['an unknown filter', 'colour=red'],
    ['a state that there is not', 'state=asleep'],
    ['a selector that cannot be read', 'select=labels.'],
    ['a range that is none', 'artifact=app@!!'],
    ['a cursor of another list', 'sort=lastSeen&cursor=gw-a'],
  ])('not by %s', async (_what, query) => {
    expect(await call('GET', `/api/v1/gateways?${query}`)).toMatchObject({
      status: 400,
      body: { code: 'MALFORMED_INPUT' },
    });
  });

  test.each(['id', '-id', 'lastSeen', '-lastSeen', 'registered', '-registered'])(
    'a page at a time, sorted by %s',
    async (sort) => {
      const whole = await ids(`sort=${sort}`);
      expect([...whole].sort()).toEqual(['gw-a', 'gw-b', 'gw-c', 'gw-slow']);
      const paged: unknown[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const { body } = await call('GET', `/api/v1/gateways?limit=1&sort=${sort}${cursor}`);
        paged.push(...(body['items'] as { id: string }[]).map(({ id }) => id));
        const next = body['nextCursor'] as string | null;
        cursor = next === null ? null : `&cursor=${next}`;
      }
      expect(paged).toEqual(whole);
      if (sort === 'lastSeen') expect(whole.slice(0, 2).sort()).toEqual(['gw-b', 'gw-slow']);
    },
  );
});

test('the fleet is counted, all of it or what is asked for', async () => {
  expect((await call('GET', '/api/v1/fleet')).body).toMatchObject({
    gateways: 4,
    conditions: { online: 2, silent: 1, queued: 0, pending: 0, contested: 1, decommissioned: 1 },
    installed: [
      { name: 'app', version: '1.2.0', gateways: 1 },
      { name: 'app', version: '2.0.0', gateways: 1 },
    ],
    nodes: [{ id: 'node-1', gateways: 3 }],
    protocols: [{ protocol: 'http pull', gateways: 3 }],
  });
  expect((await call('GET', '/api/v1/fleet?state=silent')).body).toMatchObject({
    gateways: 1,
    installed: [{ version: '2.0.0' }],
  });
});

describe('what happened to a gateway', () => {
  let rollout: string;

  beforeAll(async () => {
    const { repositories } = api;
    rollout = await addRollout(repositories, ['app@^3'], ['gw-a', 'gw-slow']);
    const content = { digest: 'd'.repeat(64), sizeBytes: 1 };
    await offerPackage(repositories, rollout, { plan: planOf(['app@1.2.0']), content });
    const delivery = (ordinal: number) => ({ rolloutId: rollout, ordinal, attempt: 0 });
    const id = (ordinal: number) => `${rollout}.${ordinal}`;
    const error = { class: 'health', step: 'start', message: 'the check exited with 1' } as const;
    await repositories.deliveries.report([
      {
        gatewayId: 'gw-a',
        delivery: delivery(0),
        reports: [
          { deliveryId: id(0), sequence: 1, state: 'installing' },
          { deliveryId: id(0), sequence: 2, state: 'failed', error },
        ],
      },
      {
        gatewayId: 'gw-slow',
        delivery: delivery(1),
        reports: [
          {
            deliveryId: id(1),
            sequence: 1,
            state: 'succeeded',
            installed: [{ name: 'app', version: '1.2.0' }],
          },
        ],
      },
    ]);
  });

  test('a failure reads like sentences, with the rollout and with the gateway', async () => {
    const failure = expect.stringMatching(
      /^Failed at step start: .* The check exited with 1\. What was there before is back, and runs\. /,
    ) as unknown;
    expect((await call('GET', `/api/v1/rollouts/${rollout}/deliveries?state=failed`)).body).toMatchObject({
      items: [{ gatewayId: 'gw-a', failure }],
    });
    expect((await call('GET', `/api/v1/rollouts/${rollout}/deliveries/gw-a`)).body).toMatchObject({
      state: 'failed',
      failure,
      history: [
        { what: 'offered to the gateway' },
        { what: expect.stringContaining('installing, then failed at start (health)') as unknown },
      ],
    });
    expect((await call('GET', '/api/v1/gateways/gw-a/deliveries')).body).toMatchObject({
      items: [{ rollout, requests: ['app@^3'], failure }],
    });
    expect((await call('GET', '/api/v1/fleet')).body).toMatchObject({
      failures: [{ class: 'health', deliveries: 1 }],
    });
    expect(await call('GET', `/api/v1/rollouts/${rollout}/deliveries/gw-b`)).toMatchObject({
      status: 404,
      body: { code: 'DELIVERY_NOT_FOUND' },
    });
  });

  test('it is told since when a version is there', async () => {
    expect((await call('GET', '/api/v1/gateways/gw-slow')).body).toMatchObject({
      pollSeconds: 3_600,
      conditions: ['online'],
      installedSince: { 'app@1.2.0': expect.stringMatching(/Z$/) as unknown },
    });
    expect((await call('GET', '/api/v1/gateways/gw-a')).body).toMatchObject({ installedSince: {} });
  });

  test('its history is in order: registration, what people did, who else came, deliveries', async () => {
    await call('POST', '/api/v1/gateways/gw-b/profile-request');
    await call('POST', '/api/v1/gateways/gw-a/profile-request');
    const { body } = await call('GET', '/api/v1/gateways/gw-a/history');
    const items = body['items'] as { at: string; what: string; by: string | null }[];
    expect(items.map(({ what }) => what)).toEqual([
      expect.stringContaining('registered'),
      'install app@^3: offered to the gateway',
      expect.stringContaining('install app@^3: the gateway reported installing'),
      'requestProfile from 127.0.0.1',
    ]);
    expect(items.at(-1)?.by).toMatch(/^admin /);
    const others = (await call('GET', '/api/v1/gateways/gw-b/history')).body['items'] as { what: string }[];
    expect(others.map(({ what }) => what)).toContain('somebody at 10.0.0.9 came with another key');
  });

  test('moves and what changes of its profile are told, not what changes from minute to minute', async () => {
    const { gateways, database } = api.repositories;
    await addNode(api.repositories, 'node-2');
    const { profile } = await gateways.get('gw-a');
    const { hardware, software } = profile;
    await gateways.updateProfile({ ...profile, hardware: { ...hardware, diskFree: 1 } });
    await gateways.updateProfile({ ...profile, software: { ...software, kernel: '4.19.0' } });
    await database.gateway.update({ where: { id: 'gw-a' }, data: { nodeId: 'node-2' } });
    const items = (await call('GET', '/api/v1/gateways/gw-a/history')).body['items'] as {
      kind: string;
      what: string;
    }[];
    expect(items.filter(({ kind }) => kind === 'moved' || kind === 'profile')).toMatchObject([
      { kind: 'profile', what: 'reported another profile: software.kernel "3.10.0" → "4.19.0"' },
      { kind: 'moved', what: 'moved to another node: node-1 → node-2' },
    ]);
    await database.$executeRaw`UPDATE gateway SET node_id = 'node-1' WHERE id = 'gw-a'`;
    // Of a list: what came, what went, and what is another now.
    const tools = [
      { name: 'curl', version: '8.1.0' },
      { name: 'busybox', version: '1.36.0' },
    ];
    await gateways.updateProfile({ ...profile, software: { ...software, kernel: '4.19.0', tools } });
    await gateways.updateProfile({
      ...profile,
      software: { ...software, kernel: '4.19.0', tools: tools.slice(1) },
    });
    const history = (await call('GET', '/api/v1/gateways/gw-a/history')).body['items'] as { what: string }[];
    const told = history.map(({ what }) => what);
    expect(told).toContain(
      'reported another profile: software.tools.busybox 1.35.0 → 1.36.0, software.tools.curl none → 8.1.0',
    );
    expect(told).toContain('reported another profile: software.tools.curl 8.1.0 → none');
    // However long the lists of a device are, what is kept of them is not.
    const many = Array.from({ length: 64 }, (_none, n) => ({ name: `tool-${n}`, version: '1.0.0' }));
    await gateways.updateProfile({ ...profile, software: { ...software, tools: many } });
    const { changes } = await database.gatewayEvent.findFirstOrThrow({
      where: { gatewayId: 'gw-a' },
      orderBy: { id: 'desc' },
    });
    expect(changes).toHaveLength(20);
    for (let n = 0; n < 210; n += 1)
      await database.$executeRaw`UPDATE gateway SET agent_version = ${String(n)} WHERE id = 'gw-a'`;
    expect(await database.gatewayEvent.count({ where: { gatewayId: 'gw-a' } })).toBe(200);
  });
});

describe('the fleet in numbers', () => {
  test('is what there is to choose among', async () => {
    const { body } = await call('GET', '/api/v1/fleet/facets?state=silent');
    expect(body).toMatchObject({
      total: 1,
      complete: true,
      facets: { artifact: [{ value: 'app@2.0.0', name: 'app', version: '2.0.0', count: 1 }] },
    });
    const whole = (await call('GET', '/api/v1/fleet/facets')).body;
    expect(whole).toMatchObject({
      total: 4,
      complete: true,
      facets: { protocol: [{ value: 'http pull', count: 3 }] },
    });
  });

  test('is told as it was', async () => {
    await api.repositories.fleetSamples.take();
    const { body } = await call('GET', '/api/v1/fleet/history');
    expect(body['samples']).toMatchObject([{ gateways: 4, conditions: { decommissioned: 1 } }]);
    const before = await call('GET', '/api/v1/fleet/history?to=2020-01-01T00:00:00Z');
    expect(before).toMatchObject({ status: 200, body: { samples: [] } });
    expect((await call('GET', '/api/v1/fleet/history?from=yesterday')).status).toBe(400);
  });

  test('says who has a version, and what needs it', async () => {
    const { artifacts } = api.repositories;
    await artifacts.add({ name: 'app', version: '2.0.0', kind: 'application' }, []);
    await artifacts.add(
      { name: 'suite', version: '1.0.0', kind: 'application', requires: [{ name: 'app', version: '^2' }] },
      [],
    );
    const { body } = await call('GET', '/api/v1/artifacts/app/2.0.0/dependents');
    expect(body).toMatchObject({
      gateways: { count: 1, sample: ['gw-b'] },
      needs: [{ artifact: 'suite@1.0.0', because: 'app ^2' }],
      wantedStates: [],
      campaigns: [],
    });
    expect((await call('GET', '/api/v1/artifacts/app/9.9.9/dependents')).status).toBe(404);
  });

  test('lists what went wrong with its reason', async () => {
    const { body } = await call('GET', '/api/v1/deliveries/facets');
    const [reason] = (body as { facets: { reason: { key: string }[] } }).facets.reason;
    expect(reason).toMatchObject({ class: 'health', template: 'the check exited with #', count: 1 });
    const listed = await call('GET', `/api/v1/deliveries?reason=${reason?.key ?? ''}`);
    expect(listed.body['items']).toMatchObject([{ gatewayId: 'gw-a', reason: { parameters: ['1'] } }]);
    for (const query of ['state=succeeded', 'sinceHours=721', 'reason=x', 'select=('])
      expect((await call('GET', `/api/v1/deliveries?${query}`)).status).toBe(400);
  });

  test('rollouts and campaigns are found by what is asked for, oldest first when that is wished', async () => {
    const list = async (query: string) =>
      ((await call('GET', `/api/v1/rollouts?${query}`)).body['items'] as { id: string }[]).length;
    expect([await list('text=APP'), await list('text=nothing'), await list('state=failed')]).toEqual([
      1, 0, 0,
    ]);
    expect((await call('GET', '/api/v1/rollouts?sort=created&text=app')).body['items']).toHaveLength(1);
    expect((await call('GET', '/api/v1/rollouts/facets')).body).toMatchObject({ total: 1 });
    expect((await call('GET', '/api/v1/campaigns/facets?text=x')).body).toMatchObject({ total: 0 });
    expect((await call('GET', '/api/v1/campaigns?state=nothing')).status).toBe(400);
  });
});
