import type { TaskRequirement } from '../domain/agent-protocol/messages.js';
import type { ErrorCode } from '../domain/error-kinds.js';
import type { Plan } from '../domain/plan/plan.js';
import { Prisma } from '../prisma/generated/client.js';
import { inTransaction, json, jsonText, type Database } from './database.js';
import { sqlMembers, type DeliveryWriter, type Happening } from './delivery/delivery-writer.js';
import type { BuildAttempt } from './rollout-repository.js';

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
  /** The states that their gateways were planned for, one for each ordinal; null where none is named. */
  readonly startStates?: readonly (string | null)[];
}

export interface BuildableGroup {
  readonly id: string;
  readonly rolloutId: string;
  readonly gateways: number;
  readonly plans: readonly Plan[];
  /** Those that failed already, the best plan's first. */
  readonly attempts: readonly BuildAttempt[];
}

/** Gateways that lack the same values. */
export interface LackedValues {
  /** Their keys, as people read them. */
  readonly keys: string;
  readonly gatewayIds: readonly string[];
}

/** What becomes of gateways that have all that was asked for, but with other values. */
export interface StaleValues {
  /** Gateways that are configured anew. */
  readonly configured: readonly string[];
  readonly lacking: readonly LackedValues[];
}

/**
 * What steps ii to v do to groups and to deliveries that have no place yet: set-based, and each safe to do again when
 * the activity that did it died before it could say so.
 *
 * INVARIANT: which deliveries a group has stands with the group alone until they get their places, so that planning
 * again what was not built writes no delivery.
 */
export class ProvisioningRepository {
  constructor(
    private readonly database: Database,
    private readonly deliveries: DeliveryWriter,
  ) {}

  /**
   * Step iii: where there is something to do: the deliveries that have no place yet, by the node that their gateway
   * has now, and those whose chunks have not ended, by the node that dispatched them last.
   */
  async shares(rolloutId: string): Promise<NodeShare[]> {
    await this.deliveries.follow(rolloutId);
    return this.database.$queryRaw<NodeShare[]>`
      SELECT node_id AS "nodeId", sum(gateways)::int AS gateways FROM (
        SELECT node_id, count(*) AS gateways FROM delivery
        WHERE rollout_id = ${rolloutId}::uuid AND chunk IS NULL AND ended_at IS NULL AND node_id IS NOT NULL GROUP BY node_id
        UNION ALL
        SELECT node_id, sum(open) FROM rollout_chunk
        WHERE rollout_id = ${rolloutId}::uuid AND ended_at IS NULL GROUP BY node_id
      ) waiting GROUP BY node_id ORDER BY node_id`;
  }

  /**
   * Step iv: enters the groups of a node, and ends the deliveries that have no plan. What has moved to another node
   * meanwhile is no longer this one's to plan.
   */
  async saveGroups(rolloutId: string, nodeId: string, groups: readonly PlannedGroup[]): Promise<void> {
    for (const { plans, explanation, failure, ordinals, startStates = [] } of groups) {
      // Each by itself: a fleet of many groups holds no long transaction, and a plan that is too large fails alone.
      const ended = failure !== null ? 'failed' : plans.length === 0 ? 'incompatible' : null;
      await inTransaction(this.database, async (tx) => {
        const [row] = await tx.$queryRaw<{ id: string }[]>`
          INSERT INTO rollout_group (rollout_id, node_id, state, gateways, plans, explanation, ordinals, start_states)
          SELECT ${rolloutId}::uuid, ${nodeId}, ${ended ?? 'planned'}, count(*)::int,
                 ${jsonText(plans)}::jsonb, ${explanation}, range_agg(int4range(d.ordinal, d.ordinal + 1)),
                 CASE WHEN count(m.start_state) > 0 THEN array_agg(m.start_state ORDER BY d.ordinal) ELSE '{}' END
          FROM unnest(${ordinals}::int[], ${startStates}::text[]) AS m(ordinal, start_state)
          JOIN delivery d ON d.rollout_id = ${rolloutId}::uuid AND d.ordinal = m.ordinal
          WHERE d.state = 'pending' AND d.chunk IS NULL AND d.node_id = ${nodeId}
          HAVING count(*) > 0 RETURNING id::text`;
        if (row === undefined || ended === null) return;
        const where = Prisma.sql`d.rollout_id = ${rolloutId}::uuid AND d.ordinal = ANY(${ordinals}::int[])
          AND d.chunk IS NULL AND d.node_id = ${nodeId}`;
        await this.deliveries.happen(
          ended === 'failed' ? 'unserved' : 'incompatible',
          {
            where,
            groupId: row.id,
            error: Prisma.sql`${failure === null ? null : jsonText(failure)}::jsonb`,
          },
          tx,
        );
      });
    }
  }

