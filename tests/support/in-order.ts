import { expect } from '@jest/globals';
import { isEnded, type DeliveryState } from '../../domain/delivery/state.js';
import { withPostgres } from './servers/postgres-for-tests.js';

/** A delivery as its row and its chunk have it. */
export interface DeliveryRow {
  readonly rolloutId: string;
  readonly deliveryId: string;
  readonly gatewayId: string;
  readonly state: DeliveryState;
}

/**
 * Fails unless the database is in order: no rollout, chunk or delivery is open, and every number that is stored is the
 * number of rows.
 * @returns all deliveries
 */
export async function expectInOrder(url: string): Promise<readonly DeliveryRow[]> {
  return withPostgres(url, async (client) => {
    const { rows } = await client.query<DeliveryRow & { ended: boolean; chunk: number | null }>(
      `SELECT rollout_id::text AS "rolloutId", rollout_id::text || '.' || ordinal AS "deliveryId", gateway_id AS "gatewayId",
         state, ended_at IS NOT NULL AS ended, chunk FROM delivery ORDER BY rollout_id, ordinal`,
    );
    expect(rows.filter(({ state, ended }) => !isEnded(state) || !ended)).toEqual([]);
    const open = await client.query(
      `SELECT id::text AS what FROM rollout WHERE ended_at IS NULL
       UNION ALL SELECT rollout_id::text || '/' || chunk FROM rollout_chunk WHERE ended_at IS NULL OR open <> 0`,
    );
    expect(open.rows).toEqual([]);
    const counted = await client.query(
      `SELECT rollout_id::text AS rollout, state, sum(count)::int AS count FROM rollout_count
       GROUP BY 1, 2 HAVING sum(count) <> 0 ORDER BY 1, 2`,
    );
    const own = await client.query(
      `SELECT rollout_id::text AS rollout, state, count(*)::int AS count FROM delivery GROUP BY 1, 2 ORDER BY 1, 2`,
    );
    expect(counted.rows).toEqual(own.rows);
    return rows.map(({ rolloutId, deliveryId, gatewayId, state }) => ({
      rolloutId,
      deliveryId,
      gatewayId,
      state,
    }));
  });
}
