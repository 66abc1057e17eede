import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { startTestDatabase, type TestDatabase } from '../../tests/support/postgres.js';
import { migrate } from './migrate.js';

let database: TestDatabase;
let directory: string;
let client: pg.Client;

beforeEach(async () => {
  database = await startTestDatabase();
  directory = await mkdtemp(join(tmpdir(), 'leonore-migrations-'));
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  // The database comes with LEONORE's own migrations; these tests bring others.
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
});

afterEach(async () => {
  await client.end();
  await database.stop();
  await rm(directory, { recursive: true, force: true });
});

async function addMigration(name: string, sql: string): Promise<void> {
  await mkdir(join(directory, name), { recursive: true });
  await writeFile(join(directory, name, 'migration.sql'), sql);
}

async function records(): Promise<Record<string, unknown>[]> {
  const { rows } = await client.query<Record<string, unknown>>(
    'SELECT * FROM _prisma_migrations ORDER BY migration_name',
  );
  return rows;
}

describe('migrate', () => {
  test('applies what is pending, in the order of the names, and records it as Prisma does', async () => {
    const first = 'CREATE TABLE one (id int PRIMARY KEY);\nINSERT INTO one VALUES (1);\n';
    await addMigration('0002_two', 'ALTER TABLE one ADD COLUMN two text;');
    await addMigration('0001_one', first);
    expect(await migrate(database.url, { directory })).toEqual({ applied: ['0001_one', '0002_two'] });
    expect(await records()).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        checksum: createHash('sha256').update(first).digest('hex'),
        finished_at: expect.any(Date),
        migration_name: '0001_one',
        logs: null,
        rolled_back_at: null,
        started_at: expect.any(Date),
        applied_steps_count: 1,
      },
      expect.objectContaining({ migration_name: '0002_two' }),
    ]);
    await addMigration('0003_three', 'CREATE TABLE three (id int);');
    expect(await migrate(database.url, { directory })).toEqual({ applied: ['0003_three'] });
    expect(await migrate(client, { directory })).toEqual({ applied: [] });
  });

  test('applies every migration once when several processes start together', async () => {
    await addMigration('0001_one', 'CREATE TABLE one (id int); SELECT pg_sleep(0.1);');
    const results = await Promise.all([1, 2, 3, 4].map(() => migrate(database.url, { directory })));
    expect(results.flatMap((result) => result.applied)).toEqual(['0001_one']);
    expect(await records()).toHaveLength(1);
  });

  test('leaves nothing of a migration that fails, keeps those before it, and can go on afterwards', async () => {
    await addMigration('0001_one', 'CREATE TABLE one (id int);');
    await addMigration('0002_bad', 'CREATE TABLE two (id int); SELECT * FROM absent;');
    await expect(migrate(database.url, { directory })).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('0002_bad'),
    });
    expect((await records()).map((row) => row['migration_name'])).toEqual(['0001_one']);
    await addMigration('0002_bad', 'CREATE TABLE two (id int);');
    expect(await migrate(database.url, { directory })).toEqual({ applied: ['0002_bad'] });
  });

  test('refuses a file that was changed after it was applied', async () => {
    await addMigration('0001_one', 'CREATE TABLE one (id int);');
    await migrate(database.url, { directory });
    await addMigration('0001_one', 'CREATE TABLE one (id bigint);');
    await addMigration('0002_two', 'CREATE TABLE two (id int);');
    await expect(migrate(database.url, { directory })).rejects.toThrow(
      /0001_one.*changed after it was applied/,
    );
    expect(await records()).toHaveLength(1);
  });

  test('refuses a database that belongs to a newer version', async () => {
    await addMigration('0001_one', 'CREATE TABLE one (id int);');
    await migrate(database.url, { directory });
    await rm(join(directory, '0001_one'), { recursive: true });
    await expect(migrate(database.url, { directory })).rejects.toThrow(/0001_one.*newer version/);
  });

  test('refuses to go on where an attempt by Prisma failed half-way', async () => {
    await addMigration('0001_one', 'CREATE TABLE one (id int);');
    await migrate(database.url, { directory });
    await client.query('UPDATE _prisma_migrations SET finished_at = NULL');
    await expect(migrate(database.url, { directory })).rejects.toThrow(/0001_one.*earlier attempt/);
  });

  test('says that the database is away', async () => {
    await expect(migrate('postgresql://nobody@127.0.0.1:9/none', { directory })).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
    });
  });
});