  /** Undoes step iv for what was not built: the deliveries wait for another node, or for another try. */
  async dropUnbuiltGroups(rolloutId: string, nodeId: string): Promise<void> {
    await this.database.$executeRaw`
      DELETE FROM rollout_group WHERE rollout_id = ${rolloutId}::uuid AND node_id = ${nodeId} AND state = 'planned'`;
  }

  /** Step v: groups whose package is still to be built for gateways that wait for it, largest first. */
  async buildableGroups(rolloutId: string, nodeId: string): Promise<BuildableGroup[]> {
    return this.database.$queryRaw<BuildableGroup[]>`
      SELECT own.id::text AS id, own.rollout_id::text AS "rolloutId", own.gateways, own.plans, own.attempts
      FROM rollout_group own
      WHERE own.rollout_id = ${rolloutId}::uuid AND own.node_id = ${nodeId} AND own.state = 'planned'
        AND ${sqlAwaited('own')}
      ORDER BY own.gateways DESC, own.id`;
  }

  /** Whether any gateway still waits for what is built for its group: not when all were cancelled, or moved away. */
  async isAwaited(groupId: string): Promise<boolean> {
    const [row] = await this.database.$queryRaw<{ awaited: boolean }[]>`
      SELECT ${sqlAwaited('own')} AS awaited FROM rollout_group own WHERE own.id = ${groupId}::uuid`;
    return row?.awaited ?? false;
  }

  /** A plan could not be built; the next one is tried. */
  async planFailed(groupId: string, attempts: readonly BuildAttempt[]): Promise<void> {
    await this.database.rolloutGroup.updateMany({
      where: { id: groupId },
      data: { attempts: json(attempts) },
    });
  }

