import { expect, test } from '@jest/globals';
import pg from 'pg';
import { startTestDatabase } from '../tests/support/postgres.js';
import { connectDatabase } from './database.js';

test('a process has connections of two kinds, and closes them together', async () => {
  const server = await startTestDatabase();
  const watch = new pg.Client(server.url);
  await watch.connect();
  const connections = async (): Promise<number> => {
    const { rows } = await watch.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
    );
    return rows[0]?.count ?? -1;
  };
  const database = connectDatabase({ url: server.url, poolSize: 2 });
  expect(await database.$prepared({ name: 'one', text: 'SELECT 1 AS one' }, [])).toEqual([{ one: 1 }]);
  await database.$queryRaw`SELECT 1`;
  expect(await connections()).toBe(2);
  await database.$close();
  // PostgreSQL ends its side a moment later.
  while ((await connections()) > 0);
  await watch.end();
  await server.stop();
});
