import { withPostgres } from './servers/postgres-for-tests.js';

/** A copy of a database as it was at a time; see {@link restoreDatabase}. */
export interface DatabaseCopy {
  readonly name: string;
}

/** Copies a database as a dump would: all of it, at one time. Whoever is connected loses the connection. */
export async function copyDatabase(url: string): Promise<DatabaseCopy> {
  const copy = `${nameOf(url)}_copy`;
  await onServer(url, async (query, name) => {
    await query(`DROP DATABASE IF EXISTS ${copy}`);
    await alone(query, name, () => query(`CREATE DATABASE ${copy} TEMPLATE ${name}`));
  });
  return { name: copy };
}

/** Puts the copy in the place of the database: what happened since then has never been. The copy stays. */
export async function restoreDatabase(url: string, { name: copy }: DatabaseCopy): Promise<void> {
  await onServer(url, async (query, name) => {
    await alone(query, name, async () => {
      await query(`DROP DATABASE ${name}`);
      await query(`CREATE DATABASE ${name} TEMPLATE ${copy} ALLOW_CONNECTIONS false`);
    });
  });
}

type Query = (statement: string) => Promise<unknown>;

async function onServer(url: string, work: (query: Query, name: string) => Promise<void>): Promise<void> {
  const server = new URL(url);
  server.pathname = '/postgres';
  await withPostgres(server.href, (client) =>
    work((statement) => client.query(statement), `"${nameOf(url)}"`),
  );
}

/** Nobody is connected while this works, and nobody can connect. */
async function alone(query: Query, name: string, work: () => Promise<unknown>): Promise<void> {
  await query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  await query(
    `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '${name.replaceAll('"', '')}'`,
  );
  await work();
  await query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
}

function nameOf(url: string): string {
  return new URL(url).pathname.slice(1);
}
