import type { Labels } from '../domain/gateway/labels.js';
import type { GatewayProfile, Installed, SelectableProfile } from '../domain/gateway/profile.js';
import type { RolloutTarget } from '../domain/rollout/target.js';
import { parseSelector } from '../domain/selector/selector.js';
import { Prisma } from '../prisma/generated/client.js';
import { inTransaction, jsonText, type Database, type Transaction } from './database.js';
import { isStatementTimeout } from './database-errors.js';
import type { DeliveryWriter } from './delivery/delivery-writer.js';
import { DeploymentRepository } from './deployment-repository.js';
import { withinColumn, type FleetScope } from './fleet-scope.js';
import { plannableProfile } from './gateway-repository.js';
import { selectorSql } from './selector-sql.js';

/** Who is meant, as PostgreSQL finds them. */
interface Members {
  /** On the row `g` of `gateway`. */
  readonly condition: Prisma.Sql;
  /** True where the whole fleet has to be looked through. */
  readonly selects: boolean;
}

/** A gateway as planning needs it; the profile carries labels and what is installed. */
export interface Member {
  readonly id: string;
  readonly profile: SelectableProfile;
}

/** Gateways read at once. */
const pageSize = 1_000;
/** Gateways of the fleet that one statement of step ii looks at, so that none takes longer than about a second. */
const addedAtOnce = 10_000;
/** The same for a count, of which there may be many at a time. */
const countedAtOnce = 1_000;
/** A count that takes longer is made in batches. */
const patienceMs = 50;

/**
 * Who a target is now: active gateways, found by PostgreSQL. What takes a target throws DEPLOYMENT_NOT_FOUND when it names
 * a deployment that there is not.
 */
export class DeploymentMembers {
  private readonly deployments: DeploymentRepository;

  constructor(
    private readonly database: Database,
    private readonly deliveries: DeliveryWriter,
    private readonly fleet: FleetScope,
  ) {
    this.deployments = new DeploymentRepository(database, fleet);
  }

  /**
   * How many there are. Few are found by an index at once; where the whole fleet has to be looked through, it is done
   * in batches, so that no statement keeps others from the processor for long.
   */
  async count(target: RolloutTarget): Promise<number> {
    const members = await this.membersOf(target);
    const atOnce = await this.countAtOnce(members);
    if (atOnce !== null) return atOnce;
    let sum = 0;
    for await (const batch of this.batches(members, countedAtOnce))
      sum += await this.countOf(this.database, batch);
    return sum;
  }

  /** @returns null when it takes longer than a statement should */
  private async countAtOnce(members: Members): Promise<number | null> {
    try {
      return await inTransaction(this.database, async (tx) => {
        await tx.$executeRaw`SELECT set_config('statement_timeout', ${String(patienceMs)}, true)`;
        return this.countOf(tx, members.condition);
      });
    } catch (error) {
      if (isStatementTimeout(error)) return null;
      throw error;
    }
  }

  private async countOf(database: Database | Transaction, condition: Prisma.Sql): Promise<number> {
    const [row] = await database.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int AS count FROM gateway g WHERE ${condition}`;
    return row?.count ?? 0;
  }

  /** True when there is one at least. */
  async exist(target: RolloutTarget): Promise<boolean> {
    const { condition } = await this.membersOf(target);
    const [row] = await this.database.$queryRaw<{ exist: boolean }[]>`
      SELECT EXISTS (SELECT 1 FROM gateway g WHERE ${condition}) AS exist`;
    return row?.exist ?? false;
  }

  /** Those among gateways that belong to it now. */
  async among(target: RolloutTarget, gatewayIds: readonly string[]): Promise<Set<string>> {
    const { condition } = await this.membersOf(target);
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT g.id FROM gateway g WHERE ${named(gatewayIds)} AND ${condition}`;
    return new Set(rows.map(({ id }) => id));
  }

  /** True when a gateway belongs to both. */
  async meet(one: RolloutTarget, other: RolloutTarget): Promise<boolean> {
    const [left, right] = await Promise.all([this.membersOf(one), this.membersOf(other)]);
    const [row] = await this.database.$queryRaw<{ meet: boolean }[]>`
      SELECT EXISTS (SELECT 1 FROM gateway g WHERE ${left.condition} AND ${right.condition}) AS meet`;
    return row?.meet ?? false;
  }

  /** All with their labels, and when they were heard of last, in batches of bounded work. */
  async list(
    target: RolloutTarget,
  ): Promise<{ readonly id: string; readonly labels: Labels; readonly heardAtMs: number }[]> {
    const found = [];
    for await (const batch of this.batches(await this.membersOf(target), addedAtOnce)) {
      const rows = await this.database.$queryRaw<{ id: string; labels: Labels; heardAt: Date }[]>`
        SELECT g.id, g.labels, g.last_seen_at AS "heardAt" FROM gateway g WHERE ${batch} ORDER BY g.id`;
      for (const { heardAt, ...row } of rows) found.push({ ...row, heardAtMs: heardAt.getTime() });
    }
    return found;
  }

