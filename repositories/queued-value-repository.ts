import { Prisma } from '../prisma/generated/client.js';
import { inTransaction, type Database, type Transaction } from './database.js';
import type { ChunkAcknowledgement } from './delivery/delivery-repository.js';
import type { DeliveryWriter } from './delivery/delivery-writer.js';
import { valueMissing } from './provisioning-repository.js';

/** Whose deliveries are judged. */
export type QueuedScope =
  { readonly gatewayIds: readonly string[] } | { readonly rolloutId: string; readonly chunk: number };

/** What a delivery `d` of rollout `r` in group `gr` with package `p` declares. */
const sqlDeclared = Prisma.sql`coalesce(p.declared_values,
  leonore_declared(d.gateway_id, coalesce(d.changes ->> 'configure', CASE WHEN r.action = 'configure' THEN r.artifact END)))`;

/**
 * Deliveries that wait for their gateways, when the values of these are not those that they were planned with.
 *
 * INVARIANT: a value and an offer that come at the same time see each other. Whoever changes a value marks the gateway,
 * and a keeper looks at what was offered to it; whoever offers looks afterwards at the values of those it was offered to.
 */
export class QueuedValueRepository {
  constructor(
    private readonly database: Database,
    private readonly deliveries: DeliveryWriter,
  ) {}

  /**
   * What has not begun is judged anew: it fails where a value is lacking, and is planned anew where values are others. What
   * is to be configured gets the values of now as it is. Done again, it changes nothing.
   * @returns the chunks whose workflows are to look
   */
  async judge(scope: QueuedScope): Promise<ChunkAcknowledgement[]> {
    const meant =
      'chunk' in scope
        ? Prisma.sql`d.rollout_id = ${scope.rolloutId}::uuid AND d.chunk = ${scope.chunk}`
        : Prisma.sql`d.gateway_id = ANY(${[...scope.gatewayIds]}::text[])`;
    return inTransaction(this.database, async (tx) => {
      const failed = await this.failLacking(tx, meant);
      const planned = await this.deliveries.planAgain(
        tx,
        meant,
        Prisma.sql`EXISTS (
          SELECT FROM rollout_group gr JOIN package p ON p.id = gr.package_id AND p.declared_values <> '[]'
          WHERE gr.id = d.group_id
            AND leonore_value_versions(d.gateway_id, p.declared_values) <> coalesce(d.values_given, '{}'))`,
      );
      const chunks = [...failed, ...planned].map((chunk): [string, ChunkAcknowledgement] => [
        `${chunk.rolloutId} ${chunk.chunk}`,
        { ...chunk, slots: [], remaining: null, refused: true },
      ]);
      return [...new Map(chunks).values()];
    });
  }

  private async failLacking(
    tx: Transaction,
    meant: Prisma.Sql,
  ): Promise<{ rolloutId: string; chunk: number }[]> {
    const lacking = await tx.$queryRaw<
      { rolloutId: string; chunk: number; ordinal: number; isInstall: boolean }[]
    >`
      SELECT d.rollout_id::text AS "rolloutId", d.chunk, d.ordinal, r.action = 'install' AS "isInstall"
      FROM delivery d JOIN rollout_chunk c ON c.rollout_id = d.rollout_id AND c.chunk = d.chunk AND c.offered_at IS NOT NULL
      JOIN rollout r ON r.id = d.rollout_id AND r.action IN ('install', 'configure')
      LEFT JOIN rollout_group gr ON gr.id = d.group_id LEFT JOIN package p ON p.id = gr.package_id
      WHERE ${meant} AND d.ended_at IS NULL AND d.state = 'pending' AND NOT d.replan
        AND leonore_lacking_values(d.gateway_id, ${sqlDeclared}) IS NOT NULL
      ORDER BY d.rollout_id, d.ordinal`;
    if (lacking.length === 0) return [];
    await this.deliveries.happen(
      'unservedNow',
      {
        join: Prisma.sql`
          JOIN rollout r ON r.id = d.rollout_id
          LEFT JOIN rollout_group gr ON gr.id = d.group_id LEFT JOIN package p ON p.id = gr.package_id
          CROSS JOIN LATERAL (SELECT leonore_lacking_values(d.gateway_id, ${sqlDeclared}) AS keys) lacking`,
        where: Prisma.sql`(d.rollout_id, d.ordinal) IN (
            SELECT * FROM unnest(${lacking.map(({ rolloutId }) => rolloutId)}::uuid[], ${lacking.map(({ ordinal }) => ordinal)}::int[]))
          AND d.ended_at IS NULL AND d.state = 'pending' AND NOT d.replan AND lacking.keys IS NOT NULL`,
        error: valueMissing,
      },
      tx,
    );
    // An order has no workflow that waits for it.
    return lacking.flatMap(({ rolloutId, chunk, isInstall }) => (isInstall ? [{ rolloutId, chunk }] : []));
  }
}
