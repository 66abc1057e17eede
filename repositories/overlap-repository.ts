/**
 * Several rollouts for one gateway. Newer work for the same artifacts takes the place of older work that has not begun;
 * what asks for something else is queued: a gateway does it in the order of the requests (docs/decisions/0016).
 *
 * INVARIANTS
 * - Who is superseded has a newer delivery of the same gateway that is, or was, there for it to take, or that has
 *   succeeded: whoever dies in between leaves an older delivery beside a newer one, never a gateway with neither.
 * - Of two rollouts for the same artifacts the one that was recorded later is the newer, whoever comes first to its
 *   offer. Each looks in both directions, at its own offer: before it for newer ones that were offered, after it for
 *   older ones that have not begun. One of the two sees the other, since each has its deliveries before it looks.
 * - What is being installed goes on. The newer one is next; it was planned for another state then, and is planned anew.
 */
import { Prisma } from '../prisma/generated/client.js';
import { jsonText, type Database } from './database.js';
import type { ChunkAcknowledgement } from './delivery/delivery-repository.js';
import type { DeliveryWriter } from './delivery/delivery-writer.js';

/** A delivery `n` of chunk `nc` that takes the place of an older one. */
const sqlInForce = Prisma.sql`CASE WHEN n.ended_at IS NULL THEN nc.offered_at IS NOT NULL ELSE n.state = 'succeeded' END`;

export class OverlapRepository {
  constructor(
    private readonly database: Database,
    private readonly deliveries: DeliveryWriter,
  ) {}

  /**
   * Ends what a rollout takes the place of: where its gateways have their tasks, or no need of them. Done again, it
   * changes nothing.
   * @param chunk of the newer rollout; null: all of it
   * @returns chunks of which something has ended: their workflows are to look
   */
  async supersedeOlder(rolloutId: string, chunk: number | null): Promise<ChunkAcknowledgement[]> {
    const older = await this.older(rolloutId);
    if (older.length === 0) return [];
    const part = chunk === null ? Prisma.sql`true` : Prisma.sql`n.chunk = ${chunk}`;
    const isMeant = Prisma.sql`d.rollout_id = ANY(${older}::uuid[]) AND d.gateway_id IN (
      SELECT n.gateway_id FROM delivery n
      LEFT JOIN rollout_chunk nc ON nc.rollout_id = n.rollout_id AND nc.chunk = n.chunk
      WHERE n.rollout_id = ${rolloutId}::uuid AND ${part} AND ${sqlInForce})`;
    const superseded = await this.deliveries.happen('superseded', {
      where: Prisma.sql`d.ended_at IS NULL AND ${isMeant}`,
      error: Prisma.sql`${jsonText(reasonOf(rolloutId))}::jsonb`,
      detail: { rolloutId },
    });
    if (superseded === 0) return [];
    return this.database.$queryRaw<ChunkAcknowledgement[]>`
      SELECT c.rollout_id::text AS "rolloutId", c.chunk, ARRAY[]::int[] AS slots, c.open AS remaining, true AS refused
      FROM rollout_chunk c WHERE (c.rollout_id, c.chunk) IN (
        SELECT d.rollout_id, d.chunk FROM delivery d WHERE ${isMeant} AND d.state = 'superseded')`;
  }

  /** Rollouts that have not ended, are older and ask for nothing that this one does not ask for. */
  private async older(rolloutId: string): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT o.id::text FROM rollout n JOIN rollout o ON o.ended_at IS NULL AND o.action = 'install'
        AND (o.created_at, o.id) < (n.created_at, n.id) AND o.names <@ n.names
      WHERE n.id = ${rolloutId}::uuid`;
    return rows.map(({ id }) => id);
  }

  /**
   * Ends the deliveries of a chunk whose gateways have newer work for the same artifacts already. To be called before they
   * are offered, or offered again.
   * @returns how many
   */
  async yieldToNewer(rolloutId: string, chunk: number): Promise<number> {
    const newer = await this.newer(rolloutId);
    let sum = 0;
    for (const id of newer) {
      sum += await this.deliveries.happen('superseded', {
        where: Prisma.sql`d.rollout_id = ${rolloutId}::uuid AND d.chunk = ${chunk} AND d.ended_at IS NULL
          AND EXISTS (
            SELECT 1 FROM delivery n LEFT JOIN rollout_chunk nc ON nc.rollout_id = n.rollout_id AND nc.chunk = n.chunk
            WHERE n.rollout_id = ${id}::uuid AND n.gateway_id = d.gateway_id AND ${sqlInForce})`,
        error: Prisma.sql`${jsonText(reasonOf(id))}::jsonb`,
        detail: { rolloutId: id },
      });
    }
    return sum;
  }

  /** The other way round, newest first; of those, ended ones count too: what succeeded is not undone by what is older. */
  private async newer(rolloutId: string): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT n.id::text FROM rollout o JOIN rollout n ON n.action = 'install' AND n.created_at >= o.created_at
        AND (n.created_at, n.id) > (o.created_at, o.id) AND o.names <@ n.names
      WHERE o.id = ${rolloutId}::uuid ORDER BY n.created_at DESC, n.id DESC`;
    return rows.map(({ id }) => id);
  }
}

function reasonOf(rolloutId: string) {
  return {
    code: 'SUPERSEDED',
    message: `the newer rollout ${rolloutId} asks for the same and takes its place`,
    rolloutId,
  };
}