  /** The values that a label has among them; null for those that lack it. */
  async labelValues(target: RolloutTarget, label: string): Promise<(string | null)[]> {
    const found = new Set<string | null>();
    for await (const batch of this.batches(await this.membersOf(target), addedAtOnce)) {
      const rows = await this.database.$queryRaw<{ value: string | null }[]>`
        SELECT DISTINCT g.labels ->> ${label} AS value FROM gateway g WHERE ${batch}`;
      for (const { value } of rows) found.add(value);
    }
    return [...found];
  }

  /** The ids of all, in batches of bounded work. */
  async ids(target: RolloutTarget): Promise<string[]> {
    const ids: string[] = [];
    for await (const batch of this.batches(await this.membersOf(target), addedAtOnce)) {
      const rows = await this.database.$queryRaw<{ id: string }[]>`
        SELECT g.id FROM gateway g WHERE ${batch} ORDER BY g.id`;
      for (const { id } of rows) ids.push(id);
    }
    return ids;
  }

  /**
   * The gateways in the order of their ids, in pages of bounded size.
   * @param having only those on which this artifact is installed
   */
  async *pages(target: RolloutTarget, having?: string): AsyncGenerator<Member[]> {
    const members = await this.membersOf(target);
    const condition =
      having === undefined
        ? members.condition
        : Prisma.sql`${members.condition} AND g.installed @> ${jsonText([{ name: having }])}::jsonb`;
    let after = '';
    for (;;) {
      const rows = await this.database.$queryRaw<
        { id: string; profile: GatewayProfile; labels: Labels; installed: Installed[] }[]
      >`
        SELECT g.id, g.profile, g.labels, g.installed FROM gateway g
        WHERE ${condition} AND g.id > ${after} ORDER BY g.id LIMIT ${pageSize}`;
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows.map((row) => ({ id: row.id, profile: plannableProfile(row) }));
      after = last.id;
    }
  }

  /**
   * Step ii: one delivery for each that the rollout has none for yet, in batches, each a statement of its own. The
   * ordinals go on where they end, so doing it again adds who has come since. Nobody gets one who is outside the scopes
   * within which the rollout was asked for.
   * @param signal ends the work before a batch
   */
  async addDeliveries(
    rolloutId: string,
    target: RolloutTarget,
    signal?: Pick<AbortSignal, 'throwIfAborted'>,
  ): Promise<void> {
    const [row] = await this.database.$queryRaw<{ scopes: string[] }[]>`
      SELECT scopes FROM rollout WHERE id = ${rolloutId}::uuid`;
    const within = withinColumn(row?.scopes ?? []);
    // Of a campaign, those that were given this very work.
    const members =
      'campaign' in target
        ? this.active(
            Prisma.sql`EXISTS (SELECT 1 FROM campaign_member m
              WHERE m.rollout_id = ${rolloutId}::uuid AND m.gateway_id = g.id)`,
            true,
          )
        : await this.membersOf(target);
    for await (const batch of this.batches(members, addedAtOnce)) {
      signal?.throwIfAborted();
      await this.deliveries.add(rolloutId, Prisma.sql`${batch} AND ${within}`);
    }
  }

  /** Conditions on the row `g` of `gateway` that together hold for all members, each for those in a range of ids. */
  private async *batches({ condition, selects }: Members, size: number): AsyncGenerator<Prisma.Sql> {
    if (!selects) {
      yield condition;
      return;
    }
    let after = '';
    for (;;) {
      const [range] = await this.database.$queryRaw<{ last: string | null }[]>`
        SELECT max(id) AS last FROM (
          SELECT id FROM gateway WHERE id > ${after} ORDER BY id LIMIT ${size}
        ) AS range`;
      const last = range?.last ?? null;
      if (last === null) return;
      yield Prisma.sql`g.id > ${after} AND g.id <= ${last} AND ${condition}`;
      after = last;
    }
  }

  private async membersOf(target: RolloutTarget): Promise<Members> {
    if ('gateways' in target) return this.active(named(target.gateways), false);
    if ('select' in target) return this.active(selectorSql(parseSelector(target.select)), true);
    if ('campaign' in target) {
      const { campaign, phase } = target;
      return this.active(
        Prisma.sql`EXISTS (SELECT 1 FROM campaign_member m
          WHERE m.campaign_id = ${campaign}::uuid AND m.phase = ${phase} AND m.gateway_id = g.id)`,
        true,
      );
    }
    const { id, gatewayIds, selector, mode, scopes } = await this.deployments.get(target.deployment);
    const within = withinColumn(scopes);
    if (selector === null) return this.active(Prisma.sql`${named(gatewayIds)} AND ${within}`, false);
    if (mode === 'live')
      return this.active(Prisma.sql`${selectorSql(parseSelector(selector))} AND ${within}`, true);
    return this.active(
      Prisma.sql`EXISTS (SELECT 1 FROM deployment_member m WHERE m.deployment_id = ${id}::uuid AND m.gateway_id = g.id)
        AND ${within}`,
      true,
    );
  }

  private active(chosen: Prisma.Sql, selects: boolean): Members {
    return { condition: Prisma.sql`g.state = 'active' AND ${chosen} AND ${this.fleet.gateway}`, selects };
  }
}

function named(gatewayIds: readonly string[]): Prisma.Sql {
  return Prisma.sql`g.id = ANY(${[...gatewayIds]}::text[])`;
}
