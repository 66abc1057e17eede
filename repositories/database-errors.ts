import { types } from 'node:util';
import { LeonoreError } from '../domain/errors.js';
import { Prisma } from '../prisma/generated/client.js';

/** Prisma's codes for: cannot reach, timed out, connection closed, pool exhausted, transaction lost. */
const unavailableCodes = new Set([
  'P1000',
  'P1001',
  'P1002',
  'P1003',
  'P1008',
  'P1011',
  'P1017',
  'P2024',
  'P2028',
  'P2037',
]);
/**
 * SQLSTATE: connection exceptions, insufficient resources, operator intervention (shutdown, starting up, recovery), a
 * transaction that PostgreSQL ended for idleness or length, read-only after a failover, and a server that does not know
 * us or our database, or lets nobody into it, as while it is being restored.
 */
const unavailableStates = /^(08|53|57P|25P0[34]|25006|28|3D000|55000)/;
/**
 * SQLSTATE: a text that is none, is too long for its column or for an index, a number out of range, an expression nested too
 * deep. What PostgreSQL cannot hold it cannot hold the next time either.
 */
const unstorableStates = /^(22021|22P05|22P02|22001|22003|5400[01])$/;
/** What Prisma's adapter says where PostgreSQL said nothing. */
const unavailableKinds = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'TlsConnectionError',
]);
/** What the system says of a connection that is lost or cannot be made. */
const lostCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
/** The whole of what the driver and its pool say of it, for which they have no code. */
const lostMessage =
  /^(Connection terminated( unexpectedly| due to connection timeout)?|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error and is not queryable|Client was closed and is not queryable)$/;

/**
 * What a driver's failure means to whoever asked: DATABASE_UNAVAILABLE when the same statement would be answered once
 * PostgreSQL is back; MALFORMED_INPUT when it cannot hold what it was given. Anything else is a fault of ours, or a
 * constraint that did its work.
 *
 * Messages are not searched: they quote values, and whoever chose a value would choose what it means.
 */
export function asDatabaseError(error: unknown): unknown {
  if (error instanceof LeonoreError) return error;
  const cause = new Error(reasonOf(error));
  if (isUnstorable(error))
    return new LeonoreError(
      'MALFORMED_INPUT',
      'the database cannot hold a text or number of it',
      {},
      { cause },
    );
  if (!isUnavailable(error)) return error;
  return new LeonoreError('DATABASE_UNAVAILABLE', 'PostgreSQL does not answer', {}, { cause });
}

/** What PostgreSQL or the connection said, without what Prisma says around it: people read it in a workflow's history. */
function reasonOf(error: unknown): string {
  const text = isError(error) ? error.message : String(error);
  return /Message: `([^`]*)`/.exec(text)?.[1] ?? text.trim().split('\n').at(-1) ?? text;
}

/** True when a unique constraint refused a row. */
export function isUniqueViolation(error: unknown): boolean {
  return isError(error) && (codeOf(error) === 'P2002' || toldOf(error).state === '23505');
}

/** True when a row refers to one that there is not, or one was to go that others refer to. */
export function isForeignKeyViolation(error: unknown): boolean {
  return isError(error) && (codeOf(error) === 'P2003' || /^2350[13]$/.test(toldOf(error).state ?? ''));
}

/** True when PostgreSQL ended a transaction in favour of another that waited for it. */
export function isDeadlock(error: unknown): boolean {
  return isError(error) && (codeOf(error) === 'P2034' || toldOf(error).state === '40P01');
}

/** True when a statement was ended since it took longer than its `statement_timeout`. */
export function isStatementTimeout(error: unknown): boolean {
  return isError(error) && toldOf(error).state === '57014';
}

function isUnstorable(error: unknown): boolean {
  return isError(error) && unstorableStates.test(toldOf(error).state ?? '');
}

function isUnavailable(error: unknown): boolean {
  if (!isError(error)) return false;
  if (error instanceof Prisma.PrismaClientInitializationError) return true;
  const { state, kind } = toldOf(error);
  // What PostgreSQL itself said stands.
  if (state !== undefined) return unavailableStates.test(state);
  const code = codeOf(error);
  if (unavailableCodes.has(code) || lostCodes.has(code)) return true;
  if (kind !== undefined) return unavailableKinds.has(kind);
  // Some connections refused are told together.
  if ('errors' in error && Array.isArray(error.errors) && error.errors.some(isUnavailable)) return true;
  return lostMessage.test(error.message);
}

/** An error of any realm: those of Node's own modules are not always those of the global class. */
function isError(error: unknown): error is Error {
  return error instanceof Error || types.isNativeError(error);
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}

/** The SQLSTATE that PostgreSQL gave, by the driver or within what Prisma made of it; else what the adapter told. */
function toldOf(error: Error): { readonly state?: string | undefined; readonly kind?: string | undefined } {
  const code = codeOf(error);
  if (/^[0-9A-Z]{5}$/.test(code) && !/^(P[1-9]|E[A-Z])/.test(code)) return { state: code };
  const told = (error as AdapterError).meta?.driverAdapterError?.cause ?? (error as AdapterError).cause;
  return { state: told?.originalCode, kind: told?.kind };
}

/** How the driver adapter's failures look, with or without what Prisma puts around them. */
interface AdapterError extends Error {
  readonly meta?: { readonly driverAdapterError?: { readonly cause?: AdapterCause } };
  readonly cause?: AdapterCause;
}
interface AdapterCause {
  readonly originalCode?: string;
  readonly kind?: string;
}
