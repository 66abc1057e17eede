import type { SlotRange } from '../domain/delivery/slot-set.js';
import { Prisma } from '../prisma/generated/client.js';
import { inTransaction, type Database } from './database.js';
import type { PushTarget } from './delivery/delivery-repository.js';
import type { DeliveryWriter } from './delivery/delivery-writer.js';
import { pushProtocols } from './endpoint-rows.js';

export interface Chunk {
  readonly chunk: number;
  readonly size: number;
}

/** What the waiting workflow of a chunk reads back from the truth. */
export interface ChunkStatus {
  /** Slots whose delivery has ended, as inclusive ranges. */
  readonly ended: readonly SlotRange[];
  readonly remaining: number;
  /** Nodes that have gateways which were never reached: their push must be tried again. */
  readonly unreachedNodes: readonly string[];
  /** Nodes that have gateways which refused what was planned for another state of theirs. */
  readonly refusedNodes: readonly string[];
  /** Milliseconds until its deadline, by the database's clock; null when it was not offered yet. */
  readonly deadlineInMs: number | null;
}

/** Chunks that one look for overdue ones ends. */
const overdueAtOnce = 200;

/**
 * Chunks: at most 500 deliveries of a rollout, or of an order, that are offered, waited for and lost together. Their
 * deadline is the database's: it holds whoever waits for them, or nobody.
 */
export class ChunkRepository {
  constructor(
    private readonly database: Database,
    private readonly deliveries: DeliveryWriter,
  ) {}

  /**
   * Puts the deliveries whose package is ready into chunks. A chunk may span groups, so that a varied fleet does not
   * cost more history than a uniform one.
   * @returns the node's chunks that have not ended
   */
  async form(rolloutId: string, nodeId: string): Promise<Chunk[]> {
    return inTransaction(this.database, async (tx) => {
      // Chunk numbers are unique in the rollout: nodes take them one after the other.
      // (NO KEY: rows that refer to the rollout may still be inserted meanwhile.)
      await tx.$queryRaw`SELECT 1 FROM rollout WHERE id = ${rolloutId}::uuid FOR NO KEY UPDATE`;
      await this.deliveries.place(tx, rolloutId, nodeId);
      return tx.$queryRaw<Chunk[]>`
        SELECT chunk, size FROM rollout_chunk
        WHERE rollout_id = ${rolloutId}::uuid AND node_id = ${nodeId} AND ended_at IS NULL ORDER BY chunk`;
    });
  }

  /** Gateways of a chunk on a node that are to be pushed and have shown no sign of life yet. */
  async pushTargets(rolloutId: string, chunk: number, nodeId: string): Promise<PushTarget[]> {
    return this.database.$queryRaw<PushTarget[]>`
      SELECT d.gateway_id AS "gatewayId", ${pushProtocols} AS protocols, g.push_address AS address
      FROM delivery d JOIN rollout_chunk c ON c.rollout_id = d.rollout_id AND c.chunk = d.chunk
      JOIN gateway g ON g.id = d.gateway_id
      WHERE d.rollout_id = ${rolloutId}::uuid AND d.chunk = ${chunk} AND d.node_id = ${nodeId}
        AND d.state = 'pending' AND c.offered_at IS NOT NULL AND d.strategy = 'push'
      ORDER BY d.ordinal`;
  }

  /** Step vii: how a chunk stands. */
  async status(rolloutId: string, chunk: number): Promise<ChunkStatus> {
    const ended = await this.database.$queryRaw<{ first: number; last: number }[]>`
      SELECT min(slot)::int AS first, max(slot)::int AS last FROM (
        SELECT slot, slot - row_number() OVER (ORDER BY slot) AS island FROM delivery
        WHERE rollout_id = ${rolloutId}::uuid AND chunk = ${chunk} AND ended_at IS NOT NULL
      ) s GROUP BY island ORDER BY 1`;
    const open = await this.database.$queryRaw<
      { node_id: string | null; remaining: number; unreached: number; refused: number }[]
    >`
      SELECT node_id, count(*)::int AS remaining, count(*) FILTER (WHERE state = 'pending' AND strategy = 'push' AND NOT replan)::int AS unreached,
             count(*) FILTER (WHERE replan)::int AS refused
      FROM delivery WHERE rollout_id = ${rolloutId}::uuid AND chunk = ${chunk} AND ended_at IS NULL GROUP BY node_id`;
    const [own] = await this.database.$queryRaw<{ deadlineInMs: number | null }[]>`
      SELECT (extract(epoch FROM deadline_at - now()) * 1000)::float8 AS "deadlineInMs" FROM rollout_chunk
      WHERE rollout_id = ${rolloutId}::uuid AND chunk = ${chunk}`;
    return {
      ended: ended.map(({ first, last }) => [first, last]),
      remaining: open.reduce((sum, row) => sum + row.remaining, 0),
      unreachedNodes: open.flatMap((row) => (row.unreached > 0 && row.node_id !== null ? [row.node_id] : [])),
      refusedNodes: open.flatMap((row) => (row.refused > 0 && row.node_id !== null ? [row.node_id] : [])),
      deadlineInMs: own?.deadlineInMs ?? null,
    };
  }

  /** Nodes that open deliveries of a chunk belong to now. */
  async nodesOf(rolloutId: string, chunk: number): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ node_id: string }[]>`
      SELECT DISTINCT node_id FROM delivery
      WHERE rollout_id = ${rolloutId}::uuid AND chunk = ${chunk} AND ended_at IS NULL AND node_id IS NOT NULL ORDER BY 1`;
    return rows.map((row) => row.node_id);
  }

  /**
   * Step vi: the tasks of a chunk are there from now on, offered by a node; done again, it only notes which node it is.
   * @returns how many were offered now
   */
  async offer(rolloutId: string, chunk: number, nodeId: string, deadlineSeconds: number): Promise<number> {
    const offered = await this.deliveries.offer(rolloutId, chunk, nodeId, deadlineSeconds);
    if (offered > 0) return offered;
    // A chunk whose node is gone belongs to the one that took it over.
    await this.database.$executeRaw`
      UPDATE rollout_chunk SET node_id = ${nodeId}
      WHERE rollout_id = ${rolloutId}::uuid AND chunk = ${chunk} AND node_id <> ${nodeId} AND ended_at IS NULL`;
    return 0;
  }

  /** The deadline of a chunk has passed: who is silent still is lost. @returns how many are */
  async lose(rolloutId: string, chunk: number): Promise<number> {
    return this.deliveries.happen('silent', {
      where: Prisma.sql`d.rollout_id = ${rolloutId}::uuid AND d.chunk = ${chunk} AND d.ended_at IS NULL`,
    });
  }

  /** Chunks whose deadline passed so long ago that whoever waits for them has missed it, the oldest first. */
  async overdue(graceMs: number): Promise<{ rolloutId: string; chunk: number; action: string }[]> {
    return this.database.$queryRaw`
      SELECT c.rollout_id::text AS "rolloutId", c.chunk, r.action FROM rollout_chunk c JOIN rollout r ON r.id = c.rollout_id
      WHERE c.ended_at IS NULL AND c.deadline_at < now() - CASE WHEN r.action = 'install' THEN ${graceMs} ELSE 0 END * interval '1 millisecond'
      ORDER BY c.deadline_at LIMIT ${overdueAtOnce}`;
  }
}
