import { LeonoreError } from '../domain/errors.js';
import type { GatewayProfile, Installed, SelectableProfile } from '../domain/gateway/profile.js';
import { channelName } from '../domain/gateway/endpoint.js';
import type { Labels } from '../domain/gateway/labels.js';
import { gatewayConditions, type GatewayCondition } from '../domain/gateway/condition.js';
import { negotiate, offerOf, type Agreement } from '../domain/gateway/negotiate.js';
import { limits } from '../domain/limits.js';
import { Prisma, type Gateway as GatewayRow } from '../prisma/generated/client.js';
import { inTransaction, jsonText, type Database, type Transaction } from './database.js';
import type { ChunkAcknowledgement, PushTarget } from './delivery/delivery-repository.js';
import { followRegistrations, lockOpen, type DeliveryWriter } from './delivery/delivery-writer.js';
import { endpointsByNode, pushProtocols } from './endpoint-rows.js';
import { expectAgain, type Claim } from './expected-gateway-repository.js';
import type { FleetScope } from './fleet-scope.js';
import { conditionsSql, gatewayFilterSql, type GatewayFilter } from './gateway-filter.js';
import type { Placement } from './placement.js';
import { poolSettings } from './pool-rows.js';
import { pageOf } from './page.js';

/** `pending`: waiting for a person's approval; `queued`: for a node that has room. */
export type GatewayState = 'pending' | 'queued' | 'active' | 'decommissioned';

/** A gateway as the repository holds it; the profile is what it reports, with what is installed. */
export interface Gateway {
  readonly id: string;
  readonly profile: GatewayProfile;
  /** What it is known by: the operator's labels, and those that it may report. */
  readonly labels: Labels;
  readonly operatorLabels: Labels;
  /** Labels that it may set itself: names, or `*`. */
  readonly reportedLabels: readonly string[];
  /** Null when none is bound. */
  readonly key: string | null;
  readonly readmitted: boolean;
  readonly registeredFrom: string | null;
  readonly protocol: string;
  readonly strategy: string;
  /** Why this channel was agreed on. */
  readonly channelReason: string;
  /** Channels agreed on besides, in the order in which they are tried. */
  readonly fallbacks: readonly string[];
  /** Since when it is known to be away; null when it may be there. */
  readonly awaySince: Date | null;
  readonly pushAddress: string | null;
  readonly nodeId: string | null;
  readonly state: GatewayState;
  readonly agentVersion: string | null;
  readonly registeredAt: Date;
  readonly lastSeenAt: Date;
  /** Seconds between two polls. */
  readonly pollSeconds: number;
  readonly conditions: readonly GatewayCondition[];
}

/** What a list of gateways is sorted by; with `-` the other way round. */
export const gatewaySorts = ['id', '-id', 'lastSeen', '-lastSeen', 'registered', '-registered'] as const;
export type GatewaySort = (typeof gatewaySorts)[number];

/** Facts for planning: read page by page, never all at once. */
export interface PlannableGateway {
  readonly ordinal: number;
  readonly profile: SelectableProfile;
}

/** A gateway as plans and selectors see it: with the operator's labels, and what it reports of itself beside them. */
export function plannableProfile(row: {
  readonly profile: GatewayProfile;
  readonly labels: Labels;
  readonly installed: readonly Installed[];
}): SelectableProfile {
  const { profile, labels, installed } = row;
  return { ...profile, labels, reported: profile.labels ?? {}, installed: [...installed] };
}

/** A gateway to be notified, and which version of its row said so. */
export interface WakeTarget extends PushTarget {
  readonly version: string;
}

interface Sorting {
  readonly order: Prisma.Sql;
  /** What comes after the last one of a page. @throws LeonoreError MALFORMED_INPUT */
  readonly after: (cursor: string) => Prisma.Sql;
  readonly cursorOf: (gateway: Gateway) => string;
}

const byId = Prisma.sql`g.id`;

