import { LeonoreError } from '../domain/errors.js';
import type { Channel } from '../domain/gateway/negotiate.js';
import type { GatewayProfile, Installed } from '../domain/gateway/profile.js';
import type { PushTarget } from './delivery-repository.js';
import { inTransaction, jsonText, type Database, type Transaction } from './database.js';
import type { NodeRepository } from './node-repository.js';

/** A gateway as the repository holds it; the profile carries labels and what is installed. */
export interface Gateway {
  readonly id: string;
  readonly profile: GatewayProfile;
  readonly protocol: string;
  readonly strategy: string;
  readonly pushAddress: string | null;
  readonly nodeId: string | null;
  readonly state: 'active' | 'decommissioned';
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

/** IoT gateway repository of the paper (III-C 1). */
export class GatewayRepository {
  constructor(
    private readonly database: Database,
    private readonly nodes: NodeRepository,
  ) {}

  /**
   * Enters a gateway, or enters it again: its profile, its channel, its node. A gateway keeps its node while that is
   * alive. One transaction: the count of the node and the place of the gateway cannot part.
   * @throws LeonoreError GATEWAY_IDENTITY_TAKEN when the id belongs to a device with another mac; NO_NODE
   */
  async register(registration: Registration): Promise<{ node: { id: string; address: string } }> {
    const { profile } = registration;
    return inTransaction(this.database, async (tx) => {
      const [known] = await tx.$queryRaw<{ mac: string | null; node_id: string | null }[]>`
        SELECT mac, node_id FROM gateway WHERE id = ${profile.id} FOR UPDATE`;
      if (known !== undefined && !sameDevice(known.mac, profile.mac ?? null)) {
        throw new LeonoreError(
          'GATEWAY_IDENTITY_TAKEN',
          `"${profile.id}" is registered with another mac address`,
        );
      }
      const node = await this.placeOf(tx, known?.node_id ?? null);
      await this.enter(tx, registration, node.id);
      return { node };
    });
  }

  private async placeOf(tx: Transaction, present: string | null): Promise<{ id: string; address: string }> {
    const kept = present === null ? null : await this.nodes.usable(tx, present);
    if (kept !== null) return kept;
    if (present !== null) await this.nodes.release(tx, present);
    return this.nodes.assign(tx);
  }

