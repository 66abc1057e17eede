import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inTransaction } from './database.js';
import {
  addGateways,
  addNode,
  addRollout,
  profileOf,
  testRepositories,
  type TestRepositories,
} from '../tests/support/test-repositories.js';

let repositories: TestRepositories;
/** More than step ii looks at in one statement. */
const matching = 10_500;

beforeAll(async () => {
  repositories = await testRepositories();
  await addNode(repositories, 'node-1');
  await addGateways(repositories, [
    profileOf('a-1', { labels: { floor: '1' }, installed: [{ name: 'app', version: '1.0.0' }] }),
    profileOf('a-2', { labels: { floor: '2' } }),
    profileOf('gone', { labels: { floor: '1' } }),
  ]);
  await repositories.gateways.decommission('gone');
  await repositories.database.$executeRaw`
    INSERT INTO gateway (id, profile, strategies, protocols, protocol, strategy, labels, installed, node_id, token_hash)
    SELECT 'many-' || lpad(n::text, 5, '0'), profile, strategies, protocols, protocol, strategy, '{"floor":"many"}',
           installed, node_id, token_hash
    FROM gateway, generate_series(1, ${matching}) AS n WHERE id = 'a-2'`;
});

afterAll(() => repositories.close());

const selecting = (select: string) => ({ select });
const naming = (...gateways: string[]) => ({ gateways });

async function idsOf(...given: Parameters<TestRepositories['members']['pages']>): Promise<string[][]> {
  const pages: string[][] = [];
  for await (const page of repositories.members.pages(...given)) pages.push(page.map(({ id }) => id));
  return pages;
}

async function deliveriesOf(rolloutId: string): Promise<{ ordinal: number; gatewayId: string }[]> {
  return repositories.database.delivery.findMany({
    where: { rolloutId },
    select: { ordinal: true, gatewayId: true },
    orderBy: { ordinal: 'asc' },
  });
}

describe('members of a deployment', () => {
  test('are counted in batches where counting at once takes too long', async () => {
    const { members, database } = repositories;
    const counting = await inTransaction(database, async (tx) => {
      // Nobody can read the table: counting at once is given up, and the first batch waits.
      await tx.$executeRaw`LOCK TABLE gateway IN ACCESS EXCLUSIVE MODE`;
      const begun = members.count(selecting('labels.floor == "many"'));
      for (;;) {
        // What a transaction has seen of the others it sees again, otherwise.
        await tx.$executeRaw`SELECT pg_stat_clear_snapshot()`;
        const [waiting] = await tx.$queryRaw<{ count: number }[]>`
          SELECT count(*)::int AS count FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%ORDER BY id LIMIT%'`;
        if (waiting?.count === 1) return { begun };
      }
    });
    expect(await counting.begun).toBe(matching);
  });

  test('are counted, and said to exist or not', async () => {
    const { members } = repositories;
    expect(await members.count(selecting('labels.floor == "many"'))).toBe(matching);
    expect(await members.count(selecting('labels.floor == 1'))).toBe(1);
    expect(await members.count(naming('a-1', 'gone', 'never'))).toBe(1);
    expect(await members.exist(selecting('labels.floor == 2'))).toBe(true);
    expect(await members.exist(selecting('labels.floor == 3'))).toBe(false);
    expect(await members.exist(naming('gone'))).toBe(false);
    expect(await members.exist(naming())).toBe(false);
  });

  test('are read in pages, each once, with labels and what is installed', async () => {
    const pages = await idsOf(selecting('labels.floor == "many" || labels.floor == 1'));
    expect(pages.map((page) => page.length)).toEqual([...new Array<number>(10).fill(1_000), 501]);
    expect(new Set(pages.flat()).size).toBe(matching + 1);
    const profiles: unknown[] = [];
    for await (const page of repositories.members.pages(naming('a-1'))) {
      profiles.push(...page.map(({ profile }) => profile));
    }
    expect(profiles).toEqual([
      {
        ...profileOf('a-1', { labels: { floor: '1' }, installed: [{ name: 'app', version: '1.0.0' }] }),
        reported: { floor: '1' },
      },
    ]);
  });

  test('are those alone that have an artifact, where that is asked for', async () => {
    expect(await idsOf(selecting('hardware.arch'), 'app')).toEqual([['a-1']]);
    expect(await idsOf(naming('a-1', 'a-2'), 'app')).toEqual([['a-1']]);
    expect(await idsOf(naming('a-2'), 'app')).toEqual([]);
  });

  test('get a delivery each, in batches, with dense ordinals, also when it is done again', async () => {
    const id = await addRollout(repositories, ['app'], ['a-2']);
    const everybody = selecting('hardware.arch');
    await repositories.members.addDeliveries(id, everybody);
    await repositories.members.addDeliveries(id, everybody);
    const deliveries = await deliveriesOf(id);
    expect(deliveries.map(({ ordinal }) => ordinal)).toEqual([...Array(matching + 2).keys()]);
    expect(new Set(deliveries.map(({ gatewayId }) => gatewayId)).size).toBe(matching + 2);
    expect(deliveries[0]?.gatewayId).toBe('a-2');
    expect(deliveries.map(({ gatewayId }) => gatewayId)).not.toContain('gone');
  });

  test('get one each when two do it at once', async () => {
    const id = await addRollout(repositories, ['app'], []);
    const everybody = selecting('hardware.arch');
    await Promise.all([1, 2].map(() => repositories.members.addDeliveries(id, everybody)));
    expect((await deliveriesOf(id)).map(({ ordinal }) => ordinal)).toEqual([...Array(matching + 2).keys()]);
  });

  test('get what is missing when the work was given up between two batches', async () => {
    const id = await addRollout(repositories, ['app'], []);
    const everybody = selecting('hardware.arch');
    const signal = {
      batches: 0,
      throwIfAborted() {
        this.batches += 1;
        if (this.batches === 2) throw new Error('given up');
      },
    };
    await expect(repositories.members.addDeliveries(id, everybody, signal)).rejects.toThrow('given up');
    const { length } = await deliveriesOf(id);
    expect([length > 0, length < matching]).toEqual([true, true]);
    await repositories.members.addDeliveries(id, everybody);
    expect((await deliveriesOf(id)).map(({ ordinal }) => ordinal)).toEqual([...Array(matching + 2).keys()]);
  });
});