const sortings: Readonly<Record<GatewaySort, Sorting>> = {
  id: { order: byId, after: (id) => Prisma.sql`g.id > ${id}`, cursorOf: ({ id }) => id },
  '-id': {
    order: Prisma.sql`g.id DESC`,
    after: (id) => Prisma.sql`g.id < ${id}`,
    cursorOf: ({ id }) => id,
  },
  ...byInstant('lastSeen', Prisma.sql`g.last_seen_at`, ({ lastSeenAt }) => lastSeenAt),
  ...byInstant('registered', Prisma.sql`g.registered_at`, ({ registeredAt }) => registeredAt),
};

/** By an instant, and by id among those of the same. */
function byInstant<Name extends 'lastSeen' | 'registered'>(
  name: Name,
  column: Prisma.Sql,
  instantOf: (gateway: Gateway) => Date,
): Record<Name | `-${Name}`, Sorting> {
  const sorting = (direction: Prisma.Sql, sign: Prisma.Sql): Sorting => ({
    order: Prisma.sql`${column} ${direction}, g.id ${direction}`,
    after: (cursor) => {
      const { instantMs, id } = readCursor(cursor);
      return Prisma.sql`(${column}, g.id) ${sign} (to_timestamp(${instantMs}::float8 / 1000), ${id})`;
    },
    cursorOf: (gateway) => `${instantOf(gateway).getTime()}.${gateway.id}`,
  });
  return {
    [name]: sorting(Prisma.sql`ASC`, Prisma.sql`>`),
    [`-${name}`]: sorting(Prisma.sql`DESC`, Prisma.sql`<`),
  } as Record<Name | `-${Name}`, Sorting>;
}

function readCursor(cursor: string): { instantMs: number; id: string } {
  const [, instant, id] = /^([0-9]{1,15})[.](.*)$/su.exec(cursor) ?? [];
  if (instant === undefined || id === undefined)
    throw new LeonoreError('MALFORMED_INPUT', 'the cursor is not one of this list');
  return { instantMs: Number(instant), id };
}

/** IoT gateway repository of the paper (III-C 1). */
export class GatewayRepository {
  constructor(
    private readonly database: Database,
    private readonly placement: Placement,
    private readonly deliveries: DeliveryWriter,
    private readonly fleet: FleetScope,
  ) {}

  /**
   * Notes that gateways were heard of, which have their tokens; written at most once a minute each, so that polls stay
   * reads.
   */
  async seen(ids: readonly string[]): Promise<void> {
    await this.database.$executeRaw`
      UPDATE gateway SET last_seen_at = now(), confirmed = true
      WHERE id = ANY(${ids}::text[])
        AND (last_seen_at < now() - interval '1 minute' OR (NOT confirmed AND key IS NULL))`;
  }

  /**
   * Replaces the profile that a gateway reported; orders that asked it for one are carried out by that. What was planned
   * by other facts, and is not begun, is planned anew.
   * @returns chunks whose workflows are to look
   */
  async updateProfile(profile: GatewayProfile): Promise<ChunkAcknowledgement[]> {
    return inTransaction(this.database, async (tx) => {
      // Deliveries before gateways, as everybody locks them. What is ordered in between asks for another profile.
      await this.deliveries.happen(
        'answered',
        {
          where: Prisma.sql`d.gateway_id = ${profile.id} AND d.ended_at IS NULL
            AND EXISTS (SELECT FROM rollout r WHERE r.id = d.rollout_id AND r.action = 'profile')`,
        },
        tx,
      );
      const told = Prisma.sql`${jsonText(profile)}::jsonb`;
      const chunks = await this.deliveries.planAgain(
        tx,
        Prisma.sql`d.gateway_id = ${profile.id}`,
        Prisma.sql`EXISTS (SELECT FROM gateway g WHERE g.id = ${profile.id} AND g.state = 'active'
          AND ${planningFacts(Prisma.sql`g.profile`)} IS DISTINCT FROM ${planningFacts(told)})`,
      );
      const agreement = await this.renegotiate(tx, profile);
      await tx.$executeRaw`
      UPDATE gateway SET profile = ${told},
        strategies = ${[...(profile.strategies ?? [])]}::text[], protocols = ${[...(profile.protocols ?? [])]}::text[],
        labels = leonore_labels(operator_labels, reported_labels, ${jsonText(profile.labels ?? {})}::jsonb),
        installed = ${jsonText(profile.installed ?? [])}::jsonb, profile_wanted = false, last_seen_at = now()
      WHERE id = ${profile.id} AND state = 'active'`;
      if (agreement !== null) {
        const { channel, reason, fallbacks } = agreement;
        await tx.$executeRaw`
          UPDATE gateway SET protocol = ${channel.protocol}, strategy = ${channel.strategy}, channel_reason = ${reason},
            fallbacks = ${fallbacks.map(channelName)}::text[]
          WHERE id = ${profile.id} AND state = 'active'`;
      }
      return chunks.map((chunk) => ({ ...chunk, slots: [], remaining: null, refused: true }));
    });
  }

