import type { NodeOrigin, NodeState, PoolNode, PoolSettings } from '../domain/balancer/pool.js';
import type { Database, Transaction } from './database.js';
import { isSilent } from './node-silence.js';

/** What is configured for the pool of nodes. */
export async function poolSettings(tx: Transaction | Database): Promise<PoolSettings> {
  const [row] = await tx.$queryRaw<PoolSettings[]>`
    SELECT strategy, threshold, min_nodes AS "minNodes", max_nodes AS "maxNodes", settle_ms AS "settleMs", channels FROM node_pool`;
  if (row === undefined) throw new Error('the row of node_pool is missing');
  return row;
}

/** The nodes as the pool's decisions need them. Times are told as differences: only the database's clock counts. */
export async function poolNodes(tx: Transaction | Database, silenceMs: number): Promise<PoolNode[]> {
  const rows = await tx.$queryRaw<
    (Omit<PoolNode, 'number' | 'state' | 'origin'> & { state: string; origin: string })[]
  >`
    SELECT n.id, n.state, n.origin, n.gateway_count AS gateways, n.shared_at IS NOT NULL AS "hasShare", n.attempts,
           n.launched_at IS NOT NULL AS "isLaunched",
           n.state = 'stopped' AND n.gateway_count > 0 AND NOT (${isSilent(silenceMs)}) AS "isAwaited",
           coalesce(extract(epoch FROM n.due_at - now()) * 1000, 0)::float8 AS "dueInMs"
    FROM node n CROSS JOIN node_pool p ORDER BY n.id`;
  return rows.map((row) => ({
    ...row,
    state: row.state as NodeState,
    origin: row.origin as NodeOrigin,
    number: numberOf(row.id),
  }));
}

/** Registrations that wait for a node. */
export async function queueLength(tx: Transaction | Database): Promise<number> {
  const [row] = await tx.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM gateway WHERE state = 'queued'`;
  return row?.count ?? 0;
}

function numberOf(nodeId: string): number {
  return Number(/\d+$/.exec(nodeId)?.[0] ?? 0);
}
