import { randomBytes } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { limits } from '../domain/limits.js';
import { expectNumbersRight } from '../tests/support/delivery-numbers.js';
import {
  addGateways,
  addNode,
  addRollout,
  offerPackage,
  planOf,
  profileOf,
  testRepositories,
  type TestRepositories,
} from '../tests/support/test-repositories.js';

let repositories: TestRepositories;
const opened: TestRepositories[] = [];

beforeEach(async () => {
  repositories = await testRepositories();
  opened.push(repositories);
  await addNode(repositories, 'node-1');
}, 60_000);

afterAll(async () => {
  for (const each of opened) await each.close();
});

async function offered(count: number): Promise<{ id: string; gatewayIds: string[] }> {
  const gatewayIds = Array.from({ length: count }, (_none, place) => `gw-${place}`);
  await addGateways(
    repositories,
    gatewayIds.map((id) => profileOf(id)),
  );
  const id = await addRollout(repositories, ['thermometer'], gatewayIds);
  await offerPackage(repositories, id, {
    plan: planOf(['thermometer@1.0.0']),
    content: { digest: randomBytes(32).toString('hex'), sizeBytes: 10 },
  });
  return { id, gatewayIds };
}

async function report(
  id: string,
  ordinal: number,
  state: 'succeeded' | 'failed',
  sequence = 1,
): Promise<void> {
  await repositories.deliveries.report([
    {
      gatewayId: `gw-${ordinal}`,
      delivery: { rolloutId: id, ordinal },
      reports: [{ deliveryId: '', sequence, state }],
    },
  ]);
}

describe('the end of a rollout', () => {
  test('is refused while a delivery is open, and told once', async () => {
    const { id } = await offered(2);
    await report(id, 0, 'succeeded');
    expect(await repositories.rollouts.end(id, null)).toMatchObject({ open: 1, state: 'requested' });
    expect((await repositories.rollouts.get(id)).endedAt).toBeNull();
    await report(id, 1, 'failed');
    expect(await repositories.rollouts.end(id, { code: 'X' })).toMatchObject({ open: 0, state: 'partly' });
    const first = await repositories.rollouts.get(id);
    expect(first).toMatchObject({ state: 'partly', failure: { code: 'X' } });
    expect(await repositories.rollouts.end(id, { code: 'Y' })).toMatchObject({ state: 'partly' });
    expect(await repositories.rollouts.get(id)).toEqual(first);
    await expect(
      repositories.rollouts.end('00000000-0000-0000-0000-000000000000', null),
    ).rejects.toMatchObject({
      code: 'ROLLOUT_NOT_FOUND',
    });
  });

  test('corrects numbers that say otherwise than the deliveries', async () => {
    const { id } = await offered(2);
    await repositories.database.$executeRaw`
      UPDATE rollout_count SET count = count + 5 WHERE rollout_id = ${id}::uuid AND state = 'offered'`;
    await repositories.database.$executeRaw`
      INSERT INTO rollout_count (rollout_id, writer, state, count) VALUES (${id}::uuid, 'gone', 'lost', 3)`;
    expect(await repositories.rollouts.counts(id)).toMatchObject({ offered: 7, lost: 3 });
    expect(await repositories.rollouts.end(id, null)).toMatchObject({
      open: 2,
      counts: { offered: 2, lost: 0 },
    });
    await expectNumbersRight(repositories.database, id);
  });

  test('is told anew when a late report corrects it', async () => {
    const { id } = await offered(2);
    await repositories.chunks.lose(id, 0);
    expect((await repositories.rollouts.end(id, null)).state).toBe('failed');
    expect(await repositories.rollouts.settle()).toEqual([]);
    await report(id, 0, 'succeeded');
    expect(await repositories.rollouts.settle()).toEqual([{ id, state: 'partly' }]);
    await report(id, 1, 'succeeded');
    expect(await repositories.rollouts.settle()).toEqual([{ id, state: 'succeeded' }]);
    expect(await repositories.rollouts.settle()).toEqual([]);
    await expectNumbersRight(repositories.database, id);
  });

  test('stays as it was when what was corrected changes nothing of it, and when it has not come yet', async () => {
    const { id } = await offered(2);
    await repositories.provisioning.cancel(id);
    await report(id, 0, 'failed');
    expect(await repositories.rollouts.settle()).toEqual([]);
    await repositories.rollouts.requestCancel(id);
    expect((await repositories.rollouts.end(id, null)).state).toBe('cancelled');
    await report(id, 1, 'failed');
    expect(await repositories.rollouts.settle()).toEqual([]);
    expect((await repositories.rollouts.get(id)).state).toBe('cancelled');
  });
});

test('what is noted of a rollout is bounded, and nothing is noted of what is not there', async () => {
  const id = await addRollout(repositories, ['thermometer'], []);
  for (let time = 0; time < limits.rolloutEvents + 5; time += 1)
    await repositories.rollouts.note(id, 'mended', { time });
  const events = await repositories.rollouts.events(id);
  expect(events).toHaveLength(limits.rolloutEvents);
  expect(events.map(({ detail }) => detail['time'])).toEqual(events.map((_event, index) => index));
  await repositories.rollouts.note('00000000-0000-0000-0000-000000000000', 'mended', {});
  expect(await repositories.rollouts.mends()).toBe(limits.rolloutEvents);
});