  private async enter(tx: Transaction, registration: Registration, nodeId: string): Promise<void> {
    const { profile, channel, pushAddress, agentVersion, newTokenHash } = registration;
    await tx.$executeRaw`
      INSERT INTO gateway (id, mac, name, profile, strategies, protocols, protocol, strategy, labels, installed,
                           push_address, node_id, token_hash, agent_version)
      VALUES (${profile.id}, ${profile.mac ?? null}, ${profile.name ?? null}, ${jsonText(profile)}::jsonb,
              ${profile.strategies ?? []}::text[], ${profile.protocols ?? []}::text[],
              ${channel.protocol}, ${channel.strategy}, ${jsonText(profile.labels ?? {})}::jsonb,
              ${jsonText(profile.installed ?? [])}::jsonb, ${pushAddress}, ${nodeId},
              ${newTokenHash ?? Buffer.alloc(0)}, ${agentVersion})
      ON CONFLICT (id) DO UPDATE SET
        mac = coalesce(EXCLUDED.mac, gateway.mac), name = EXCLUDED.name, profile = EXCLUDED.profile,
        strategies = EXCLUDED.strategies, protocols = EXCLUDED.protocols,
        protocol = EXCLUDED.protocol, strategy = EXCLUDED.strategy, labels = EXCLUDED.labels,
        installed = EXCLUDED.installed, push_address = EXCLUDED.push_address, node_id = EXCLUDED.node_id,
        token_hash = CASE WHEN ${newTokenHash !== null} THEN EXCLUDED.token_hash ELSE gateway.token_hash END,
        agent_version = EXCLUDED.agent_version, state = 'active', last_seen_at = now()`;
    // Unfinished deliveries follow the gateway to its node, and are spoken in the channel agreed on now.
    await tx.$executeRaw`
      UPDATE delivery SET node_id = ${nodeId}, protocol = ${channel.protocol}, strategy = ${channel.strategy}
      WHERE gateway_id = ${profile.id} AND state IN ('pending', 'offered', 'downloading', 'installing')
        AND (node_id, protocol, strategy) IS DISTINCT FROM (${nodeId}, ${channel.protocol}, ${channel.strategy})`;
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

  /** Asks gateways to send a fresh profile at their next contact. @throws LeonoreError GATEWAY_NOT_FOUND */
  async wantProfile(id: string): Promise<void> {
    const rows = await this.database.$executeRaw`
      UPDATE gateway SET profile_wanted = true, wake = true WHERE id = ${id} AND state = 'active'`;
    if (rows === 0) throw notFound(id);
  }

  /** Takes a gateway out of service: its token is void at once. @throws LeonoreError GATEWAY_NOT_FOUND */
  async decommission(id: string): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      const [row] = await tx.$queryRaw<{ node_id: string | null }[]>`
        SELECT node_id FROM gateway WHERE id = ${id} AND state = 'active' FOR UPDATE`;
      if (row === undefined) throw notFound(id);
      if (row.node_id !== null) await this.nodes.release(tx, row.node_id);
      await tx.$executeRaw`
        UPDATE gateway SET state = 'decommissioned', token_hash = ''::bytea, node_id = NULL WHERE id = ${id}`;
      await tx.$executeRaw`
        UPDATE delivery SET state = 'cancelled', updated_at = now(), ended_at = now()
        WHERE gateway_id = ${id} AND state IN ('pending', 'offered', 'downloading', 'installing')`;
      await tx.$executeRaw`
        UPDATE gateway_order SET state = 'cancelled', updated_at = now(), ended_at = now()
        WHERE gateway_id = ${id} AND ended_at IS NULL`;
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

  /** By id, a page at a time; the cursor is the last id of the page before. */
  async list(limit: number, cursor: string | null): Promise<{ items: Gateway[]; nextCursor: string | null }> {
    const rows = await this.database.gateway.findMany({
      ...(cursor === null ? {} : { where: { id: { gt: cursor } } }),
      orderBy: { id: 'asc' },
      take: limit + 1,
    });
    const items = rows.slice(0, limit).map(toGateway);
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  /** Ids among the given that are not registered and active. */
  async unknownAmong(ids: readonly string[]): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT q.id FROM unnest(${ids}::text[]) AS q(id)
      WHERE NOT EXISTS (SELECT 1 FROM gateway g WHERE g.id = q.id AND g.state = 'active')`;
    return rows.map((row) => row.id);
  }

  /** All active gateways, a page at a time, in the order of their ids; for matching selectors. */
  async *pages(pageSize: number, ids: readonly string[] | null = null): AsyncGenerator<Gateway[]> {
    let cursor = '';
    for (;;) {
      const rows = await this.database.gateway.findMany({
        where: { state: 'active', id: ids === null ? { gt: cursor } : { gt: cursor, in: [...ids] } },
        orderBy: { id: 'asc' },
        take: pageSize,
      });
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows.map(toGateway);
      cursor = last.id;
    }
  }

  /** Facts of the gateways whose deliveries wait for a plan on a node, a page at a time. */
  async *plannable(rolloutId: string, nodeId: string, pageSize: number): AsyncGenerator<PlannableGateway[]> {
    let after = -1;
    for (;;) {
      const rows = await this.database.$queryRaw<
        { ordinal: number; profile: GatewayProfile; labels: Record<string, string>; installed: Installed[] }[]
      >`
        SELECT d.ordinal, g.profile, g.labels, g.installed FROM delivery d JOIN gateway g ON g.id = d.gateway_id
        WHERE d.rollout_id = ${rolloutId}::uuid AND d.node_id = ${nodeId} AND d.state = 'pending'
          AND d.group_id IS NULL AND d.ordinal > ${after}
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
    state: row.state as 'active' | 'decommissioned',
    agentVersion: row.agentVersion,
    registeredAt: row.registeredAt,
    lastSeenAt: row.lastSeenAt,
  };
}
