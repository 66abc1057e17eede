import { LeonoreError } from '../domain/errors.js';
import type { GatewayProfile, Installed, SelectableProfile } from '../domain/gateway/profile.js';
import type { Labels } from '../domain/gateway/labels.js';
import { troublesPath } from '../domain/gateway/troubles.js';
import { limits } from '../domain/limits.js';
import { Prisma, type Gateway as GatewayRow } from '../prisma/generated/client.js';
import { inTransaction, jsonText, type Database } from './database.js';
import type { PushTarget } from './delivery/delivery-repository.js';
import { lockOpen, type DeliveryWriter } from './delivery/delivery-writer.js';
import { expectAgain, type Claim } from './expected-gateway-repository.js';
import type { Placement } from './placement.js';

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
  readonly pushAddress: string | null;
  readonly nodeId: string | null;
  readonly state: GatewayState;
  readonly agentVersion: string | null;
  readonly registeredAt: Date;
  readonly lastSeenAt: Date;
}

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

/** IoT gateway repository of the paper (III-C 1). */
export class GatewayRepository {
  constructor(
    private readonly database: Database,
    private readonly placement: Placement,
    private readonly deliveries: DeliveryWriter,
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

  /** Replaces the profile that a gateway reported. */
  async updateProfile(profile: GatewayProfile): Promise<void> {
    await this.database.$executeRaw`
      UPDATE gateway SET profile = ${jsonText(profile)}::jsonb,
        labels = leonore_labels(operator_labels, reported_labels, ${jsonText(profile.labels ?? {})}::jsonb),
        installed = ${jsonText(profile.installed ?? [])}::jsonb, profile_wanted = false, last_seen_at = now()
      WHERE id = ${profile.id} AND state = 'active'`;
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
      UPDATE gateway SET profile_wanted = true, wake = true WHERE id = ${id} AND state = 'active'`;
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
        SELECT node_id FROM gateway WHERE id = ${id} AND state <> 'decommissioned'`;
      if (row === undefined) throw notFound(id);
      if (row.node_id !== null) await this.placement.count(tx, new Map([[row.node_id, -1]]));
      await lockOpen(tx, [id]);
      await tx.$executeRaw`
        UPDATE gateway SET state = 'decommissioned', token_hash = ''::bytea, node_id = NULL, queued_at = NULL,
          readmitted = false
        WHERE id = ${id}`;
      await tx.gatewayValue.deleteMany({ where: { gatewayId: id } });
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
        UPDATE gateway SET readmitted = true, key = NULL, key_secret = NULL, counter = 0, token_hash = ''::bytea, mac = NULL
        WHERE id = ${id}`;
      if (rows === 0) throw notFound(id);
      await tx.gatewayContest.deleteMany({ where: { gatewayId: id } });
      await tx.expectedGateway.deleteMany({ where: { gatewayId: id } });
      if (claim !== null) await expectAgain(tx, id, claim);
    });
  }

  /** Lets a gateway in that waits for it. @throws LeonoreError GATEWAY_NOT_FOUND, GATEWAY_NOT_PENDING */
  async approve(id: string): Promise<void> {
    const rows = await this.database.$executeRaw`
      UPDATE gateway SET state = 'queued', queued_at = now() WHERE id = ${id} AND state = 'pending'`;
    if (rows > 0) return;
    const { state } = await this.get(id);
    throw new LeonoreError('GATEWAY_NOT_PENDING', `"${id}" is ${state}`);
  }

  /**
   * Sets and removes labels of the operator's.
   * @throws LeonoreError GATEWAY_NOT_FOUND; TOO_LARGE when it would have too many
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
              FROM gateway WHERE id = ${id} FOR NO KEY UPDATE) n
        WHERE gateway.id = n.id RETURNING n.labels`;
      if (row === undefined) throw notFound(id);
      if (Object.keys(row.labels).length > limits.labels)
        throw new LeonoreError('TOO_LARGE', `a gateway has at most ${limits.labels} labels`);
    });
  }

  /**
   * Push gateways of a node that something waits for which no rollout tells them of. Each is named once: a notice
   * that is lost is made up for by the gateway's own, rare polls.
   */
  async takeWoken(nodeId: string, limit: number): Promise<PushTarget[]> {
    return this.database.$queryRaw<PushTarget[]>`
      UPDATE gateway SET wake = false
      WHERE id IN (SELECT id FROM gateway WHERE node_id = ${nodeId} AND wake LIMIT ${limit} FOR UPDATE SKIP LOCKED)
      RETURNING id AS "gatewayId", protocol, CASE WHEN strategy = 'push' THEN push_address END AS address`;
  }

  /** @throws LeonoreError GATEWAY_NOT_FOUND */
  async get(id: string): Promise<Gateway> {
    const row = await this.database.gateway.findUnique({ where: { id } });
    if (row === null) throw notFound(id);
    return toGateway(row);
  }

  /**
   * By id, a page at a time; the cursor is the last id of the page before.
   * @param unwell only those that reported that something is not as it should be
   */
  async list(
    limit: number,
    cursor: string | null,
    unwell = false,
  ): Promise<{ items: Gateway[]; nextCursor: string | null }> {
    const where = { id: { gt: cursor ?? '' } };
    const rows = await this.database.gateway.findMany({
      where: unwell ? { id: { in: await this.unwellAfter(cursor ?? '', limit + 1) } } : where,
      orderBy: { id: 'asc' },
      take: limit + 1,
    });
    const items = rows.slice(0, limit).map(toGateway);
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  private async unwellAfter(id: string, limit: number): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT id FROM gateway
      WHERE id > ${id} AND state <> 'decommissioned' AND jsonb_path_exists(profile, ${troublesPath}::jsonpath)
      ORDER BY id LIMIT ${limit}`;
    return rows.map((row) => row.id);
  }

  /** Ids among the given that are not registered and active. */
  async unknownAmong(ids: readonly string[]): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT q.id FROM unnest(${ids}::text[]) AS q(id)
      WHERE NOT EXISTS (SELECT 1 FROM gateway g WHERE g.id = q.id AND g.state = 'active')`;
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

function notFound(id: string): LeonoreError {
  return new LeonoreError('GATEWAY_NOT_FOUND', `there is no gateway "${id}"`);
}

function toGateway(row: GatewayRow): Gateway {
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
    pushAddress: row.pushAddress,
    nodeId: row.nodeId,
    state: row.state as GatewayState,
    agentVersion: row.agentVersion,
    registeredAt: row.registeredAt,
    lastSeenAt: row.lastSeenAt,
  };
}
