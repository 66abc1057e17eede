import { setTimeout as delay } from 'node:timers/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { LeonoreError } from '../domain/errors.js';
import { Prisma, PrismaClient } from '../prisma/generated/client.js';

export interface DatabaseOptions {
  readonly url: string;
  /** Connections that this process may open. */
  readonly poolSize: number;
}

/**
 * A statement of the path that every gateway takes. It goes to PostgreSQL without Prisma's compiling and mapping, and
 * a connection parses it once. Placeholders are $1, $2, ...
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
export function connectDatabase({ url, poolSize }: DatabaseOptions) {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: 5_000,
    // Prepared once, but planned anew: a plan made while a table was empty must not stay when it has grown.
    options: '-c plan_cache_mode=force_custom_plan',
  });
  // A connection that is lost while nobody uses it leaves the pool by itself.
  pool.on('error', () => undefined);
  const adapter = new PrismaPg(pool, { disposeExternalPool: true });
  return new PrismaClient({ adapter }).$extends({
    client: {
      /** Runs one statement of the hot path. Rows are as `pg` reads them: `int8` is text, `jsonb` is parsed. */
      async $prepared<Row extends object>(
        { name, text }: PreparedStatement,
        values: readonly unknown[],
      ): Promise<Row[]> {
        for (let run = 1; ; run += 1) {
          try {
            return (await pool.query<Row>({ name, text, values: [...values] })).rows;
          } catch (error) {
            if (run === maximumRuns || !isDeadlock(error)) throw asDatabaseError(error);
            await delay(run * 20 * (0.5 + Math.random()));
          }
        }
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

export type Database = ReturnType<typeof connectDatabase>;
/** What a repository method needs: the database itself or a transaction on it. */
export type Transaction = Parameters<Parameters<Database['$transaction']>[0]>[0];

/** Prisma's codes for: cannot reach, timed out, connection closed, pool exhausted, transaction lost. */
const unavailableCodes = new Set([
  'P1000',
  'P1001',
  'P1002',
  'P1008',
  'P1011',
  'P1017',
  'P2024',
  'P2028',
  'P2037',
]);
/**
 * SQLSTATE: connection exceptions, insufficient resources, operator intervention (shutdown, starting up, recovery), a
 * transaction that PostgreSQL ended for idleness, read-only after a failover, a database that is being put back from a
 * copy.
 */
const unavailableStates = /^(08|53|57P|25P0[34]|25006|3D000)/;
/** What the driver says of a connection that is lost or cannot be made, for which there is no code. */
const lostPattern =
  /\b(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)\b|Connection terminated|connection (was |has been |is )?(ended|closed|refused|lost|not open)|has encountered a connection error|timeout exceeded when trying to connect|Can't reach database|DatabaseNotReachable|ConnectionClosed|SocketTimeout|not (currently )?accepting connections|the database system is|terminating connection|Unable to start a transaction|Transaction (already closed|not found|API error)/i;

/**
 * What a driver's failure means to whoever asked: DATABASE_UNAVAILABLE when the same statement would be answered once
 * PostgreSQL is back. Anything else is a fault of ours, or a constraint that did its work.
 */
export function asDatabaseError(error: unknown): unknown {
  if (error instanceof LeonoreError) return error;
  if (!isUnavailable(error)) return error;
  const cause = new Error(reasonOf(error));
  return new LeonoreError('DATABASE_UNAVAILABLE', 'PostgreSQL does not answer', {}, { cause });
}

/** What PostgreSQL or the connection said, without what Prisma says around it: it is read by people who know neither. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /Message: `([^`]*)`/.exec(text)?.[1] ?? text.trim().split('\n').at(-1) ?? text;
}

function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof Prisma.PrismaClientInitializationError) return true;
  const code = 'code' in error ? String(error.code) : '';
  if (unavailableCodes.has(code) || unavailableStates.test(stateOf(error))) return true;
  if (lostPattern.test(`${code} ${error.message} ${metaOf(error)}`)) return true;
  // Some connections refused are told together.
  if (error instanceof AggregateError && error.errors.some(isUnavailable)) return true;
  return isUnavailable(error.cause);
}

/** The SQLSTATE that PostgreSQL gave, by the driver itself or within what Prisma made of it. */
function stateOf(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  if (/^[0-9A-Z]{5}$/.test(code) && !code.startsWith('P')) return code;
  return /"(?:originalCode|code)":"([0-9A-Z]{5})"/.exec(metaOf(error))?.[1] ?? '';
}

function metaOf(error: Error): string {
  const meta = 'meta' in error ? error.meta : undefined;
  try {
    return meta === undefined ? '' : JSON.stringify(meta);
  } catch {
    return '';
  }
}

/** True when a unique constraint refused a row. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
}

/** Times that a transaction is run when PostgreSQL ends it in favour of another. */
const maximumRuns = 4;

/**
 * Runs `work` in one transaction: all of it is stored, or nothing. When PostgreSQL resolves a deadlock at its cost, it
 * is run again, so `work` must do nothing but what the transaction undoes.
 */
export async function inTransaction<T>(
  database: Database,
  work: (tx: Transaction) => Promise<T>,
  timeoutMs = 30_000,
): Promise<T> {
  for (let run = 1; ; run += 1) {
    try {
      return await database.$transaction(work, { timeout: timeoutMs, maxWait: 10_000 });
    } catch (error) {
      if (run === maximumRuns || !isDeadlock(error)) throw asDatabaseError(error);
      await delay(run * 20 * (0.5 + Math.random()));
    }
  }
}

/** SQLSTATE 40P01, which the driver adapter tells as P2034 or within the message. */
function isDeadlock(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2034') return true;
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return (
    /\b40P01\b|deadlock detected/.test(`${code} ${error.message} ${metaOf(error)}`) || isDeadlock(error.cause)
  );
}

/** A JSON column's value: the domain's types are plain JSON, which Prisma's type cannot know. */
export function json(value: unknown): Prisma.InputJsonValue {
  return value as Prisma.InputJsonValue;
}

/** A JSON value as a parameter of raw SQL, to be cast to jsonb: an array must not be taken for an array of PostgreSQL. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value);
}
