/** Whatever webhooks are told of is written with what makes it true, once, and as the schemas say. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { limits } from '../domain/limits.js';
import { toldEventTypes } from '../domain/webhook/event-types.js';
import { gatewaysOfMessage } from '../domain/webhook/events.js';
import type { StandingName } from '../domain/wanted-state/judge.js';
import { act, addCampaign } from '../tests/support/test-campaigns.js';
import {
  addNewGateways,
  addNode,
  addRollout,
  testRepositories,
  type TestRepositories,
} from '../tests/support/test-repositories.js';
import { schemaFaults } from '../tests/support/webhook-receiver.js';
import { inTransaction } from './database.js';
import type { Repositories } from './repositories.js';

let repositories: TestRepositories;
let hook: string;

beforeAll(async () => {
  repositories = await testRepositories();
  await addNode(repositories, 'node-1');
}, 60_000);

afterAll(() => repositories.close());

beforeEach(async () => {
  for (const { name } of await repositories.webhooks.list()) await repositories.webhooks.remove(name);
  hook = await addWebhook(toldEventTypes);
});

async function addWebhook(
  events: readonly string[],
  { webhooks } = repositories as Repositories,
): Promise<string> {
  const id = randomUUID();
  const webhook = {
    id,
    name: id,
    url: 'https://203.0.113.5/',
    events,
    secret: Buffer.from('x'),
    createdBy: 'x',
  };
  await inTransaction(repositories.database, (tx) => webhooks.createIn(tx, webhook));
  return id;
}

interface Told {
  readonly type: string;
  readonly data: { readonly gateways: readonly Record<string, unknown>[] } & Record<string, unknown>;
}

/** What the webhook is to be told, the first first; all of it is as the schemas say. */
async function told(name = hook): Promise<Told[]> {
  const { items } = await repositories.webhooks.deliveries(name, null, 500, null);
  for (const { type, data } of items)
    expect({ type, faults: schemaFaults(type, data) }).toEqual({ type, faults: [] });
  return items.reverse().map(({ type, data }) => ({ type, data: data as Told['data'] }));
}

const typesOf = (all: readonly Told[]) => all.map(({ type }) => type);

test('the end of a rollout, once, and once more when late reports correct it', async () => {
  const { rollouts, database } = repositories;
  const [gateway = ''] = await addNewGateways(repositories, 1);
  const id = await addRollout(repositories, ['app@^1'], [gateway]);
  await rollouts.end(id, null);
  expect(await told()).toEqual([]);
  const failure = { code: 'UNSATISFIABLE', message: 'it is not to be had' };
  await database.$executeRaw`UPDATE delivery SET state = 'lost', ended_at = now() WHERE rollout_id = ${id}::uuid`;
  expect((await rollouts.end(id, failure)).state).toBe('failed');
  await rollouts.end(id, failure);
  expect(await told()).toMatchObject([
    {
      type: 'rollout.ended',
      data: {
        rollout: { id, state: 'failed', requests: ['app@^1'], failure },
        counts: { lost: 1, succeeded: 0 },
        corrected: false,
      },
    },
  ]);
  await database.$executeRaw`UPDATE delivery SET state = 'succeeded' WHERE rollout_id = ${id}::uuid`;
  await database.$executeRaw`DELETE FROM rollout_count WHERE rollout_id = ${id}::uuid`;
  await database.$executeRaw`
    INSERT INTO rollout_count (rollout_id, state, count, writer) VALUES (${id}::uuid, 'succeeded', 1, 'test')`;
  await database.$executeRaw`UPDATE rollout SET outcome_stale = true WHERE id = ${id}::uuid`;
  await rollouts.settle();
  expect((await told())[1]).toMatchObject({ data: { rollout: { state: 'succeeded' }, corrected: true } });
});

test('how a campaign begins, halts and ends, by whom and why', async () => {
  const ids = await addNewGateways(repositories, 2);
  const id = await addCampaign(repositories, [ids]);
  const said = { who: 'anna', why: 'it rains' };
  await repositories.campaigns.wish(id, { verb: 'pause', ...said }, () => ({ state: 'paused' }));
  await repositories.campaigns.wish(id, { verb: 'pause', ...said }, () => null);
  await repositories.campaigns.wish(id, { verb: 'resume', ...said }, () => ({ state: 'waiting' }));
  const wait = { do: 'wait', untilMs: null } as const;
  await act(repositories, id, wait, { state: 'running' });
  await act(repositories, id, wait, { state: 'paused', reason: 'too many failed' });
  await act(repositories, id, wait, { state: 'paused', reason: 'too many failed' });
  await act(repositories, id, { do: 'end' }, { state: 'failed', reason: 'too many failed' });
  const all = await told();
  expect(typesOf(all)).toEqual(['campaign.started', 'campaign.paused', 'campaign.halted', 'campaign.ended']);
  expect(all.map(({ data: { by, why } }) => [by, why])).toEqual([
    ['operator test', null],
    ['anna', 'it rains'],
    [null, null],
    [null, null],
  ]);
  expect(all[2]?.data['campaign']).toMatchObject({ id, state: 'paused', reason: 'too many failed' });
});

