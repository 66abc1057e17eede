import { LeonoreError } from '../domain/errors.js';
import type { Channel } from '../domain/gateway/negotiate.js';
import type { GatewayProfile, Installed } from '../domain/gateway/profile.js';
import { troublesPath } from '../domain/gateway/troubles.js';
import { limits } from '../domain/limits.js';
import { Prisma } from '../prisma/generated/client.js';
import { inTransaction, jsonText, type Database, type Transaction } from './database.js';
import type { PushTarget } from './delivery/delivery-repository.js';
import { followRegistrations, lockOpen, type DeliveryWriter } from './delivery/delivery-writer.js';
import type { OpenNodes, Placement } from './placement.js';
import { queueLength } from './pool-rows.js';

/** `queued`: known, and waiting for a node that has room. */
export type GatewayState = 'queued' | 'active' | 'decommissioned';

/** A gateway as the repository holds it; the profile carries labels and what is installed. */
export interface Gateway {
  readonly id: string;
  readonly profile: GatewayProfile;
  readonly protocol: string;
  readonly strategy: string;
  readonly pushAddress: string | null;
  readonly nodeId: string | null;
  readonly state: GatewayState;
  readonly agentVersion: string | null;
  readonly registeredAt: Date;
  readonly lastSeenAt: Date;
}

export interface Registration {
  readonly profile: GatewayProfile;
  readonly channel: Channel;
  readonly pushAddress: string | null;
  readonly agentVersion: string | null;
  /** Hash of a newly issued token; null when the gateway proved itself with its own token and keeps it. */
  readonly newTokenHash: Buffer | null;
}

/** What authentication needs to know of a gateway. */
export interface GatewayCredentials {
  readonly id: string;
  readonly tokenHash: Uint8Array;
  readonly nodeId: string | null;
  readonly state: string;
}

/** Facts for planning: read page by page, never all at once. */
export interface PlannableGateway {
  readonly ordinal: number;
  readonly profile: GatewayProfile;
}

/** Where a gateway belongs from now on. */
export interface PlacedGateway {
  readonly node: { readonly id: string; readonly address: string };
}

/** How soon a queued gateway asks again; agents add jitter. A node starts in a few seconds. */
const firstAskAgainMs = 2_000;
/** Queued gateways that may ask in a second: a long queue is told to be more patient. */
const asksPerSecond = 500;

/** IoT gateway repository of the paper (III-C 1). */
export class GatewayRepository {
  constructor(
    private readonly database: Database,
    private readonly placement: Placement,
    private readonly deliveries: DeliveryWriter,
  ) {}

  /**
   * Enters a gateway, see {@link registerAll}.
   * @throws LeonoreError
   */
  async register(registration: Registration): Promise<PlacedGateway> {
    const [outcome] = await this.registerAll([registration]);
    if (outcome instanceof LeonoreError) throw outcome;
    if (outcome === undefined) throw new Error('a batch of one has one outcome');
    return outcome;
  }

