import { setTimeout as delay } from 'node:timers/promises';
import { inTransaction, type Database, type Transaction } from '../../repositories/database.js';

/**
 * Runs `first` in a transaction that is committed when `then` waits for its locks.
 * @param meanwhile what is done before that; it is given the processes of PostgreSQL that wait
 * @returns how `then` ended
 */
export async function whileHeld(
  database: Database,
  first: (tx: Transaction) => Promise<unknown>,
  then: () => Promise<unknown>,
  meanwhile: (blocked: readonly number[]) => Promise<unknown> = () => Promise.resolve(),
): Promise<PromiseSettledResult<unknown>> {
  const waiting = await inTransaction(database, async (tx) => {
    const [row] = await tx.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
    await first(tx);
    const outcome = Promise.allSettled([then()]);
    await meanwhile(await untilBlockedBy(database, row?.pid ?? 0));
    return { outcome };
  });
  const [result] = await waiting.outcome;
  return result;
}

async function untilBlockedBy(database: Database, pid: number): Promise<number[]> {
  for (;;) {
    const rows = await database.$queryRaw<{ pid: number }[]>`
      SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND ${pid} = ANY (pg_blocking_pids(pid))`;
    if (rows.length > 0) return rows.map((row) => row.pid);
    await delay(5);
  }
}