  /**
   * What was asked for is installed already: there is no package, and the deliveries have succeeded. Those whose gateways
   * have other values now than they were given stay: they get their place, and are configured.
   */
  async groupSatisfied(groupId: string, planIndex: number, attempts: readonly BuildAttempt[]): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      await tx.$executeRaw`
        UPDATE rollout_group SET state = 'built', plan_index = ${planIndex}, attempts = ${jsonText(attempts)}::jsonb,
          changes = jsonb_build_object('configure', jsonb_path_query_array(plans -> ${planIndex}::int, '$.artifacts[*].name'))
        WHERE id = ${groupId}::uuid`;
      const { join: members, where } = membersOf(groupId);
      const join = Prisma.sql`${members} ${sqlStale(
        Prisma.sql`ARRAY(SELECT jsonb_array_elements_text(own.changes -> 'configure'))`,
      )}`;
      const lacking = Prisma.sql`${where} AND lacking.keys IS NOT NULL`;
      await this.deliveries.happen('unserved', { join, where: lacking, error: valueMissing, groupId }, tx);
      await this.deliveries.happen(
        'satisfied',
        {
          join,
          where: Prisma.sql`${where} AND stale.artifact IS NULL`,
          groupId,
          detail: 'everything is installed already',
        },
        tx,
      );
    });
  }

  /** Running rollouts with deliveries that wait for a plan. */
  async rolloutsToDelegate(): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT r.id::text FROM rollout r
      WHERE r.ended_at IS NULL AND r.action = 'install' AND EXISTS (
        SELECT 1 FROM delivery d WHERE d.rollout_id = r.id AND d.chunk IS NULL AND d.ended_at IS NULL)
      ORDER BY r.created_at`;
    return rows.map((row) => row.id);
  }

  /** A group that was dropped meanwhile, since its gateways are planned anew, is left as it is. */
  async groupBuilt(
    groupId: string,
    planIndex: number,
    packageId: string,
    attempts: readonly BuildAttempt[],
    requires: readonly TaskRequirement[] = [],
  ): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      await tx.$executeRaw`
        UPDATE rollout_group SET state = 'built', plan_index = ${planIndex}, package_id = ${packageId},
          attempts = ${jsonText(attempts)}::jsonb,
          changes = jsonb_build_object('remove', plans -> ${planIndex}::int -> 'remove',
                                       'removeFirst', plans -> ${planIndex}::int -> 'removeFirst')
            || ${jsonText(requires.length === 0 ? {} : { requires })}::jsonb
        WHERE id = ${groupId}::uuid`;
      // Deliveries to gateways that lack a value which the package needs and has no default for: nothing is offered.
      const { join, where } = membersOf(groupId);
      const lacking = lackingValues(packageId);
      await this.deliveries.happen(
        'unserved',
        {
          join: Prisma.sql`${join} ${lacking.join}`,
          where: Prisma.sql`${where} AND ${lacking.where}`,
          error: lacking.error,
          groupId,
        },
        tx,
      );
    });
  }

  /** Gateways among the given that lack values, with what they lack: to these nothing would be offered. */
  async lackingAmong(gatewayIds: readonly string[], keys: readonly string[]): Promise<LackedValues[]> {
    if (keys.length === 0) return [];
    return this.database.$queryRaw<LackedValues[]>`
      SELECT lacking.keys, array_agg(g.id ORDER BY g.id) AS "gatewayIds" FROM unnest(${gatewayIds}::text[]) AS g(id)
      ${sqlLacking(Prisma.sql`g.id`, Prisma.sql`SELECT unnest(${keys}::text[]) AS key`)}
      WHERE lacking.keys IS NOT NULL GROUP BY lacking.keys ORDER BY lacking.keys`;
  }

  /** Gateways among the given that have an artifact of these names with other values than they were given. */
  async staleAmong(gatewayIds: readonly string[], names: readonly string[]): Promise<StaleValues> {
    const rows = await this.database.$queryRaw<{ id: string; keys: string | null }[]>`
      SELECT d.gateway_id AS id, lacking.keys FROM unnest(${gatewayIds}::text[]) AS d(gateway_id)
      ${sqlStale(Prisma.sql`${[...names]}::text[]`)}
      WHERE stale.artifact IS NOT NULL ORDER BY lacking.keys, d.gateway_id`;
    const lacking = new Map<string, string[]>();
    for (const { id, keys } of rows) if (keys !== null) lacking.set(keys, [...(lacking.get(keys) ?? []), id]);
    return {
      configured: rows.flatMap(({ id, keys }) => (keys === null ? [id] : [])),
      lacking: [...lacking].map(([keys, ids]) => ({ keys, gatewayIds: ids })),
    };
  }

  /** All plans of the group failed: its deliveries fail with the reason, others go on. */
  async groupFailed(groupId: string, attempts: readonly BuildAttempt[], error: unknown): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      await tx.rolloutGroup.updateMany({
        where: { id: groupId },
        data: { state: 'failed', attempts: json(attempts), placed: true },
      });
      await this.deliveries.happen(
        'unserved',
        { ...membersOf(groupId), groupId, error: Prisma.sql`${jsonText(error)}::jsonb` },
        tx,
      );
    });
  }

  /** Fails what was not offered, with the reason: of some nodes, or all (null). */
  async giveUp(rolloutId: string, nodeIds: readonly string[] | null, failure: unknown): Promise<number> {
    const part = nodeIds === null ? Prisma.sql`true` : Prisma.sql`d.node_id = ANY(${[...nodeIds]}::text[])`;
    return this.deliveries.happen('unserved', {
      where: Prisma.sql`d.rollout_id = ${rolloutId}::uuid AND d.ended_at IS NULL AND ${part}`,
      error: Prisma.sql`${jsonText(failure)}::jsonb`,
    });
  }

  /**
   * Fails the deliveries without a place that two nodes had in hand when they were lost: a third is not handed the same.
   * @returns how many
   */
  async quarantine(rolloutId: string, failure: unknown): Promise<number> {
    return this.deliveries.happen('unserved', {
      join: Prisma.sql`CROSS JOIN (
        SELECT coalesce(range_agg(one.members * other.members), '{}') AS twice
        FROM rollout_event one JOIN rollout_event other ON other.rollout_id = one.rollout_id AND other.id > one.id
        WHERE one.rollout_id = ${rolloutId}::uuid AND one.kind = 'node-lost' AND other.kind = 'node-lost'
      ) lost`,
      where: Prisma.sql`d.rollout_id = ${rolloutId}::uuid AND d.chunk IS NULL AND d.ended_at IS NULL
        AND lost.twice @> d.ordinal`,
      error: Prisma.sql`${jsonText(failure)}::jsonb`,
    });
  }

  /** Cancels what no gateway has begun to install: of a whole rollout, or of one chunk. */
  async cancel(rolloutId: string, chunk: number | null = null): Promise<number> {
    const part = chunk === null ? Prisma.sql`true` : Prisma.sql`d.chunk = ${chunk}`;
    return this.deliveries.happen('cancelled', {
      where: Prisma.sql`d.rollout_id = ${rolloutId}::uuid AND d.ended_at IS NULL AND ${part}`,
    });
  }
}

/** Deliveries `d` whose gateways lack a value that a package needs and has no default for. */
export function lackingValues(packageId: string): Required<Pick<Happening, 'join' | 'where' | 'error'>> {
  const needed = Prisma.sql`
    SELECT declared ->> 'key' AS key FROM package p, jsonb_array_elements(p.declared_values) AS declared
    WHERE p.id = ${packageId} AND NOT declared ? 'default'`;
  return {
    join: sqlLacking(Prisma.sql`d.gateway_id`, needed),
    where: Prisma.sql`lacking.keys IS NOT NULL`,
    error: valueMissing,
  };
}

/** The problem of a delivery `d` whose gateway has no value for `lacking.keys`. */
export const valueMissing = Prisma.sql`jsonb_build_object('code', 'VALUE_MISSING', 'message',
  format('%s has no value for %s; set it with: leonore gateway set %s KEY=VALUE', d.gateway_id, lacking.keys, d.gateway_id))`;

/**
 * Joins to a delivery `d` the artifact among some, `stale.artifact`, that its gateway has with other values than it was
 * given, and those that it has no value for, `lacking.keys`; null when there are none.
 */
export function sqlStale(names: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    CROSS JOIN LATERAL (SELECT leonore_stale_artifact(d.gateway_id, ${names}) AS artifact) stale
    CROSS JOIN LATERAL (
      SELECT leonore_lacking_values(d.gateway_id, leonore_declared(d.gateway_id, stale.artifact)) AS keys) lacking`;
}