  /**
   * The channel by another profile; its open deliveries are spoken in it from then on. One that has nothing in common with
   * its node any more, and yet has just told it so, keeps what it has.
   * @returns null when nothing is to be changed
   */
  private async renegotiate(tx: Transaction, profile: GatewayProfile): Promise<Agreement | null> {
    const { strategies = [], protocols = [] } = profile;
    const [told] = await tx.$queryRaw<{ strategies: string[]; protocols: string[] }[]>`
      SELECT strategies, protocols FROM gateway WHERE id = ${profile.id} AND state = 'active'`;
    if (told === undefined || String([told.strategies, told.protocols]) === String([strategies, protocols]))
      return null;
    await lockOpen(tx, [profile.id]);
    // Under its lock: it goes to no other node until its deliveries are spoken in the new channel.
    const [row] = await tx.$queryRaw<Pick<Gateway, 'nodeId' | 'pushAddress'>[]>`
      SELECT node_id AS "nodeId", push_address AS "pushAddress"
      FROM gateway WHERE id = ${profile.id} AND state = 'active' FOR NO KEY UPDATE`;
    if (row?.nodeId == null) return null;
    const endpoints = await endpointsByNode(tx, row.nodeId);
    const { channels } = await poolSettings(tx);
    try {
      const offer = offerOf(profile, row.pushAddress);
      const agreement = negotiate(offer, endpoints.get(row.nodeId) ?? [], channels);
      await followRegistrations(
        tx,
        jsonText([{ id: profile.id, node_id: row.nodeId, ...agreement.channel }]),
      );
      return agreement;
    } catch (error) {
      if (error instanceof LeonoreError && error.code === 'NO_COMMON_PROTOCOL') return null;
      throw error;
    }
  }

  /** Whether gateways are there, as far as their protocol tells. */
  async present(ids: readonly string[], isThere: boolean): Promise<void> {
    await this.database.$executeRaw`
      UPDATE gateway SET away_since = CASE WHEN ${isThere} THEN NULL ELSE now() END
      WHERE id = ANY(${ids}::text[]) AND (away_since IS NULL) <> ${isThere}`;
  }

  /**
   * Asks some gateways for what they have, if that is under way (see AbsenceRepository).
   * @returns how many were asked; 0 when all have been
   */
  async askForProfiles(limit: number): Promise<number> {
    const [row] = await this.database.$queryRaw<{ asked: number }[]>`
      WITH asked AS MATERIALIZED (
        SELECT g.id FROM gateway g, node_pool p WHERE g.state = 'active' AND g.id > p.profiles_after
        ORDER BY g.id LIMIT ${limit} FOR NO KEY UPDATE OF g
      ), wanted AS (
        UPDATE gateway g SET profile_wanted = true, wake = true FROM asked WHERE g.id = asked.id AND NOT g.profile_wanted
      ), noted AS (
        UPDATE node_pool SET profiles_after = (SELECT max(id) FROM asked) WHERE profiles_after IS NOT NULL
      )
      SELECT count(*)::int AS asked FROM asked`;
    return row?.asked ?? 0;
  }

