import type { DeliveryState } from '../../domain/delivery/state.js';
import { emptyCounts, totalOf, type DeliveryCounts } from '../../domain/rollout/state.js';
import type { Database, Transaction } from '../database.js';
import { sqlStateOf } from './sql-states.js';

/** The deliveries of a rollout by state, as they were counted when they changed. */
export async function countsOf(db: Database | Transaction, rolloutId: string): Promise<DeliveryCounts> {
  return toCounts(
    await db.$queryRaw<CountRow[]>`
    SELECT state, sum(count)::int AS count FROM rollout_count WHERE rollout_id = ${rolloutId}::uuid GROUP BY state`,
  );
}

/** The same of many rollouts, by their ids; one that has no deliveries yet is missing. */
export async function countsOfMany(
  db: Database | Transaction,
  rolloutIds: readonly string[],
): Promise<Map<string, DeliveryCounts>> {
  const rows = await db.$queryRaw<(CountRow & { id: string })[]>`
    SELECT rollout_id::text AS id, state, sum(count)::int AS count FROM rollout_count
    WHERE rollout_id = ANY(${[...rolloutIds]}::uuid[]) GROUP BY rollout_id, state`;
  const byId = new Map<string, CountRow[]>();
  for (const row of rows) byId.set(row.id, [...(byId.get(row.id) ?? []), row]);
  return new Map([...byId].map(([id, counted]) => [id, toCounts(counted)]));
}

/** Deliveries of a rollout that go over one protocol by one strategy, by state. */
export interface ChannelCounts {
  readonly protocol: string;
  readonly strategy: string;
  readonly counts: DeliveryCounts;
}

/** The deliveries of a rollout by protocol and strategy, as they are now; those of most first. */
export async function channelsOf(db: Database | Transaction, rolloutId: string): Promise<ChannelCounts[]> {
  const rows = await db.$queryRaw<(CountRow & Omit<ChannelCounts, 'counts'>)[]>`
    SELECT d.protocol, d.strategy, ${sqlStateOf} AS state, count(*)::int AS count
    FROM delivery d LEFT JOIN rollout_chunk c ON c.rollout_id = d.rollout_id AND c.chunk = d.chunk
    WHERE d.rollout_id = ${rolloutId}::uuid GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`;
  const byChannel = new Map<string, { protocol: string; strategy: string; counted: CountRow[] }>();
  for (const { protocol, strategy, ...row } of rows) {
    const channel = `${protocol}/${strategy}`;
    const before = byChannel.get(channel)?.counted ?? [];
    byChannel.set(channel, { protocol, strategy, counted: [...before, row] });
  }
  return [...byChannel.values()]
    .map(({ counted, ...channel }) => ({ ...channel, counts: toCounts(counted) }))
    .sort((left, right) => totalOf(right.counts) - totalOf(left.counts));
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