/**
 * Joins `lacking.keys`: those that a gateway has no value for, as a text; null when it has all.
 * @param needed rows with a column `key`
 */
function sqlLacking(gatewayId: Prisma.Sql, needed: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`CROSS JOIN LATERAL (
    SELECT string_agg(w.key, ', ' ORDER BY w.key) AS keys FROM (${needed}) w
    WHERE NOT EXISTS (SELECT 1 FROM leonore_nearest_value(${gatewayId}, w.key))
  ) lacking`;
}

/** The deliveries of a group that have no place yet. */
function membersOf(groupId: string): { join: Prisma.Sql; where: Prisma.Sql } {
  return {
    join: Prisma.sql`JOIN rollout_group own ON own.id = ${groupId}::uuid AND own.rollout_id = d.rollout_id
      JOIN LATERAL ${sqlMembers('own')} ON member.ordinal = d.ordinal`,
    where: Prisma.sql`d.chunk IS NULL AND d.ended_at IS NULL`,
  };
}

/** True for a group with an open delivery that has no place, and whose gateway has the group's node. */
function sqlAwaited(group: string): Prisma.Sql {
  const own = Prisma.raw(group);
  return Prisma.sql`EXISTS (
    SELECT FROM ${sqlMembers(group)}
    JOIN delivery d ON d.rollout_id = ${own}.rollout_id AND d.ordinal = member.ordinal
    JOIN gateway g ON g.id = d.gateway_id AND g.node_id = ${own}.node_id
    WHERE d.chunk IS NULL AND d.ended_at IS NULL)`;
}