  /** Asks gateways to send a fresh profile at their next contact. @throws LeonoreError GATEWAY_NOT_FOUND */
  async wantProfile(id: string): Promise<void> {
    const rows = await this.database.$executeRaw`
      UPDATE gateway g SET profile_wanted = true, wake = true
      WHERE g.id = ${id} AND g.state = 'active' AND ${this.fleet.gateway}`;
    if (rows === 0) throw notFound(id);
  }

  /**
   * Takes a gateway out of service: its token is void at once, and its id is refused until it is readmitted.
   * @throws LeonoreError GATEWAY_NOT_FOUND
   */
  async decommission(id: string): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      await this.placement.lock(tx);
      const [row] = await tx.$queryRaw<{ node_id: string | null }[]>`
        SELECT g.node_id FROM gateway g
        WHERE g.id = ${id} AND g.state <> 'decommissioned' AND ${this.fleet.gateway}`;
      if (row === undefined) throw notFound(id);
      if (row.node_id !== null) await this.placement.count(tx, new Map([[row.node_id, -1]]));
      await lockOpen(tx, [id]);
      await tx.$executeRaw`
        UPDATE gateway SET state = 'decommissioned', token_hash = ''::bytea, node_id = NULL, queued_at = NULL,
          readmitted = false
        WHERE id = ${id}`;
      await tx.gatewayValue.deleteMany({ where: { gatewayId: id } });
      await tx.staleValue.deleteMany({ where: { gatewayId: id } });
      await this.deliveries.happen(
        'decommissioned',
        {
          where: Prisma.sql`d.gateway_id = ${id} AND d.ended_at IS NULL`,
          detail: 'the gateway was decommissioned',
        },
        tx,
      );
    });
  }

  /**
   * Lets an id be enrolled anew, by whichever device comes first with what it takes: the key and the token that it had are
   * forgotten. Its labels and values stay, and its deliveries wait.
   * @param claim the code by which alone it is enrolled; null: any enrolment that allows the id does
   * @throws LeonoreError GATEWAY_NOT_FOUND
   */
  async readmit(id: string, claim: Claim | null): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      const rows = await tx.$executeRaw`
        UPDATE gateway g SET readmitted = true, key = NULL, key_secret = NULL, counter = 0, token_hash = ''::bytea, mac = NULL
        WHERE g.id = ${id} AND ${this.fleet.gateway}`;
      if (rows === 0) throw notFound(id);
      await tx.gatewayContest.deleteMany({ where: { gatewayId: id } });
      await tx.expectedGateway.deleteMany({ where: { gatewayId: id } });
      if (claim !== null) await expectAgain(tx, id, claim);
    });
  }

  /** Lets a gateway in that waits for it. @throws LeonoreError GATEWAY_NOT_FOUND, GATEWAY_NOT_PENDING */
  async approve(id: string): Promise<void> {
    const rows = await this.database.$executeRaw`
      UPDATE gateway g SET state = 'queued', queued_at = now()
      WHERE g.id = ${id} AND g.state = 'pending' AND ${this.fleet.gateway}`;
    if (rows > 0) return;
    const { state } = await this.get(id);
    throw new LeonoreError('GATEWAY_NOT_PENDING', `"${id}" is ${state}`);
  }

  /**
   * Sets and removes labels of the operator's.
   * @throws LeonoreError GATEWAY_NOT_FOUND; TOO_LARGE when it would have too many; FORBIDDEN when it would be outside the
   *   scope then: nobody gives others a gateway, or hides one from himself
   */
  async changeLabels(
    id: string,
    { set, unset }: { readonly set: Labels; readonly unset: readonly string[] },
  ): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      const [row] = await tx.$queryRaw<{ labels: Labels }[]>`
        UPDATE gateway SET operator_labels = n.labels,
          labels = leonore_labels(n.labels, reported_labels, profile -> 'labels')
        FROM (SELECT id, (operator_labels - ${[...unset]}::text[]) || ${jsonText(set)}::jsonb AS labels
              FROM gateway g WHERE g.id = ${id} AND ${this.fleet.gateway} FOR NO KEY UPDATE) n
        WHERE gateway.id = n.id RETURNING n.labels`;
      if (row === undefined) throw notFound(id);
      const [kept] = await tx.$queryRaw<unknown[]>`
        SELECT 1 FROM gateway g WHERE g.id = ${id} AND ${this.fleet.gateway}`;
      if (kept === undefined)
        throw new LeonoreError('FORBIDDEN', `with these labels "${id}" would be outside the token's scope`);
      if (Object.keys(row.labels).length > limits.labels)
        throw new LeonoreError('TOO_LARGE', `a gateway has at most ${limits.labels} labels`);
    });
  }

  /**
   * Gateways of a node that something waits for which no rollout tells them of, until they were {@link awoken}; by id.
   * @param after id of the last one of the page before; empty for the first
   */
  async toWake(nodeId: string, after: string, limit: number): Promise<WakeTarget[]> {
    return this.database.$queryRaw<WakeTarget[]>`
      SELECT id AS "gatewayId", ${pushProtocols} AS protocols, push_address AS address, xmin::text AS version
      FROM gateway g WHERE node_id = ${nodeId} AND wake AND id > ${after} ORDER BY id LIMIT ${limit}`;
  }

  /** Gateways took a notice, or ask by themselves. One that something waits for since it was read is named again. */
  async awoken(targets: readonly WakeTarget[]): Promise<void> {
    await this.database.$executeRaw`
      UPDATE gateway g SET wake = false
      FROM unnest(${targets.map(({ gatewayId }) => gatewayId)}::text[], ${targets.map(({ version }) => version)}::text[]) AS t(id, version)
      WHERE g.id = t.id AND g.wake AND g.xmin::text = t.version`;
  }

  /** @throws LeonoreError GATEWAY_NOT_FOUND */
  async get(id: string): Promise<Gateway> {
    const [gateway] = await this.found(Prisma.sql`g.id = ${id}`, byId, 1);
    if (gateway === undefined) throw notFound(id);
    return gateway;
  }

  /** What gateways told of themselves, with what is installed, by id; unknown ids are missing from the answer. */
  async profilesOf(ids: readonly string[]): Promise<Map<string, GatewayProfile>> {
    const rows = await this.database.$queryRaw<
      { id: string; profile: GatewayProfile; installed: Installed[] }[]
    >`SELECT id, profile, installed FROM gateway WHERE id = ANY(${ids}::text[])`;
    return new Map(rows.map(({ id, profile, installed }) => [id, { ...profile, installed }]));
  }

  /**
   * A page at a time.
   * @param cursor what the page before said
   * @throws LeonoreError MALFORMED_INPUT for a filter or a cursor that cannot be read
   */
  async list(
    limit: number,
    cursor: string | null,
    filter: GatewayFilter = {},
    sort: GatewaySort = 'id',
  ): Promise<{ items: Gateway[]; nextCursor: string | null }> {
    const { order, after, cursorOf } = sortings[sort];
    const chosen = gatewayFilterSql(filter);
    const found = await this.found(
      cursor === null ? chosen : Prisma.sql`${chosen} AND ${after(cursor)}`,
      order,
      limit + 1,
    );
    return pageOf(found, limit, cursorOf);
  }

  /** Those that a condition on the row `g` holds for. */
  private async found(condition: Prisma.Sql, order: Prisma.Sql, limit: number): Promise<Gateway[]> {
    const conditions = gatewayConditions.map(
      (name) => Prisma.sql`CASE WHEN ${conditionsSql[name]} THEN ${name}::text END`,
    );
    const ids = await this.database.$queryRaw<{ id: string; conditions: GatewayCondition[] }[]>`
      SELECT g.id, array_remove(ARRAY[${Prisma.join(conditions)}], NULL) AS conditions
      FROM gateway g WHERE ${condition} AND ${this.fleet.gateway} ORDER BY ${order} LIMIT ${limit}`;
    if (ids.length === 0) return [];
    const rows = await this.database.gateway.findMany({ where: { id: { in: ids.map(({ id }) => id) } } });
    const byIds = new Map(rows.map((row) => [row.id, row]));
    return ids.flatMap(({ id, conditions: known }) => {
      const row = byIds.get(id);
      return row === undefined ? [] : [toGateway(row, known)];
    });
  }

  /** Ids among the given that are not registered and active. */
  async unknownAmong(ids: readonly string[]): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT q.id FROM unnest(${ids}::text[]) AS q(id)
      WHERE NOT EXISTS (SELECT 1 FROM gateway g WHERE g.id = q.id AND g.state = 'active' AND ${this.fleet.gateway})`;
    return rows.map((row) => row.id);
  }

  /** Ids among the given that have not been heard of for so many days. */
  async silentAmong(ids: readonly string[], days: number): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT id FROM gateway WHERE id = ANY(${ids}::text[]) AND last_seen_at < now() - ${days} * interval '1 day' ORDER BY id`;
    return rows.map((row) => row.id);
  }

  /**
   * Facts of the gateways whose deliveries wait for a plan on a node, a page at a time.
   * @param chunk null: those that have no plan yet; else those of the chunk that are to be planned anew
   */
  async *plannable(
    rolloutId: string,
    nodeId: string,
    pageSize: number,
    chunk: number | null = null,
  ): AsyncGenerator<PlannableGateway[]> {
    const waiting =
      chunk === null ? Prisma.sql`d.chunk IS NULL` : Prisma.sql`d.chunk = ${chunk} AND d.replan`;
    let after = -1;
    for (;;) {
      const rows = await this.database.$queryRaw<
        { ordinal: number; profile: GatewayProfile; labels: Labels; installed: Installed[] }[]
      >`
        SELECT d.ordinal, g.profile, g.labels, g.installed FROM delivery d JOIN gateway g ON g.id = d.gateway_id
        WHERE d.rollout_id = ${rolloutId}::uuid AND d.node_id = ${nodeId} AND ${waiting} AND d.ended_at IS NULL
          AND d.ordinal > ${after}
        ORDER BY d.ordinal LIMIT ${pageSize}`;
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows.map((row) => ({
        ordinal: row.ordinal,
        profile: plannableProfile(row),
      }));
      after = last.ordinal;
    }
  }
}

