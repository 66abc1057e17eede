import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Compile } from 'typebox/compile';
import pg from 'pg';
import { GatewayProfileSchema } from '../../domain/gateway/profile.js';
import { startTestDatabase, type TestDatabase } from '../../tests/support/postgres.js';
import { Phases } from '../terminal.js';
import { seed } from './command.js';

const sizes = { gateways: 1_200, deliveries: 2_500, nodes: 3 };
const phases = new Phases(() => undefined);
let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await startTestDatabase();
  await seed(database.url, sizes, phases);
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await database.stop();
});

async function numbers(sql: string): Promise<number[]> {
  const { rows } = await client.query<Record<string, unknown>>(sql);
  return rows.map((row) => Number(Object.values(row)[0]));
}

describe('a seeded database', () => {
  test('has as many gateways, nodes and deliveries as asked for', async () => {
    expect(await numbers('SELECT count(*) FROM gateway')).toEqual([sizes.gateways]);
    expect(await numbers('SELECT count(*) FROM node')).toEqual([sizes.nodes]);
    expect(await numbers('SELECT count(*) FROM delivery')).toEqual([sizes.deliveries]);
  });

  test('holds profiles as agents report them', async () => {
    const profile = Compile(GatewayProfileSchema);
    const { rows } = await client.query<{ profile: unknown }>('SELECT profile FROM gateway');
    expect(rows.filter((row) => !profile.Check(row.profile))).toEqual([]);
  });

  test('counts the gateways of its nodes right', async () => {
    const wrong = `SELECT count(*) FROM node n
      WHERE gateway_count <> (SELECT count(*) FROM gateway g WHERE g.node_id = n.id) OR gateway_count = 0`;
    expect(await numbers(wrong)).toEqual([0]);
  });

  test('has dense ordinals, chunks of bounded size, and ended deliveries that say when', async () => {
    expect(await numbers('SELECT count(*) - 1 - max(ordinal) FROM delivery GROUP BY rollout_id')).toEqual([
      0, 0, 0,
    ]);
    expect(
      await numbers(
        'SELECT count(*) FROM (SELECT FROM delivery GROUP BY rollout_id, chunk, slot HAVING count(*) > 1) AS twice',
      ),
    ).toEqual([0]);
    expect(
      await numbers(
        `SELECT count(*) FROM delivery
         WHERE (ended_at IS NULL) <> (state IN ('pending', 'offered', 'downloading', 'installing'))`,
      ),
    ).toEqual([0]);
  });

  test('is not filled again', async () => {
    await expect(seed(database.url, sizes, phases)).rejects.toThrow('has gateways already');
  });
});