test('a gateway that somebody else registers as, once a day however often that is', async () => {
  const { contests, database } = repositories;
  const [first = '', second = ''] = await addNewGateways(repositories, 2);
  const contest = (gatewayId: string, key: string) => ({
    gatewayId,
    reason: 'key' as never,
    key,
    address: '203.0.113.9',
  });
  await contests.note([
    contest(first, 'a'),
    contest(first, 'b'),
    contest(second, 'a'),
    contest('nobody', 'a'),
  ]);
  await contests.note([contest(first, 'a'), contest(first, 'c')]);
  const all = await told();
  expect(typesOf(all)).toEqual(['gateway.contested']);
  expect(all[0]?.data.gateways).toEqual(
    [first, second].sort().map((id) => ({ id, reason: 'key', address: '203.0.113.9' })),
  );
  await database.$executeRaw`UPDATE gateway_contest SET last_at = now() - interval '25 hours' WHERE gateway_id = ${first}`;
  await contests.note([contest(first, 'a')]);
  expect((await told())[1]?.data.gateways).toMatchObject([{ id: first }]);
});

describe('silence', () => {
  const watched = (sinceMinutes: number) => repositories.database.$executeRaw`
    UPDATE node_pool SET watched_at = now(), watched_since = now() - ${sinceMinutes}::int * interval '1 minute'`;
  const heard = (ids: readonly string[], minutesAgo: number) => repositories.database.$executeRaw`
    UPDATE gateway SET last_seen_at = now() - ${minutesAgo}::int * interval '1 minute' WHERE id = ANY(${[...ids]}::text[])`;

  test('is told once, and so is its end; many gateways in few messages', async () => {
    await watched(60);
    const ids = await addNewGateways(repositories, gatewaysOfMessage + 1);
    await heard(ids, 10);
    expect(await repositories.silence.notice()).toEqual({ silent: ids.length, back: 0 });
    expect(await repositories.silence.notice()).toEqual({ silent: 0, back: 0 });
    await heard(ids.slice(0, 2), 0);
    await repositories.gateways.decommission(ids[2] ?? '');
    expect(await repositories.silence.notice()).toEqual({ silent: 0, back: 3 });
    const all = await told();
    expect(typesOf(all)).toEqual(['gateway.silent', 'gateway.silent', 'gateway.back']);
    expect(
      all
        .slice(0, 2)
        .flatMap(({ data }) => data.gateways.map(({ id }) => id))
        .sort(),
    ).toEqual(ids);
    expect(all[2]?.data.gateways.map(({ id }) => id)).toEqual(ids.slice(0, 2));
  });

  test('is not told of a gateway that nobody was there to hear', async () => {
    const ids = await addNewGateways(repositories, 2);
    await heard(ids, 10);
    await watched(1);
    expect(await repositories.silence.notice()).toMatchObject({ silent: 0 });
    await watched(60);
    expect(await repositories.silence.notice()).toMatchObject({ silent: 2 });
  });
});

test('what is wanted and is not so any more, until it is again', async () => {
  const { wantedMembers, wantedStates, deployments } = repositories;
  const gatewayIds = await addNewGateways(repositories, 2);
  await deployments.create('wanted', { gatewayIds, selector: null });
  const wantedStateId = await wantedStates.create({
    ...{ requests: ['app@^1'], deployment: 'wanted', automatic: false, deadlineSeconds: 60 },
    ...{ versions: ['app@1.0.0'], catalogChanges: 0n, strategy: null },
  });
  const stand = (standing: StandingName, reason: string | null) =>
    wantedMembers.store(
      gatewayIds.map((gatewayId) => ({
        ...{ wantedStateId, gatewayId },
        standing: { standing, reason, target: [], settled: [], basis: 'b', attempts: 0, dueAtMs: null },
      })),
    );
  // A newcomer that is brought there is no news.
  await stand('drifted', 'app is not there');
  await stand('held', null);
  expect(await told()).toEqual([]);
  await stand('drifted', 'app 0.9.0 is there');
  await stand('drifted', 'app 0.8.0 is there');
  await stand('cannot', 'no disk');
  await stand('held', null);
  await stand('held', null);
  const all = await told();
  expect(typesOf(all)).toEqual(['wanted-state.broken', 'wanted-state.kept']);
  expect(all[0]?.data).toEqual({
    wantedState: { id: wantedStateId, requests: ['app@^1'], deployment: 'wanted' },
    gateways: gatewayIds.map((id) => ({ id, standing: 'drifted', reason: 'app 0.9.0 is there' })),
  });
});

test('a webhook is told of what it asks for, and nobody of what nobody asks for', async () => {
  const other = await addWebhook(['gateway.silent']);
  await addCampaign(repositories, [await addNewGateways(repositories, 1)]);
  expect(typesOf(await told())).toEqual(['campaign.started']);
  expect(await told(other)).toEqual([]);
});

