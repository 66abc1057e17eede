import type { Labels } from '../domain/gateway/labels.js';
import type { GatewayProfile, Installed, SelectableProfile } from '../domain/gateway/profile.js';
import { parseSelector } from '../domain/selector/selector.js';
import { Prisma } from '../prisma/generated/client.js';
import { inTransaction, jsonText, type Database, type Transaction } from './database.js';
import { isStatementTimeout } from './database-errors.js';
import type { DeliveryWriter } from './delivery/delivery-writer.js';
import type { Deployment } from './deployment-repository.js';
import { plannableProfile } from './gateway-repository.js';
import { selectorSql } from './selector-sql.js';

/** Gateways that are meant: a list, or all that a selector matches. */
export type Members = Pick<Deployment, 'gatewayIds' | 'selector'>;

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

/** Who belongs to a deployment now: active gateways, found by PostgreSQL. */
export class DeploymentMembers {
  constructor(
    private readonly database: Database,
    private readonly deliveries: DeliveryWriter,
  ) {}

  /**
   * How many there are. Few are found by an index at once; where the whole fleet has to be looked through, it is done
   * in batches, so that no statement keeps others from the processor for long.
   */
  async count(members: Members): Promise<number> {
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
        return this.countOf(tx, memberSql(members));
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
  async exist(members: Members): Promise<boolean> {
    const [row] = await this.database.$queryRaw<{ exist: boolean }[]>`
      SELECT EXISTS (SELECT 1 FROM gateway g WHERE ${memberSql(members)}) AS exist`;
    return row?.exist ?? false;
  }

  /**
   * The gateways in the order of their ids, in pages of bounded size.
   * @param having only those on which this artifact is installed
   */
  async *pages(members: Members, having?: string): AsyncGenerator<Member[]> {
    const condition =
      having === undefined
        ? memberSql(members)
        : Prisma.sql`${memberSql(members)} AND g.installed @> ${jsonText([{ name: having }])}::jsonb`;
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
   * ordinals go on where they end, so doing it again adds who has come since.
   * @param signal ends the work before a batch
   */
  async addDeliveries(
    rolloutId: string,
    members: Members,
    signal?: Pick<AbortSignal, 'throwIfAborted'>,
  ): Promise<void> {
    for await (const batch of this.batches(members, addedAtOnce)) {
      signal?.throwIfAborted();
      await this.deliveries.add(rolloutId, batch);
    }
  }

  /** Conditions on the row `g` of `gateway` that together hold for all members, each for those in a range of ids. */
  private async *batches(members: Members, size: number): AsyncGenerator<Prisma.Sql> {
    const condition = memberSql(members);
    if (members.selector === null) {
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
}

/** The condition on the row `g` of `gateway` that it is a member now. */
function memberSql({ gatewayIds, selector }: Members): Prisma.Sql {
  const chosen =
    selector === null
      ? Prisma.sql`g.id = ANY(${[...gatewayIds]}::text[])`
      : selectorSql(parseSelector(selector));
  return Prisma.sql`g.state = 'active' AND ${chosen}`;
}
