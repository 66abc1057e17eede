import type { ErrorCode } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import type { Plan } from '../domain/plan/plan.js';
import type { SlotRange } from '../domain/delivery/slot-set.js';
import { inTransaction, json, jsonText, type Database, type Transaction } from './database.js';
import type { BuildAttempt } from './rollout-repository.js';
import type { PushTarget } from './delivery-repository.js';

/** A node and how many of a rollout's deliveries wait for it. */
export interface NodeShare {
  readonly nodeId: string;
  readonly gateways: number;
}

/** A group as step iv finds it. */
export interface PlannedGroup {
  readonly plans: readonly Plan[];
  /** Why there is no plan; null when there is one. */
  readonly explanation: string | null;
  /** Why it was not found out whether there is a plan: the deliveries fail with it. Null when it was. */
  readonly failure: { readonly code: ErrorCode; readonly message: string } | null;
  readonly ordinals: readonly number[];
}

export interface BuildableGroup {
  readonly id: string;
  readonly gateways: number;
  readonly plans: readonly Plan[];
  /** Those that failed already, the best plan's first. */
  readonly attempts: readonly BuildAttempt[];
}

/** What the waiting workflow of a chunk reads back from the truth. */
export interface ChunkStatus {
  /** Slots whose delivery has ended, as inclusive ranges. */
  readonly ended: readonly SlotRange[];
  readonly remaining: number;
  /** Nodes that have gateways which were never reached: their push must be tried again. */
  readonly unreachedNodes: readonly string[];
}

/**
 * What the eight steps do to deliveries: set-based, and each safe to do again when the activity that did it died
 * before it could say so.
 */
export class ProvisioningRepository {
  constructor(private readonly database: Database) {}

  /** Step ii: one delivery for each gateway that has none yet. @returns how many the rollout has now */
  async addDeliveries(rolloutId: string, gatewayIds: readonly string[]): Promise<void> {
    await this.database.$executeRaw`
      INSERT INTO delivery (rollout_id, ordinal, gateway_id, node_id, protocol, strategy)
      SELECT ${rolloutId}::uuid,
             (SELECT coalesce(max(ordinal), -1) FROM delivery WHERE rollout_id = ${rolloutId}::uuid) + row_number() OVER (ORDER BY g.id),
             g.id, g.node_id, g.protocol, g.strategy
      FROM gateway g
      WHERE g.id = ANY(${gatewayIds}::text[]) AND g.state = 'active'
        AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.rollout_id = ${rolloutId}::uuid AND d.gateway_id = g.id)`;
  }

  async deliveryCount(rolloutId: string): Promise<number> {
    return this.database.delivery.count({ where: { rolloutId } });
  }

  /** Step iii: the deliveries that no chunk has yet, by the node that their gateway has now. */
  async shares(rolloutId: string): Promise<NodeShare[]> {
    return this.database.$queryRaw<NodeShare[]>`
      WITH place AS MATERIALIZED (
        SELECT d.ordinal, d.node_id AS noted, g.node_id
        FROM delivery d JOIN gateway g ON g.id = d.gateway_id
        WHERE d.rollout_id = ${rolloutId}::uuid AND d.state = 'pending' AND d.chunk IS NULL AND g.node_id IS NOT NULL
      ), elsewhere AS MATERIALIZED (
        -- Most are where they were a moment ago: their rows are not written again.
        SELECT ordinal, node_id FROM place WHERE noted IS DISTINCT FROM node_id
      ), moved AS (
        UPDATE delivery d SET node_id = e.node_id FROM elsewhere e
        WHERE d.rollout_id = ${rolloutId}::uuid AND d.ordinal = e.ordinal AND d.state = 'pending' AND d.chunk IS NULL
      )
      SELECT node_id AS "nodeId", count(*)::int AS gateways FROM place GROUP BY node_id ORDER BY node_id`;
  }