  /**
   * Enters gateways, or enters them again: profile, channel, node. A gateway keeps its node while that is active or
   * may be back any moment; others are placed by the balancer. One transaction for all, so that a storm of registrations costs few commits.
   * @returns for each, in order, its node, or why it has none: GATEWAY_IDENTITY_TAKEN when the id belongs to a device
   *   with another mac; NODES_FULL when it is queued until a node has come; NO_NODE; TOO_MANY_REQUESTS
   */
  async registerAll(batch: readonly Registration[]): Promise<(PlacedGateway | LeonoreError)[]> {
    const outcomes = new Array<PlacedGateway | LeonoreError>(batch.length);
    // Who is in the batch twice is entered twice, one after the other.
    let waiting = [...batch.keys()];
    while (waiting.length > 0) {
      const round = new Map<string, number>();
      const later: number[] = [];
      for (const index of waiting) {
        const id = batch[index]?.profile.id ?? '';
        if (round.has(id)) later.push(index);
        else round.set(id, index);
      }
      // In one order for all batches: two cannot wait for each other.
      const order = [...round].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, index]) => index);
      const entered = await this.enterAll(order.flatMap((index) => batch[index] ?? []));
      for (const [place, index] of order.entries()) {
        const outcome = entered[place];
        if (outcome !== undefined) outcomes[index] = outcome;
      }
      waiting = later;
    }
    return outcomes;
  }

  /** @param registrations of different gateways, in the order of their ids */
  private async enterAll(registrations: readonly Registration[]): Promise<(PlacedGateway | LeonoreError)[]> {
    return inTransaction(this.database, async (tx) => {
      const nodes = await this.placement.open(tx);
      const ids = registrations.map(({ profile }) => profile.id);
      const rows = await tx.$queryRaw<KnownGateway[]>`
        SELECT id, mac, node_id AS "nodeId", state FROM gateway WHERE id = ANY(${ids}::text[])`;
      const known = new Map(rows.map((row) => [row.id, row]));
      const changes = new Map<string, number>();
      const change = (nodeId: string, by: number): void =>
        void changes.set(nodeId, (changes.get(nodeId) ?? 0) + by);
      const entries: Entry[] = [];
      // Null: it is queued.
      const outcomes = registrations.map((registration): PlacedGateway | LeonoreError | null => {
        const before = known.get(registration.profile.id);
        if (before !== undefined && !sameDevice(before.mac, registration.profile.mac ?? null))
          return identityTaken(registration.profile.id);
        const place = placeOf(registration, before, nodes);
        if (place === null) return new LeonoreError('NO_NODE', 'no LEONORE node is up');
        entries.push({ registration, nodeId: place.nodeId });
        if (place.nodeId !== (before?.nodeId ?? null)) {
          if (before?.nodeId != null) change(before.nodeId, -1);
          if (place.nodeId !== null) change(place.nodeId, 1);
        }
        if (place.nodeId === null) return null;
        return { node: { id: place.nodeId, address: nodes.addresses.get(place.nodeId) ?? '' } };
      });
      const waiting = entries.some(({ nodeId }) => nodeId === null) ? await queueLength(tx) : 0;
      const refused = waiting < limits.queuedRegistrations ? [] : entries.filter(isNewInQueue(known));
      await this.store(
        tx,
        entries.filter((entry) => !refused.includes(entry)),
      );
      await this.placement.count(tx, changes);
      for (const { registration } of refused) outcomes[ids.indexOf(registration.profile.id)] = queueFull();
      const retryAfterSeconds = Math.ceil(
        Math.max(firstAskAgainMs, (waiting / asksPerSecond) * 1_000, nodes.waitMs) / 1_000,
      );
      return outcomes.map((outcome) => outcome ?? queued(retryAfterSeconds));
    });
  }

  private async store(tx: Transaction, entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return;
    await lockOpen(
      tx,
      entries.map(({ registration }) => registration.profile.id),
    );
    const rows = jsonText(entries.map(toRow));
    await tx.$executeRaw`
      INSERT INTO gateway (id, mac, name, profile, strategies, protocols, protocol, strategy, labels, installed,
                           push_address, node_id, token_hash, agent_version, state, queued_at)
      SELECT id, mac, name, profile, strategies, protocols, protocol, strategy, labels, installed, push_address, node_id,
             coalesce(decode(token_hash, 'hex'), ''), agent_version,
             CASE WHEN node_id IS NULL THEN 'queued' ELSE 'active' END, CASE WHEN node_id IS NULL THEN now() END
      FROM jsonb_to_recordset(${rows}::jsonb) AS t(id text, mac text, name text, profile jsonb, strategies text[],
        protocols text[], protocol text, strategy text, labels jsonb, installed jsonb, push_address text, node_id text,
        token_hash text, agent_version text)
      ORDER BY id
      ON CONFLICT (id) DO UPDATE SET
        mac = coalesce(EXCLUDED.mac, gateway.mac), name = EXCLUDED.name, profile = EXCLUDED.profile,
        strategies = EXCLUDED.strategies, protocols = EXCLUDED.protocols,
        protocol = EXCLUDED.protocol, strategy = EXCLUDED.strategy, labels = EXCLUDED.labels,
        installed = EXCLUDED.installed, push_address = EXCLUDED.push_address, node_id = EXCLUDED.node_id,
        token_hash = CASE WHEN length(EXCLUDED.token_hash) > 0 THEN EXCLUDED.token_hash ELSE gateway.token_hash END,
        agent_version = EXCLUDED.agent_version, state = EXCLUDED.state,
        queued_at = CASE WHEN EXCLUDED.state = 'queued' THEN coalesce(gateway.queued_at, now()) END,
        last_seen_at = now()`;
    // Open deliveries follow the gateway to its node, and are spoken in the channel agreed on now.
    await followRegistrations(tx, rows);
  }

  /** Credentials of many gateways at once, by id; unknown ids are missing from the answer. */
  async credentialsOf(ids: readonly string[]): Promise<Map<string, GatewayCredentials>> {
    const rows = await this.database.$queryRaw<GatewayCredentials[]>`
      SELECT id, token_hash AS "tokenHash", node_id AS "nodeId", state FROM gateway WHERE id = ANY(${ids}::text[])`;
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Notes that gateways were heard of; written at most once a minute each, so that polls stay reads. */
  async seen(ids: readonly string[]): Promise<void> {
    await this.database.$executeRaw`
      UPDATE gateway SET last_seen_at = now()
      WHERE id = ANY(${ids}::text[]) AND last_seen_at < now() - interval '1 minute'`;
  }

  /** Replaces the profile that a gateway reported. */
  async updateProfile(profile: GatewayProfile): Promise<void> {
    await this.database.$executeRaw`
      UPDATE gateway SET profile = ${jsonText(profile)}::jsonb, labels = ${jsonText(profile.labels ?? {})}::jsonb,
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

  /** Takes a gateway out of service: its token is void at once. @throws LeonoreError GATEWAY_NOT_FOUND */
  async decommission(id: string): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      await this.placement.lock(tx);
      const [row] = await tx.$queryRaw<{ node_id: string | null }[]>`
        SELECT node_id FROM gateway WHERE id = ${id} AND state <> 'decommissioned'`;
      if (row === undefined) throw notFound(id);
      if (row.node_id !== null) await this.placement.count(tx, new Map([[row.node_id, -1]]));
      await lockOpen(tx, [id]);
      await tx.$executeRaw`
        UPDATE gateway SET state = 'decommissioned', token_hash = ''::bytea, node_id = NULL, queued_at = NULL
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
        { ordinal: number; profile: GatewayProfile; labels: Record<string, string>; installed: Installed[] }[]
      >`
        SELECT d.ordinal, g.profile, g.labels, g.installed FROM delivery d JOIN gateway g ON g.id = d.gateway_id
        WHERE d.rollout_id = ${rolloutId}::uuid AND d.node_id = ${nodeId} AND ${waiting} AND d.ended_at IS NULL
          AND d.ordinal > ${after}
        ORDER BY d.ordinal LIMIT ${pageSize}`;
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows.map((row) => ({
        ordinal: row.ordinal,
        profile: { ...row.profile, labels: row.labels, installed: row.installed },
      }));
      after = last.ordinal;
    }
  }
}

