import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { LeonoreError } from '../../domain/errors.js';
import { type MigrationFile, migrationsDirectory, readMigrationFiles } from './migration-files.js';

/**
 * Applies prisma/migrations without Prisma's schema engine, which is a download, and records them as the engine
 * does, so that `prisma migrate deploy` finds nothing to do where the engine is present.
 *
 * INVARIANTS
 * - One process migrates at a time: the advisory lock is the one that Prisma itself takes, so the two exclude
 *   each other as well.
 * - A migration and its record are one transaction: either both are there or neither.
 * - What was applied never changes: a different checksum stops everything before anything is applied.
 */

/** The key of the advisory lock under which Prisma migrates. */
const migrationLockKey = 72_707_369;
/** Another process that migrates is awaited this long. */
const lockTimeoutMs = 60_000;

/** `_prisma_migrations` as Prisma creates it. */
const createRecords = `
  CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id"                  VARCHAR(36) PRIMARY KEY NOT NULL,
    "checksum"            VARCHAR(64) NOT NULL,
    "finished_at"         TIMESTAMPTZ,
    "migration_name"      VARCHAR(255) NOT NULL,
    "logs"                TEXT,
    "rolled_back_at"      TIMESTAMPTZ,
    "started_at"          TIMESTAMPTZ NOT NULL DEFAULT now(),
    "applied_steps_count" INTEGER NOT NULL DEFAULT 0
  )`;

interface MigrationRecord {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

export interface MigrateOptions {
  /** Folder of migrations; default prisma/migrations of this package. */
  readonly directory?: string;
}

/**
 * Brings a database to the schema of this version. Safe to call from several processes at once: the first one
 * migrates, the others wait and find nothing to do.
 *
 * @param target a `postgresql://` URL, or a connected client that no transaction is open on
 * @returns the names of the migrations applied now, in order; empty when the schema was current
 * @throws LeonoreError DATABASE_UNAVAILABLE when the database does not answer; INTERNAL when an applied migration
 *   was changed or is unknown to this version, when an earlier attempt failed half-way, or when a migration fails
 */
export async function migrate(
  target: string | pg.ClientBase,
  options: MigrateOptions = {},
): Promise<{ applied: string[] }> {
  const files = await readMigrationFiles(options.directory ?? migrationsDirectory());
  if (typeof target !== 'string') return { applied: await migrateLocked(target, files) };
  const client = new pg.Client({ connectionString: target });
  // A connection that breaks is reported by the query that was running; without a listener it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    await client.end().catch(() => undefined);
    throw new LeonoreError(
      'DATABASE_UNAVAILABLE',
      `the database does not answer: ${messageOf(cause)}`,
      {},
      { cause },
    );
  }
  try {
    return { applied: await migrateLocked(client, files) };
  } finally {
    await client.end();
  }
}

async function migrateLocked(client: pg.ClientBase, files: readonly MigrationFile[]): Promise<string[]> {
  await client.query(`SET lock_timeout = ${lockTimeoutMs}`);
  try {
    await client.query('SELECT pg_advisory_lock($1)', [migrationLockKey]);
  } finally {
    await client.query('RESET lock_timeout');
  }
  try {
    await client.query(createRecords);
    const pending = pendingOf(files, await readRecords(client));
    for (const file of pending) await apply(client, file);
    return pending.map((file) => file.name);
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [migrationLockKey]);
  }
}

async function readRecords(client: pg.ClientBase): Promise<Map<string, MigrationRecord>> {
  const { rows } = await client.query<MigrationRecord>(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished
       FROM "_prisma_migrations" WHERE rolled_back_at IS NULL ORDER BY started_at`,
  );
  return new Map(rows.map((row) => [row.migration_name, row]));
}

/** What is left to apply; everything that forbids applying it is an error. */
function pendingOf(
  files: readonly MigrationFile[],
  records: ReadonlyMap<string, MigrationRecord>,
): MigrationFile[] {
  const known = new Map(files.map((file) => [file.name, file]));
  for (const record of records.values()) {
    const name = record.migration_name;
    const file = known.get(name);
    if (!record.finished) {
      throw refused(name, 'an earlier attempt to apply it failed; repair the database or restore a backup');
    }
    if (file === undefined) {
      throw refused(
        name,
        'the database has it, this version does not: the database belongs to a newer version',
      );
    }
    if (file.checksum !== record.checksum) {
      throw refused(
        name,
        'its file was changed after it was applied; restore the file and add a new migration',
      );
    }
  }
  return files.filter((file) => !records.has(file.name));
}

async function apply(client: pg.ClientBase, file: MigrationFile): Promise<void> {
  const startedAt = new Date();
  await client.query('BEGIN');
  try {
    await client.query(file.sql);
    await client.query(
      `INSERT INTO "_prisma_migrations"
         (id, checksum, finished_at, migration_name, logs, rolled_back_at, started_at, applied_steps_count)
       VALUES ($1, $2, clock_timestamp(), $3, NULL, NULL, $4, 1)`,
      [randomUUID(), file.checksum, file.name, startedAt],
    );
    await client.query('COMMIT');
  } catch (cause) {
    // The connection may be the very thing that failed: then the server rolls back by itself.
    await client.query('ROLLBACK').catch(() => undefined);
    throw refused(file.name, messageOf(cause), cause);
  }
}

function refused(name: string, reason: string, cause?: unknown): LeonoreError {
  return new LeonoreError(
    'INTERNAL',
    `migration ${name} cannot be applied: ${reason}`,
    { migration: name },
    { cause },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
