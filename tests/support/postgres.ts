import { randomBytes } from 'node:crypto';
import { askForServer } from './servers/ask-for-server.js';
import { type PostgresAddress, startPostgresForTests, withPostgres } from './servers/postgres-for-tests.js';

export interface TestDatabase {
  readonly url: string;
  /** Drops the database. The server stays for the next caller. */
  stop(): Promise<void>;
}

/** A database whose server may be ended and started: nobody else has anything on it. */
export interface HaltableDatabase extends TestDatabase {
  /** Ends the server at once, as a failure of the machine's PostgreSQL would; {@link start} brings it back. */
  halt(): Promise<void>;
  /** Starts the server again on the same data and port. */
  start(): Promise<void>;
  /** Halts and starts the server: open connections break, data stays. */
  restart(): Promise<void>;
}

/** A migrated database of its own, on the PostgreSQL server that all test files share. About 0.1 s. */
export async function startTestDatabase(): Promise<TestDatabase> {
  return createDatabase(await askForServer('postgres'));
}

/** A migrated database on a server of its own, for tests that end the server. About 2 s. */
export async function startHaltableDatabase(): Promise<HaltableDatabase> {
  const server = await startPostgresForTests();
  const { url } = await createDatabase(server);
  return {
    url,
    halt: () => server.halt(),
    start: () => server.start(),
    async restart() {
      await server.halt();
      await server.start();
    },
    stop: () => server.stop(),
  };
}

async function createDatabase({ adminUrl, template }: PostgresAddress): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withPostgres(adminUrl, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async stop() {
      await withPostgres(adminUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}
