import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { migrate } from '../../repositories/migrations/migrate.js';
import { migrationsDirectory, readMigrationFiles } from '../../repositories/migrations/migration-files.js';
import { freePort } from '../../stack/free-port.js';
import { detachFromEventLoop } from '../../stack/guarded-process.js';
import {
  clusterUrl,
  openCluster,
  type PostgresCluster,
  servePostgres,
} from '../../stack/postgres/postgres-server.js';

/**
 * PostgreSQL for tests: one server for each Jest worker, one migrated database for each caller.
 *
 * The server is started by the first test that asks and found by the others through a file, since every test file
 * has a module registry of its own. It ends with the worker, however that ends, and takes its directory with it:
 * its guard (stack/guarded-process.ts) sees to both.
 */

interface TestServer {
  readonly port: number;
  readonly pid: number;
}

export interface TestDatabase {
  readonly url: string;
  /** Ends the server at once, as a failure of the machine's PostgreSQL would; {@link start} brings it back. */
  halt(): Promise<void>;
  /** Starts the server again on the same data and port. */
  start(): Promise<void>;
  /** Halts and starts the server: open connections break, data stays. */
  restart(): Promise<void>;
  /** Drops the database. The server stays for the next caller. */
  stop(): Promise<void>;
}

/** Every file of this worker's server lies here. */
const directory = join(tmpdir(), `leonore-test-postgres-${process.pid}`);
const serverFile = join(directory, 'server.json');

/** Safe against a killed server, not against a power cut: nobody reads the data after that. */
const testSettings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'shared_buffers=64MB'];

/**
 * A database of its own, migrated, on a real PostgreSQL.
 * About 2 s for the first caller of a worker, 0.3 s for every other one.
 */
export async function startTestDatabase(): Promise<TestDatabase> {
  const cluster = await openTestCluster();
  const server = await runningServer(cluster);
  const admin = clusterUrl(cluster, server.port, 'postgres');
  const template = await migratedTemplate(cluster, server.port, admin);
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withClient(admin, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  const halt = async (): Promise<void> => haltServer();
  const start = async (): Promise<void> => {
    await startServer(cluster, server.port);
  };
  return {
    url: clusterUrl(cluster, server.port, name),
    halt,
    start,
    async restart() {
      await halt();
      await start();
    },
    async stop() {
      await withClient(admin, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}

async function openTestCluster(): Promise<PostgresCluster> {
  await mkdir(directory, { recursive: true });
  // The user that PostgreSQL runs as must be able to pass.
  await chmod(directory, 0o755);
  try {
    const cluster = await openCluster(join(directory, 'data'));
    // The guard removes the directory, and runs as the server does.
    const { owner } = cluster.osUser;
    if (owner !== undefined) await chown(directory, owner.uid, owner.gid);
    return cluster;
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

async function runningServer(cluster: PostgresCluster): Promise<TestServer> {
  const known = await readServer();
  if (known !== undefined && isAlive(known.pid)) return known;
  return startServer(cluster, known?.port ?? (await freePort()));
}

async function startServer(cluster: PostgresCluster, port: number): Promise<TestServer> {
  const process = await servePostgres(cluster, {
    port,
    settings: testSettings,
    orphan: { signal: 'INT', graceMs: 5_000, removeDirectory: directory },
  });
  // Jest ends when its tests have; the guard ends the server then.
  detachFromEventLoop(process);
  const server: TestServer = { port, pid: process.pid };
  await writeFile(`${serverFile}.new`, JSON.stringify(server));
  await rename(`${serverFile}.new`, serverFile);
  return server;
}

async function haltServer(): Promise<void> {
  const server = await readServer();
  if (server === undefined || !isAlive(server.pid)) return;
  process.kill(server.pid, 'SIGINT');
  // The server may belong to a test file that has ended, so its exit can only be observed from outside.
  while (isAlive(server.pid)) await delay(20);
}

async function readServer(): Promise<TestServer | undefined> {
  try {
    return JSON.parse(await readFile(serverFile, 'utf8')) as TestServer;
  } catch {
    return undefined;
  }
}

/** A migrated database that is only ever copied: copying takes a tenth of migrating. */
async function migratedTemplate(cluster: PostgresCluster, port: number, admin: string): Promise<string> {
  const files = await readMigrationFiles(migrationsDirectory());
  const digest = createHash('sha256')
    .update(files.map((file) => file.checksum).join())
    .digest('hex');
  const name = `template_${digest.slice(0, 16)}`;
  await withClient(admin, async (client) => {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (found.rowCount !== 0) return;
    const draft = `draft_${randomBytes(6).toString('hex')}`;
    await client.query(`CREATE DATABASE ${draft}`);
    await migrate(clusterUrl(cluster, port, draft));
    await client.query(`ALTER DATABASE ${draft} RENAME TO ${name}`);
  });
  return name;
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