  /**
   * Step iv: replaces the groups of a node that were not built yet; ends the deliveries that have no plan. What has moved
   * to another node meanwhile is no longer this one's to plan.
   */
  async saveGroups(rolloutId: string, nodeId: string, groups: readonly PlannedGroup[]): Promise<void> {
    await inTransaction(
      this.database,
      async (tx) => {
        for (const group of groups) {
          const { failure } = group;
          const ended = failure !== null ? 'failed' : group.plans.length === 0 ? 'incompatible' : null;
          const { id } = await tx.rolloutGroup.create({
            data: {
              rolloutId,
              nodeId,
              state: ended ?? 'planned',
              gateways: group.ordinals.length,
              plans: json(group.plans),
              explanation: group.explanation,
            },
            select: { id: true },
          });
          const taken = await tx.$executeRaw`
            UPDATE delivery SET group_id = ${id}::uuid, updated_at = now(),
              state = coalesce(${ended}::text, state), error = ${failure === null ? null : jsonText(failure)}::jsonb,
              ended_at = CASE WHEN ${ended}::text IS NOT NULL THEN now() END
            WHERE rollout_id = ${rolloutId}::uuid AND ordinal = ANY(${group.ordinals}::int[]) AND state = 'pending'
              AND node_id = ${nodeId} AND group_id IS NULL`;
          if (taken === 0) await tx.rolloutGroup.delete({ where: { id } });
          else if (taken < group.ordinals.length)
            await tx.rolloutGroup.update({ where: { id }, data: { gateways: taken } });
        }
      },
      120_000,
    );
  }

