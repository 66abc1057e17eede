/**
 * Locks by which builders on all nodes agree on who builds.
 *
 * INVARIANTS
 * - A lock is PostgreSQL's and belongs to the transaction that took it: when the builder dies, its connection breaks
 *   and the lock is free.
 * - A builder that is frozen, or cut off without the connection breaking, loses it as well: PostgreSQL ends a
 *   transaction that says nothing for {@link silenceMs}, and a builder that cannot say anything gives up.
 * - Nobody waits for somebody else's lock: a connection, or a place among the builders, that a waiter holds is missing to
 *   the one who has the lock.
 */
import { LeonoreError } from '../domain/errors.js';
import { inTransaction, type Database, type Transaction } from './database.js';

/** A transaction that is silent for so long is ended by PostgreSQL. */
const silenceMs = 30_000;
const signOfLifeMs = 5_000;

export interface BuildLock {
  /** Aborted when the lock is lost: somebody else may build the same from now on. */
  readonly signal: AbortSignal;
  /**
   * Takes a further lock, which is kept as long as the first.
   * @returns false when somebody else has it: whoever holds one lock does not wait for another
   */
  also(name: string): Promise<boolean>;
}

/**
 * Runs `work` while no other process works under the same name.
 * @param timeoutMs the longest that it may take
 * @returns null when somebody else has the lock; nothing was done then
 * @throws LeonoreError DATABASE_UNAVAILABLE also when the lock was lost
 */
export async function withBuildLock<T>(
  database: Database,
  name: string,
  timeoutMs: number,
  signal: AbortSignal,
  work: (lock: BuildLock) => Promise<T>,
): Promise<{ result: T } | null> {
  return inTransaction(
    database,
    async (tx) => {
      if (!(await tryLock(tx, name))) return null;
      await tx.$queryRaw`SELECT set_config('idle_in_transaction_session_timeout', ${String(silenceMs)}, true)`;
      const lost = new AbortController();
      const held = AbortSignal.any([signal, lost.signal]);
      const signs = setInterval(() => {
        tx.$queryRaw`SELECT 1`.catch((cause: unknown) =>
          lost.abort(new LeonoreError('DATABASE_UNAVAILABLE', `the lock of ${name} was lost`, {}, { cause })),
        );
      }, signOfLifeMs);
      try {
        return {
          result: await work({
            signal: held,
            also: (further) => tryLock(tx, further),
          }),
        };
      } finally {
        clearInterval(signs);
      }
    },
    timeoutMs,
  );
}

async function tryLock(tx: Transaction, name: string): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ locked: boolean }[]>`
    SELECT pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) AS locked`;
  return row?.locked === true;
}
