import type { DeliveryState } from '../../domain/delivery/state.js';
import { emptyCounts, type DeliveryCounts } from '../../domain/rollout/state.js';
import type { Database, Transaction } from '../database.js';
import { sqlStateOf } from './sql-states.js';

/** The deliveries of a rollout by state, as they were counted when they changed. */
export async function countsOf(db: Database | Transaction, rolloutId: string): Promise<DeliveryCounts> {
  return toCounts(
    await db.$queryRaw<CountRow[]>`
    SELECT state, sum(count)::int AS count FROM rollout_count WHERE rollout_id = ${rolloutId}::uuid GROUP BY state`,
  );
}

/**
 * Counts the deliveries themselves, once a rollout, and corrects the stored numbers if they should say otherwise. One
 * statement sees both as they are at one moment; whoever changes a delivery changes both at one moment.
 * @param tx holds the lock of the rollout's row: two at once would correct twice
 */
export async function recount(tx: Transaction, rolloutId: string): Promise<DeliveryCounts> {
  return toCounts(
    await tx.$queryRaw<CountRow[]>`
    WITH found AS MATERIALIZED (
      SELECT ${sqlStateOf} AS state, count(*)::int AS count
      FROM delivery d LEFT JOIN rollout_chunk c ON c.rollout_id = d.rollout_id AND c.chunk = d.chunk
      WHERE d.rollout_id = ${rolloutId}::uuid GROUP BY 1
    ), stored AS (
      SELECT state, sum(count)::int AS count FROM rollout_count WHERE rollout_id = ${rolloutId}::uuid GROUP BY state
    ), corrected AS (
      INSERT INTO rollout_count AS k (rollout_id, writer, state, count)
      SELECT ${rolloutId}::uuid, '', state, coalesce(found.count, 0) - coalesce(stored.count, 0)
      FROM found FULL JOIN stored USING (state)
      WHERE coalesce(found.count, 0) <> coalesce(stored.count, 0) ORDER BY state
      ON CONFLICT (rollout_id, writer, state) DO UPDATE SET count = k.count + EXCLUDED.count
    )
    SELECT state, count FROM found`,
  );
}

interface CountRow {
  readonly state: DeliveryState;
  readonly count: number;
}

function toCounts(rows: readonly CountRow[]): DeliveryCounts {
  const counts = emptyCounts();
  for (const { state, count } of rows) counts[state] = count;
  return counts;
}
