import { setTimeout as delay } from 'node:timers/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient, type Prisma } from '../prisma/generated/client.js';
import { asDatabaseError, isDeadlock } from './database-errors.js';

export interface DatabaseOptions {
  readonly url: string;
  /** Connections that this process may open. */
  readonly poolSize: number;
  /** How long a statement may wait for a connection. */
  readonly connectionTimeoutMs?: number;
}

/**
 * A statement of the path that every gateway takes. It goes to PostgreSQL without Prisma's compiling and mapping, and
 * a connection parses and plans it once. It finds its rows by the keys that it is given, so there is one plan that is
 * right for a table of any size: nested loops over indexes. Placeholders are $1, $2, ...
 */
export interface PreparedStatement {
  /** Unique among all of them. */
  readonly name: string;
  readonly text: string;
}

/**
 * The one connection to PostgreSQL that a process's repositories share. Every failure to reach the database is a
 * LeonoreError DATABASE_UNAVAILABLE; the pool connects again by itself.
 */
export function connectDatabase({ url, poolSize, connectionTimeoutMs = 5_000 }: DatabaseOptions) {
  const prepared = preparedConnections(poolSize);
  // Planned anew each time: a plan made while a table was empty must not stay when it has grown.
  const replanned = ['plan_cache_mode=force_custom_plan'];
  const pool = openPool({ url, max: poolSize - prepared, connectionTimeoutMs, settings: replanned });
  const preparedPool = openPool({ url, max: prepared, connectionTimeoutMs, settings: keyedPlans });
  const adapter = new PrismaPg(pool, { disposeExternalPool: true });
  const client = new PrismaClient({ adapter });
  return client.$extends({
    client: {
      /** Closes all connections of the process. */
      async $close(): Promise<void> {
        await preparedPool.end();
        await client.$disconnect();
      },
      /** Runs one statement of the hot path. Rows are as `pg` reads them: `int8` is text, `jsonb` is parsed. */
      async $prepared<Row extends object>(
        { name, text }: PreparedStatement,
        values: readonly unknown[],
      ): Promise<Row[]> {
        return withoutDeadlock(
          async () => (await preparedPool.query<Row>({ name, text, values: [...values] })).rows,
        );
      },
    },
    query: {
      async $allOperations({ args, query }) {
        try {
          return await (query(args) as Promise<unknown>);
        } catch (error) {
          throw asDatabaseError(error);
        }
      },
    },
  });
}

/** Of the connections of a process, those that serve prepared statements: as many as batches are under way at once. */
function preparedConnections(poolSize: number): number {
  return Math.max(1, Math.min(5, Math.floor(poolSize / 2)));
}

/** How {@link PreparedStatement}s are planned, whatever the planner knows of the tables by then. */
export const keyedPlans = [
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  // Tables are joined in the order in which the statement names them: from the keys to what belongs to them.
  'join_collapse_limit=1',
  'from_collapse_limit=1',
];

function openPool({
  url,
  max,
  connectionTimeoutMs,
  settings,
}: {
  url: string;
  max: number;
  connectionTimeoutMs: number;
  settings: readonly string[];
}): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: connectionTimeoutMs,
    allowExitOnIdle: true,
    options: settings.map((setting) => `-c ${setting}`).join(' '),
  });
  // A connection that is lost while nobody uses it leaves the pool by itself.
  pool.on('error', () => undefined);
  return pool;
}

export type Database = ReturnType<typeof connectDatabase>;
/** What a repository method needs: the database itself or a transaction on it. */
export type Transaction = Parameters<Parameters<Database['$transaction']>[0]>[0];

/** Times that a transaction is run when PostgreSQL ends it in favour of another. */
const maximumRuns = 4;

/**
 * Runs a statement, or a transaction, again when PostgreSQL resolves a deadlock at its cost: nothing of it was stored.
 * @throws LeonoreError DATABASE_UNAVAILABLE
 */
export async function withoutDeadlock<T>(work: () => Promise<T>): Promise<T> {
  for (let run = 1; ; run += 1) {
    try {
      return await work();
    } catch (error) {
      if (run === maximumRuns || !isDeadlock(error)) throw asDatabaseError(error);
      await delay(run * 20 * (0.5 + Math.random()));
    }
  }
}

/**
 * Runs `work` in one transaction: all of it is stored, or nothing. It may be run again (see {@link withoutDeadlock}), so
 * it must do nothing but what the transaction undoes.
 */
export async function inTransaction<T>(
  database: Database,
  work: (tx: Transaction) => Promise<T>,
  timeoutMs = 30_000,
): Promise<T> {
  return withoutDeadlock(() => database.$transaction(work, { timeout: timeoutMs, maxWait: 10_000 }));
}

/** A JSON column's value: the domain's types are plain JSON, which Prisma's type cannot know. */
export function json(value: unknown): Prisma.InputJsonValue {
  return value as Prisma.InputJsonValue;
}

/** A JSON value as a parameter of raw SQL, to be cast to jsonb: an array must not be taken for an array of PostgreSQL. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value);
}
