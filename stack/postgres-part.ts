import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LeonoreError } from '../domain/errors.js';
import { migrate } from '../repositories/migrations/migrate.js';
import type { BoundedLog } from './bounded-log.js';
import { clusterUrl, ensureDatabase, openCluster, servePostgres } from './postgres/postgres-server.js';
import type { Launch } from './supervised-part.js';

/** The database of LEONORE on the embedded server. */
const databaseName = 'leonore';
const graceMs = 15_000;
/** How long an earlier server that was killed may be in the way of the next. */
const ghostMs = 10_000;
const ghostLookMs = 200;

export interface PostgresPart {
  readonly launch: Launch;
  /** Connection URL of LEONORE's database; holds the password. */
  readonly url: string;
}

/** The embedded PostgreSQL of a stack; its data is DIR/postgres. */
export async function postgresPart(dataDir: string, port: number, log: BoundedLog): Promise<PostgresPart> {
  const cluster = await openCluster(join(dataDir, 'postgres'));
  return {
    url: clusterUrl(cluster, port, databaseName),
    async launch(spawned) {
      await afterGhosts(() =>
        servePostgres(cluster, { port, log, spawned, orphan: { signal: 'INT', graceMs } }),
      );
      await ensureDatabase(clusterUrl(cluster, port, 'postgres'), databaseName);
    },
  };
}

/**
 * Tries again while PostgreSQL refuses because of an earlier server. This stack holds the data directory's lock, so
 * it is one that was killed: init has not collected it yet, or its children still let go of the shared memory.
 */
async function afterGhosts(serve: () => Promise<unknown>): Promise<void> {
  const deadlineMs = Date.now() + ghostMs;
  for (;;) {
    try {
      await serve();
      return;
    } catch (error) {
      if (Date.now() > deadlineMs || !isInTheWay(error)) throw error;
    }
    await delay(ghostLookMs);
  }
}

function isInTheWay(error: unknown): boolean {
  const words = /lock file "postmaster.pid" already exists|pre-existing shared memory block/;
  return error instanceof LeonoreError && words.test(error.message);
}

/** Brings the database to the schema of this version and says so. */
export async function migrateDatabase(url: string, onProgress: (line: string) => void): Promise<void> {
  const startedMs = Date.now();
  const { applied } = await migrate(url);
  const what = applied.length === 0 ? 'is current' : `brought up to date (${applied.length} migrations)`;
  onProgress(`database schema ${what} in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
}