describe('taking rollouts to compare them', () => {
  test('each is taken once by two at once, the longest not compared first, and rests then', async () => {
    const ids: string[] = [];
    for (let place = 0; place < 6; place += 1) ids.push(await addRollout(repositories, ['thermometer'], []));
    const { database, rollouts } = repositories;
    for (const [place, id] of ids.entries()) {
      await database.$executeRaw`
        UPDATE rollout SET created_at = now() - interval '1 hour' + ${place} * interval '1 second' WHERE id = ${id}::uuid`;
    }
    const taken = await Promise.all([rollouts.takeToCompare(2, 1_000), rollouts.takeToCompare(2, 1_000)]);
    const first = taken.flat().map(({ id }) => id);
    expect(new Set(first).size).toBe(first.length);
    expect(taken.every((some) => some.length <= 2)).toBe(true);
    while (first.length < 4) first.push(...(await rollouts.takeToCompare(1, 1_000)).map(({ id }) => id));
    expect(first.sort()).toEqual(ids.slice(0, 4).sort());
    const rest = await rollouts.takeToCompare(10, 1_000);
    expect(rest.map(({ id }) => id).sort()).toEqual(ids.slice(4).sort());
    expect(await rollouts.takeToCompare(10, 60_000)).toEqual([]);
    // Whoever was compared longest ago is next.
    await database.$executeRaw`UPDATE rollout SET compared_at = now() - interval '1 hour' WHERE id = ${ids[3]}::uuid`;
    await database.$executeRaw`UPDATE rollout SET compared_at = now() - interval '2 hours' WHERE id = ${ids[5]}::uuid`;
    expect((await rollouts.takeToCompare(1, 60_000)).map(({ id }) => id)).toEqual([ids[5]]);
    expect((await rollouts.takeToCompare(1, 60_000)).map(({ id }) => id)).toEqual([ids[3]]);
  });

  test('what has ended is not taken, nor what another holds', async () => {
    const held = await addRollout(repositories, ['thermometer'], []);
    const ended = await addRollout(repositories, ['thermometer'], []);
    const free = await addRollout(repositories, ['thermometer'], []);
    await repositories.rollouts.end(ended, null);
    await repositories.database.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT 1 FROM rollout WHERE id = ${held}::uuid FOR UPDATE`;
      expect((await repositories.rollouts.takeToCompare(10, -1_000)).map(({ id }) => id)).toEqual([free]);
    });
  });
});

describe('a database that is older than the fleet', () => {
  const notice = async (seen: Date | null) => repositories.absences.notice(seen);
  const watched = (ago: string) =>
    repositories.database.$executeRaw`UPDATE node_pool SET watched_at = now() - ${ago}::interval`;

  test('is noticed by a gap, and by a watch that went back; not otherwise', async () => {
    await watched('1 second');
    const first = await notice(null);
    expect(first.asking).toBe(false);
    expect((await notice(first.watchedAt)).asking).toBe(false);
    await watched('30 seconds');
    // Nothing is missing, but what was seen before is not there any more: an older copy.
    expect((await notice(first.watchedAt)).asking).toBe(true);
  });

  test('by a gap', async () => {
    await watched('2 minutes');
    expect((await notice(null)).asking).toBe(true);
  });

  test('its gateways are asked in batches, each once, and then no more', async () => {
    const ids = Array.from({ length: 5 }, (_none, place) => `gw-${place}`);
    await addGateways(
      repositories,
      ids.map((id) => profileOf(id)),
    );
    await repositories.gateways.decommission('gw-3');
    expect(await repositories.gateways.askForProfiles(2)).toBe(0);
    await watched('2 minutes');
    await notice(null);
    await watched('1 second');
    const asked: number[] = [];
    while ((await notice(null)).asking) asked.push(await repositories.gateways.askForProfiles(2));
    expect(asked).toEqual([2, 2, 0]);
    const rows = await repositories.database.gateway.findMany({ orderBy: { id: 'asc' } });
    expect(rows.map(({ profileWanted }) => profileWanted)).toEqual([true, true, true, false, true]);
  });
});

describe('the channels of a rollout', () => {
  test('are those that its deliveries stand with, by state', async () => {
    const { id } = await offered(4);
    expect(await repositories.rollouts.channels(id)).toMatchObject([{ counts: { offered: 4 } }]);
    await repositories.database.$executeRaw`
      UPDATE delivery SET protocol = 'mqtt', strategy = 'push' WHERE rollout_id = ${id}::uuid AND ordinal > 2`;
    await repositories.database.$executeRaw`
      UPDATE delivery SET protocol = 'http', strategy = 'push' WHERE rollout_id = ${id}::uuid AND ordinal = 2`;
    await report(id, 0, 'succeeded');
    await report(id, 3, 'failed');
    const channels = await repositories.rollouts.channels(id);
    expect(channels).toMatchObject([
      { protocol: 'http', strategy: 'pull', counts: { succeeded: 1, offered: 1, failed: 0 } },
      { protocol: 'http', strategy: 'push', counts: { succeeded: 0, offered: 1 } },
      { protocol: 'mqtt', strategy: 'push', counts: { succeeded: 0, offered: 0, failed: 1 } },
    ]);
    const { counts } = await repositories.rollouts.end(id, null);
    for (const [state, count] of Object.entries(counts))
      expect(channels.reduce((sum, one) => sum + one.counts[state as keyof typeof counts], 0)).toBe(count);
  });

  test('are none before it has deliveries', async () => {
    expect(await repositories.rollouts.channels('00000000-0000-4000-8000-000000000000')).toEqual([]);
  });
});
