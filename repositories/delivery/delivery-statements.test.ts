/** Prepared statements are planned once, often while the tables are empty: the plans must be right for full ones. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { startTestDatabase, type TestDatabase } from '../../tests/support/postgres.js';
import { keyedPlans } from '../database.js';
import {
  mayDownloadStatement,
  pollStatement,
  readDeliveriesStatement,
  storeReportsStatement,
} from './delivery-statements.js';

let server: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  server = await startTestDatabase();
  client = new pg.Client({
    connectionString: server.url,
    options: keyedPlans.map((setting) => `-c ${setting}`).join(' '),
  });
  await client.connect();
}, 60_000);

afterAll(async () => {
  await client.end();
  await server.stop();
});

async function planOf(text: string): Promise<string> {
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN (GENERIC_PLAN) ${text}`);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

describe.each([
  ['poll', pollStatement],
  ['may-download', mayDownloadStatement],
  ['read-deliveries', readDeliveriesStatement],
  ['store-reports', storeReportsStatement],
])('on empty tables, %s', (_name, { text }) => {
  test('looks through no table, and joins by keys', async () => {
    const plan = await planOf(text);
    expect(plan).not.toMatch(/Seq Scan|Hash Join|Merge Join/);
    // An index without a condition is looked through from end to end.
    const scans = plan
      .split('\n')
      .flatMap((line, index, lines) =>
        /Index (Only )?Scan|Bitmap Index Scan/.test(line)
          ? [`${line.trim()} ${lines[index + 1]?.trim() ?? ''}`]
          : [],
      );
    for (const scan of scans) expect(scan).toMatch(/Index Cond/);
  });
});

test('what a gateway has to do is found by what is open for it', async () => {
  expect(await planOf(pollStatement.text)).toMatch(/delivery_open_idx.*\n\s+Index Cond: \(gateway_id = /);
  expect(await planOf(mayDownloadStatement.text)).toMatch(
    /delivery_open_idx.*\n\s+Index Cond: \(gateway_id = /,
  );
});