/**
 * What of a profile plans are made by and no report of a delivery tells: not what is measured anew each time, nor what is
 * installed, which the digest of the gateway's state stands for.
 */
function planningFacts(profile: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`jsonb_build_array(
    (${profile} - '{name,mac,strategies,protocols,installed,state}'::text[])
      #- '{hardware,memoryFree}' #- '{hardware,diskFree}' #- '{hardware,load}' #- '{hardware,uptimeSeconds}',
    coalesce(${profile} #>> '{state,isolation}', 'none'), coalesce(${profile} #>> '{state,limits}', 'false'))`;
}

function notFound(id: string): LeonoreError {
  return new LeonoreError('GATEWAY_NOT_FOUND', `there is no gateway "${id}"`);
}

function toGateway(row: GatewayRow, conditions: readonly GatewayCondition[]): Gateway {
  return {
    id: row.id,
    profile: { ...(row.profile as GatewayProfile), installed: row.installed as Installed[] },
    labels: row.labels as Labels,
    operatorLabels: row.operatorLabels as Labels,
    reportedLabels: row.reportedLabels,
    key: row.key,
    readmitted: row.readmitted,
    registeredFrom: row.registeredFrom,
    protocol: row.protocol,
    strategy: row.strategy,
    channelReason: row.channelReason,
    fallbacks: row.fallbacks,
    awaySince: row.awaySince,
    pushAddress: row.pushAddress,
    nodeId: row.nodeId,
    state: row.state as GatewayState,
    agentVersion: row.agentVersion,
    registeredAt: row.registeredAt,
    lastSeenAt: row.lastSeenAt,
    pollSeconds: row.pollSeconds,
    conditions,
  };
}
