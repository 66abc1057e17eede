/**
 * When silence of a node means something. By the database's clock alone, and only while somebody was there to hear:
 * what the coordinator's watch leaves in node_pool tells that. INVARIANT: all who ask whether a node has fallen silent
 * ask it here, so that nobody moves gateways which another still keeps for a node that is being restarted.
 */
import { Prisma } from '../prisma/generated/client.js';

/** After an absence nodes have this long to say that they are there: a process needs some seconds to start. */
export function graceMs(silenceMs: number): number {
  return Math.max(5 * silenceMs, 15_000);
}

/**
 * When a node `n` was last heard of, or could not have been, given the row `p` of node_pool. Before anybody has
 * watched on a PostgreSQL that has just started, its start counts: everything is coming back, in any order.
 */
function heardOfAt(silenceMs: number): Prisma.Sql {
  const lead = graceMs(silenceMs) - silenceMs;
  return Prisma.sql`greatest(n.heartbeat_at, CASE WHEN p.watched_at < pg_postmaster_start_time()
    THEN pg_postmaster_start_time() + ${lead} * interval '1 millisecond' ELSE p.watched_since END)`;
}

/** True for a node `n` that has been silent for too long, given the row `p` of node_pool. */
export function isSilent(silenceMs: number): Prisma.Sql {
  return Prisma.sql`${heardOfAt(silenceMs)} <= now() - ${silenceMs} * interval '1 millisecond'`;
}