  /** Undoes step iv for what was not built: the deliveries wait for another node, or for another try. */
  async dropUnbuiltGroups(rolloutId: string, nodeId: string): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      await tx.$executeRaw`
        UPDATE delivery d SET group_id = NULL FROM rollout_group g
        WHERE g.id = d.group_id AND g.rollout_id = ${rolloutId}::uuid AND g.node_id = ${nodeId} AND g.state = 'planned'`;
      await tx.$executeRaw`
        DELETE FROM rollout_group WHERE rollout_id = ${rolloutId}::uuid AND node_id = ${nodeId} AND state = 'planned'`;
    });
  }

  /** Step v: groups whose package is still to be built, largest first. */
  async buildableGroups(rolloutId: string, nodeId: string): Promise<BuildableGroup[]> {
    const rows = await this.database.rolloutGroup.findMany({
      where: { rolloutId, nodeId, state: 'planned' },
      orderBy: [{ gateways: 'desc' }, { id: 'asc' }],
      select: { id: true, gateways: true, plans: true, attempts: true },
    });
    return rows.map((row) => ({
      ...row,
      plans: row.plans as unknown as Plan[],
      attempts: row.attempts as unknown as BuildAttempt[],
    }));
  }

  /** A plan could not be built; the next one is tried. */
  async planFailed(groupId: string, attempts: readonly BuildAttempt[]): Promise<void> {
    await this.database.rolloutGroup.updateMany({
      where: { id: groupId },
      data: { attempts: json(attempts) },
    });
  }

  /** What was asked for is installed already: there is no package, and the deliveries have succeeded. */
  async groupSatisfied(groupId: string, planIndex: number, attempts: readonly BuildAttempt[]): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      await tx.rolloutGroup.updateMany({
        where: { id: groupId },
        data: { state: 'built', planIndex, attempts: json(attempts) },
      });
      await tx.$executeRaw`
        WITH ended AS (
          UPDATE delivery SET state = 'succeeded', updated_at = now(), ended_at = now()
          WHERE group_id = ${groupId}::uuid AND state = 'pending' RETURNING rollout_id, ordinal
        )
        INSERT INTO delivery_event (rollout_id, ordinal, state, detail)
        SELECT rollout_id, ordinal, 'succeeded', ${jsonText({ detail: 'everything is installed already' })}::jsonb FROM ended`;
    });
  }

  /** Running rollouts with deliveries that wait for a plan. */
  async rolloutsToDelegate(): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT DISTINCT d.rollout_id::text AS id FROM delivery d JOIN rollout r ON r.id = d.rollout_id
      WHERE d.state = 'pending' AND d.chunk IS NULL AND r.ended_at IS NULL`;
    return rows.map((row) => row.id);
  }

  /** A group that was dropped meanwhile, since its gateways are planned anew, is left as it is. */
  async groupBuilt(
    groupId: string,
    planIndex: number,
    packageId: string,
    attempts: readonly BuildAttempt[],
  ): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      await tx.rolloutGroup.updateMany({
        where: { id: groupId },
        data: { state: 'built', planIndex, packageId, attempts: json(attempts) },
      });
      await failWithoutValues(tx, groupId, packageId);
    });
  }

  /** All plans of the group failed: its deliveries fail with the reason, others go on. */
  async groupFailed(groupId: string, attempts: readonly BuildAttempt[], error: unknown): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      await tx.rolloutGroup.updateMany({
        where: { id: groupId },
        data: { state: 'failed', attempts: json(attempts) },
      });
      await tx.$executeRaw`
        UPDATE delivery SET state = 'failed', error = ${jsonText(error)}::jsonb, updated_at = now(), ended_at = now()
        WHERE group_id = ${groupId}::uuid AND state = 'pending'`;
    });
  }

  /**
   * Puts the deliveries whose package is ready into chunks of at most {@link limits.chunkSize}. A chunk may span
   * groups, so that a varied fleet does not cost more history than a uniform one.
   * @returns the node's chunks that still have unfinished deliveries, with their sizes
   */
  async formChunks(rolloutId: string, nodeId: string): Promise<{ chunk: number; size: number }[]> {
    return inTransaction(this.database, async (tx) => {
      // Chunk numbers are unique in the rollout: nodes take them one after the other.
      // (NO KEY: rows that refer to the rollout may still be inserted meanwhile.)
      await tx.$queryRaw`SELECT 1 FROM rollout WHERE id = ${rolloutId}::uuid FOR NO KEY UPDATE`;
      // Materialized: right after step ii the planner knows nothing of these rows yet, and would compute the numbering
      // once a row instead of once.
      await tx.$executeRaw`
        WITH base AS MATERIALIZED (
          SELECT coalesce(max(chunk), -1) + 1 AS next FROM delivery WHERE rollout_id = ${rolloutId}::uuid
        ), numbered AS MATERIALIZED (
          SELECT e.ordinal, (row_number() OVER (ORDER BY e.ordinal))::int - 1 AS place
          FROM delivery e JOIN rollout_group g ON g.id = e.group_id
          WHERE e.rollout_id = ${rolloutId}::uuid AND g.node_id = ${nodeId} AND g.state = 'built'
            AND e.state = 'pending' AND e.chunk IS NULL
        )
        UPDATE delivery d SET chunk = base.next + n.place / ${limits.chunkSize}, slot = n.place % ${limits.chunkSize}
        FROM base, numbered n
        WHERE d.rollout_id = ${rolloutId}::uuid AND d.ordinal = n.ordinal`;
      return tx.$queryRaw<{ chunk: number; size: number }[]>`
        SELECT d.chunk, (max(d.slot) + 1)::int AS size FROM delivery d JOIN rollout_group g ON g.id = d.group_id
        WHERE d.rollout_id = ${rolloutId}::uuid AND g.node_id = ${nodeId} AND d.chunk IS NOT NULL
        GROUP BY d.chunk HAVING count(*) FILTER (WHERE d.ended_at IS NULL) > 0 ORDER BY d.chunk`;
    });
  }

  /** Step vi: makes the tasks of a chunk available; done again, it changes nothing. */
  async offer(rolloutId: string, chunk: number, deadlineSeconds: number): Promise<number> {
    return this.database.$executeRaw`
      WITH offered AS (
        UPDATE delivery SET state = 'offered', updated_at = now(), deadline_at = now() + ${deadlineSeconds} * interval '1 second'
        WHERE rollout_id = ${rolloutId}::uuid AND chunk = ${chunk} AND state = 'pending' RETURNING ordinal
      )
      INSERT INTO delivery_event (rollout_id, ordinal, state) SELECT ${rolloutId}::uuid, ordinal, 'offered' FROM offered`;
  }

  /** Gateways of a chunk on a node that are to be pushed and have shown no sign of life yet. */
  async pushTargets(rolloutId: string, chunk: number, nodeId: string): Promise<PushTarget[]> {
    return this.database.$queryRaw<PushTarget[]>`
      SELECT d.gateway_id AS "gatewayId", d.protocol, g.push_address AS address
      FROM delivery d JOIN gateway g ON g.id = d.gateway_id
      WHERE d.rollout_id = ${rolloutId}::uuid AND d.chunk = ${chunk} AND d.node_id = ${nodeId}
        AND d.state = 'offered' AND d.strategy = 'push'
      ORDER BY d.ordinal`;
  }

  /** Step vii: how a chunk stands. */
  async chunkStatus(rolloutId: string, chunk: number): Promise<ChunkStatus> {
    const ended = await this.database.$queryRaw<{ first: number; last: number }[]>`
      SELECT min(slot)::int AS first, max(slot)::int AS last FROM (
        SELECT slot, slot - row_number() OVER (ORDER BY slot) AS island FROM delivery
        WHERE rollout_id = ${rolloutId}::uuid AND chunk = ${chunk} AND ended_at IS NOT NULL
      ) s GROUP BY island ORDER BY 1`;
    const open = await this.database.$queryRaw<{ node_id: string; remaining: number; unreached: number }[]>`
      SELECT node_id, count(*)::int AS remaining,
             count(*) FILTER (WHERE state IN ('pending', 'offered') AND strategy = 'push')::int AS unreached
      FROM delivery WHERE rollout_id = ${rolloutId}::uuid AND chunk = ${chunk} AND ended_at IS NULL GROUP BY node_id`;
    return {
      ended: ended.map(({ first, last }) => [first, last]),
      remaining: open.reduce((sum, row) => sum + row.remaining, 0),
      unreachedNodes: open.filter((row) => row.unreached > 0).map((row) => row.node_id),
    };
  }

  /** Nodes that unfinished deliveries of a chunk belong to now. */
  async nodesOfChunk(rolloutId: string, chunk: number): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ node_id: string }[]>`
      SELECT DISTINCT node_id FROM delivery
      WHERE rollout_id = ${rolloutId}::uuid AND chunk = ${chunk} AND ended_at IS NULL AND node_id IS NOT NULL ORDER BY 1`;
    return rows.map((row) => row.node_id);
  }

  /** The deadline has passed: who is silent still is lost. */
  async loseChunk(rolloutId: string, chunk: number): Promise<number> {
    return this.endDeliveries(rolloutId, chunk, ['pending', 'offered', 'downloading', 'installing'], 'lost');
  }

  /** Cancels what a gateway has not begun to install. */
  async cancel(rolloutId: string): Promise<number> {
    return this.endDeliveries(rolloutId, null, ['pending', 'offered', 'downloading'], 'cancelled');
  }

  /** Ends what could not even be offered, with the reason. */
  async failPending(rolloutId: string, error: unknown): Promise<void> {
    await this.database.$executeRaw`
      UPDATE delivery SET state = 'failed', error = ${jsonText(error)}::jsonb, updated_at = now(), ended_at = now()
      WHERE rollout_id = ${rolloutId}::uuid AND state = 'pending'`;
  }

  private async endDeliveries(
    rolloutId: string,
    chunk: number | null,
    from: readonly string[],
    to: 'lost' | 'cancelled',
  ): Promise<number> {
    return this.database.$executeRaw`
      WITH ended AS (
        UPDATE delivery SET state = ${to}, updated_at = now(), ended_at = now()
        WHERE rollout_id = ${rolloutId}::uuid AND (${chunk}::int IS NULL OR chunk = ${chunk}) AND state = ANY(${from}::text[])
        RETURNING ordinal
      )
      INSERT INTO delivery_event (rollout_id, ordinal, state) SELECT ${rolloutId}::uuid, ordinal, ${to} FROM ended`;
  }
}

/** Deliveries to gateways that lack a value which the package needs and has no default for: nothing is offered to them. */
async function failWithoutValues(tx: Transaction, groupId: string, packageId: string): Promise<void> {
  await tx.$executeRaw`
    WITH lacking AS (
      SELECT d.rollout_id, d.ordinal, d.gateway_id, string_agg(w.key, ', ' ORDER BY w.key) AS keys
      FROM (
        SELECT declared ->> 'key' AS key FROM package p, jsonb_array_elements(p.declared_values) AS declared
        WHERE p.id = ${packageId} AND NOT declared ? 'default'
      ) w
      JOIN delivery d ON d.group_id = ${groupId}::uuid AND d.state = 'pending'
      WHERE NOT EXISTS (SELECT 1 FROM gateway_value v WHERE v.gateway_id = d.gateway_id AND v.key = w.key)
      GROUP BY d.rollout_id, d.ordinal, d.gateway_id
    ), failed AS (
      UPDATE delivery d SET state = 'failed', updated_at = now(), ended_at = now(),
        error = jsonb_build_object('code', 'VALUE_MISSING', 'message',
          format('%s has no value for %s; set it with: leonore gateway set %s KEY=VALUE', l.gateway_id, l.keys, l.gateway_id))
      FROM lacking l WHERE d.rollout_id = l.rollout_id AND d.ordinal = l.ordinal RETURNING d.rollout_id, d.ordinal
    )
    INSERT INTO delivery_event (rollout_id, ordinal, state) SELECT rollout_id, ordinal, 'failed' FROM failed`;
}
