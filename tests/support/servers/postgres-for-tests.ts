import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../../repositories/migrations/migrate.js';
import { freePort } from '../../../stack/free-port.js';
import { detachFromEventLoop, type GuardedProcess } from '../../../stack/guarded-process.js';
import {
  clusterUrl,
  ensureDatabase,
  openCluster,
  type PostgresCluster,
  servePostgres,
} from '../../../stack/postgres/postgres-server.js';

/** Safe against a killed server, not against a power cut: nobody reads the data after that. */
const testSettings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'shared_buffers=64MB'];

/** How to get a migrated database on a server: copying the template takes a tenth of migrating. */
export interface PostgresAddress {
  /** URL of the database `postgres`, as superuser. */
  readonly adminUrl: string;
  /** Name of a migrated database that nobody connects to. */
  readonly template: string;
}

export interface PostgresForTests extends PostgresAddress {
  /** Ends the server at once, as a failure of the machine's PostgreSQL would; {@link start} brings it back. */
  halt(): Promise<void>;
  /** Starts the server again on the same data and port. */
  start(): Promise<void>;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
}

/**
 * Starts a PostgreSQL server with a migrated template. It ends with the process that asked, however that ends, and
 * takes its directory with it: its guard (stack/guarded-process.ts) sees to both. About 2 s.
 * @param settings further ones of the server, `name=value`
 */
export async function startPostgresForTests(settings: readonly string[] = []): Promise<PostgresForTests> {
  const directory = await mkdtemp(join(tmpdir(), 'leonore-test-postgres-'));
  let cluster: PostgresCluster;
  try {
    // The user that PostgreSQL runs as must be able to pass.
    await chmod(directory, 0o755);
    cluster = await openCluster(join(directory, 'data'));
    // The guard removes the directory, and runs as the server does.
    const { owner } = cluster.osUser;
    if (owner !== undefined) await chown(directory, owner.uid, owner.gid);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  const port = await freePort();
  let server: GuardedProcess | undefined;
  const start = async (): Promise<void> => {
    server = await servePostgres(cluster, {
      port,
      settings: [...testSettings, ...settings],
      orphan: { signal: 'INT', graceMs: 5_000, removeDirectory: directory },
    });
    detachFromEventLoop(server);
  };
  const halt = async (): Promise<void> => {
    if (server?.isRunning() === true) await server.end('SIGINT', 5_000);
  };
  const stop = async (): Promise<void> => {
    await halt();
    await rm(directory, { recursive: true, force: true });
  };
  const template = 'template_leonore';
  const adminUrl = clusterUrl(cluster, port, 'postgres');
  try {
    await start();
    await ensureDatabase(adminUrl, template);
    await migrate(clusterUrl(cluster, port, template));
  } catch (error) {
    await stop();
    throw error;
  }
  return { adminUrl, template, halt, start, stop };
}

/** Runs `use` with a connection of its own. */
export async function withPostgres<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