interface KnownGateway {
  readonly id: string;
  readonly mac: string | null;
  readonly nodeId: string | null;
  readonly state: GatewayState;
}

interface Entry {
  readonly registration: Registration;
  /** Null: it is queued. */
  readonly nodeId: string | null;
}

/**
 * The place of a gateway: the one that it has, else one with room. A gateway that was admitted before is never sent
 * away because nodes are full; a new one waits as long as another node may come.
 * @returns null when there is no node at all and none will come
 */
function placeOf(
  { profile }: Registration,
  before: KnownGateway | undefined,
  { placer, addresses, canGrow }: OpenNodes,
): { nodeId: string | null } | null {
  const present = before?.nodeId ?? null;
  if (present !== null && addresses.has(present)) return { nodeId: present };
  const labels = profile.labels ?? {};
  const mayWait = canGrow && before?.state !== 'active';
  const nodeId = mayWait ? placer.place(labels) : placer.placeAnyhow(labels);
  return nodeId === null && !mayWait ? null : { nodeId };
}

function toRow({ registration, nodeId }: Entry): Record<string, unknown> {
  const { profile, channel, pushAddress, agentVersion, newTokenHash } = registration;
  return {
    id: profile.id,
    mac: profile.mac ?? null,
    name: profile.name ?? null,
    profile,
    strategies: profile.strategies ?? [],
    protocols: profile.protocols ?? [],
    protocol: channel.protocol,
    strategy: channel.strategy,
    labels: profile.labels ?? {},
    installed: profile.installed ?? [],
    push_address: pushAddress,
    node_id: nodeId,
    token_hash: newTokenHash?.toString('hex') ?? null,
    agent_version: agentVersion,
  };
}

/** Tells entries that would make the queue longer. */
function isNewInQueue(known: ReadonlyMap<string, KnownGateway>): (entry: Entry) => boolean {
  return ({ registration, nodeId }) =>
    nodeId === null && known.get(registration.profile.id)?.state !== 'queued';
}

function queued(retryAfterSeconds: number): LeonoreError {
  return new LeonoreError('NODES_FULL', 'all nodes are full; the registration waits until another has come', {
    retryAfterSeconds,
  });
}

function queueFull(): LeonoreError {
  return new LeonoreError(
    'TOO_MANY_REQUESTS',
    `${limits.queuedRegistrations} registrations are waiting already`,
  );
}

function identityTaken(id: string): LeonoreError {
  return new LeonoreError('GATEWAY_IDENTITY_TAKEN', `"${id}" is registered with another mac address`);
}

/** A device that never told its mac may tell it later; one that told it keeps it. */
function sameDevice(known: string | null, told: string | null): boolean {
  if (known === null) return true;
  return told !== null && normalMac(known) === normalMac(told);
}

function normalMac(mac: string): string {
  return mac.toLowerCase().replaceAll('-', ':');
}

function notFound(id: string): LeonoreError {
  return new LeonoreError('GATEWAY_NOT_FOUND', `there is no gateway "${id}"`);
}

function toGateway(row: {
  id: string;
  profile: unknown;
  labels: unknown;
  installed: unknown;
  protocol: string;
  strategy: string;
  pushAddress: string | null;
  nodeId: string | null;
  state: string;
  agentVersion: string | null;
  registeredAt: Date;
  lastSeenAt: Date;
}): Gateway {
  return {
    id: row.id,
    profile: {
      ...(row.profile as GatewayProfile),
      labels: row.labels as Record<string, string>,
      installed: row.installed as Installed[],
    },
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