describe('a webhook of a part of the fleet', () => {
  const scope = ['labels.building == "b1"'] as const;
  let ofBuilding: string;

  beforeEach(async () => {
    ofBuilding = await addWebhook(toldEventTypes, repositories.within(scope));
  });

  /** @returns a gateway of the building, and one of another */
  async function twoBuildings(): Promise<[string, string]> {
    const [inside = '', outside = ''] = await addNewGateways(repositories, 2);
    await repositories.gateways.changeLabels(inside, { set: { building: 'b1' }, unset: [] });
    return [inside, outside];
  }

  test('is told of its gateways alone', async () => {
    const [inside, outside] = await twoBuildings();
    const contest = { reason: 'key' as never, key: 'a', address: '203.0.113.9' };
    await repositories.contests.note([
      { gatewayId: inside, ...contest },
      { gatewayId: outside, ...contest },
    ]);
    await repositories.contests.note([{ gatewayId: outside, ...contest, key: 'b' }]);
    expect((await told(ofBuilding)).map(({ data }) => data.gateways.map(({ id }) => id))).toEqual([[inside]]);
    expect((await told())[0]?.data.gateways).toHaveLength(2);
  });

  test('is told of rollouts and campaigns of which it sees all gateways', async () => {
    const [inside, outside] = await twoBuildings();
    const ids = [];
    for (const gateways of [[inside], [outside], [inside, outside]]) {
      const id = await addRollout(repositories, ['app@^1'], gateways);
      await repositories.database
        .$executeRaw`UPDATE delivery SET state = 'lost', ended_at = now() WHERE rollout_id = ${id}::uuid`;
      await repositories.rollouts.end(id, null);
      const campaign = await addCampaign(repositories, [gateways]);
      await act(repositories, campaign, { do: 'end' }, { state: 'failed', reason: 'too many failed' });
      ids.push([id, campaign]);
    }
    const seen = (await told(ofBuilding)).map(({ data }) => data['rollout'] ?? data['campaign']);
    expect(seen.map((about) => (about as { id: string }).id)).toEqual(ids[0]);
    expect(typesOf(await told())).toHaveLength(9);
  });

  test('is told of wanted states of deployments that were made within it', async () => {
    const [inside, outside] = await twoBuildings();
    const own = repositories.within(scope);
    const members = { gatewayIds: [inside], selector: null };
    await own.deployments.create('of-building', members);
    await repositories.deployments.create('of-fleet', { ...members, gatewayIds: [inside, outside] });
    for (const deployment of ['of-building', 'of-fleet']) {
      const wantedStateId = await repositories.wantedStates.create({
        ...{ requests: ['app@^1'], deployment, automatic: false, deadlineSeconds: 60 },
        ...{ versions: ['app@1.0.0'], catalogChanges: 0n, strategy: null },
      });
      const standing = {
        standing: 'cannot',
        reason: 'no disk',
        target: [],
        settled: [],
        basis: 'b',
      } as const;
      await repositories.wantedMembers.store(
        [inside, outside].map((gatewayId) => ({
          ...{ wantedStateId, gatewayId },
          standing: { ...standing, attempts: 0, dueAtMs: null },
        })),
      );
    }
    expect((await told(ofBuilding)).map(({ data }) => [data['wantedState'], data.gateways])).toEqual([
      [expect.objectContaining({ deployment: 'of-building' }), [expect.objectContaining({ id: inside })]],
    ]);
  });

  test('takes no more than its part of them from the others', async () => {
    for (let made = 1; made < limits.webhooksOfScope; made += 1)
      await addWebhook(['gateway.silent'], repositories.within(scope));
    await expect(addWebhook(['gateway.silent'], repositories.within(scope))).rejects.toMatchObject({
      code: 'TOO_LARGE',
    });
    await addWebhook(['gateway.silent'], repositories.within(['labels.building == "b2"']));
  });
});

test('what waits is bounded: the oldest goes, and is counted', async () => {
  const { database, webhooks } = repositories;
  const [{ most } = { most: 0 }] = await database.$queryRaw<{ most: number }[]>`
    SELECT leonore_webhook_backlog() AS most`;
  await database.$executeRaw`
    INSERT INTO webhook_delivery (webhook_id, type, data)
    SELECT ${hook}::uuid, 'webhook.test', jsonb_build_object('webhook', n::text, 'sentBy', 'x') FROM generate_series(1, ${most}) n`;
  expect(await webhooks.get(hook)).toMatchObject({ waiting: most, dropped: 0 });
  await webhooks.test(hook, 'anna');
  await webhooks.test(hook, 'anna');
  expect(await webhooks.get(hook)).toMatchObject({ waiting: most, dropped: 2 });
  const [oldest] = await database.$queryRaw<{ first: string }[]>`
    SELECT data ->> 'webhook' AS first FROM webhook_delivery WHERE webhook_id = ${hook}::uuid ORDER BY place LIMIT 1`;
  expect(oldest?.first).toBe('3');
});
