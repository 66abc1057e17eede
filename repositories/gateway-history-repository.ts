import type { HistoryEntry } from '../domain/delivery/history.js';
import type { DeliveryState } from '../domain/delivery/state.js';
import { LeonoreError } from '../domain/errors.js';
import type { GatewayChange, GatewayEventKind } from '../domain/gateway/gateway-event.js';
import { Prisma } from '../prisma/generated/client.js';
import type { Database } from './database.js';
import { sqlStateOf } from './delivery/sql-states.js';
import type { FleetScope } from './fleet-scope.js';
import { pageOf } from './page.js';

/** One gateway's part in a rollout or an order, whoever asked for it. */
export interface GatewayDelivery {
  readonly rolloutId: string;
  readonly gatewayId: string;
  /** `install`, or what was ordered. */
  readonly action: string;
  readonly requests: readonly string[];
  /** What an order is about. */
  readonly artifact: string | null;
  readonly createdBy: string | null;
  readonly state: DeliveryState;
  readonly error: unknown;
  readonly explanation: string | null;
  readonly packageId: string | null;
  readonly createdAt: Date;
  /** With its chunk; null when it was not. */
  readonly offeredAt: Date | null;
  readonly updatedAt: Date;
  readonly endedAt: Date | null;
  readonly history: readonly HistoryEntry[];
  /** When the gateway was last heard of. */
  readonly lastSeenAt: Date;
}

/** Something that people did with a gateway, or somebody else under its id. */
export interface GatewayIncident {
  readonly at: Date;
  /** Operation of the audit; null for a registration that was refused. */
  readonly action: string | null;
  readonly by: string | null;
  /** Why a registration was refused. */
  readonly reason: string | null;
  readonly address: string;
}

/** Something that happened to a gateway besides its deliveries; some 200 are kept of each. */
export interface GatewayEvent {
  readonly at: Date;
  readonly kind: GatewayEventKind;
  readonly changes: readonly GatewayChange[];
}

/** Of what people did, as much as a page of deliveries goes with. */
const shownIncidents = 200;

/** What happened to one gateway. */
export class GatewayHistoryRepository {
  constructor(
    private readonly database: Database,
    private readonly fleet: FleetScope,
  ) {}

  /** @throws LeonoreError DELIVERY_NOT_FOUND */
  async delivery(rolloutId: string, gatewayId: string): Promise<GatewayDelivery> {
    const [found] = await this.named(
      Prisma.sql`r.id = ${rolloutId}::uuid AND d.gateway_id = ${gatewayId}`,
      1,
    );
    if (found === undefined)
      throw new LeonoreError('DELIVERY_NOT_FOUND', `gateway "${gatewayId}" has no part in ${rolloutId}`);
    return found;
  }

  /** The newest rollout or order first, a page at a time; the cursor is the last id of the page before. */
  async deliveries(
    gatewayId: string,
    limit: number,
    cursor: string | null,
  ): Promise<{ items: GatewayDelivery[]; nextCursor: string | null }> {
    const found = await this.named(
      Prisma.sql`d.gateway_id = ${gatewayId} AND ${
        cursor === null
          ? Prisma.sql`true`
          : Prisma.sql`(r.created_at, r.id) < (SELECT created_at, id FROM rollout WHERE id = ${cursor}::uuid)`
      }`,
      limit + 1,
    );
    return pageOf(found, limit, ({ rolloutId }) => rolloutId);
  }

  /** Since when each version has been there, by `name@version`: when the delivery that brought it last had ended. */
  async installedSince(gatewayId: string): Promise<Map<string, Date>> {
    const rows = await this.database.$queryRaw<{ key: string; since: Date }[]>`
      SELECT brought.key, max(d.ended_at) AS since
      FROM delivery d JOIN rollout_group gr ON gr.id = d.group_id JOIN package p ON p.id = gr.package_id
      CROSS JOIN LATERAL unnest(p.artifacts) AS brought(key) JOIN gateway g ON g.id = d.gateway_id
      WHERE d.gateway_id = ${gatewayId} AND d.state = 'succeeded' AND ${this.fleet.gateway}
      GROUP BY brought.key`;
    return new Map(rows.map(({ key, since }) => [key, since]));
  }

  /** What people did with it, and who else came under its id; the latest first. */
  async incidents(gatewayId: string): Promise<GatewayIncident[]> {
    return this.database.$queryRaw<GatewayIncident[]>`
      SELECT i.* FROM (
        SELECT e.at, e.action, e.principal AS by, NULL AS reason, e.address FROM audit_entry e
        JOIN audit_outcome o ON o.entry_id = e.id
        WHERE e.subject = ${`gateways/${gatewayId}`} AND o.code IS NULL
        UNION ALL
        SELECT c.last_at, NULL, NULL, c.reason, c.address FROM gateway_contest c WHERE c.gateway_id = ${gatewayId}
      ) i JOIN gateway g ON g.id = ${gatewayId} WHERE ${this.fleet.gateway}
      ORDER BY i.at DESC LIMIT ${shownIncidents}`;
  }

  /** What happened to it besides deliveries; the latest first. */
  async events(gatewayId: string): Promise<GatewayEvent[]> {
    return this.database.$queryRaw<GatewayEvent[]>`
      SELECT e.at, e.kind, e.changes FROM gateway_event e JOIN gateway g ON g.id = e.gateway_id
      WHERE e.gateway_id = ${gatewayId} AND ${this.fleet.gateway} ORDER BY e.id DESC`;
  }

  private async named(condition: Prisma.Sql, limit: number): Promise<GatewayDelivery[]> {
    return this.database.$queryRaw<GatewayDelivery[]>`
      SELECT r.id::text AS "rolloutId", d.gateway_id AS "gatewayId", r.action, r.requests, r.artifact,
             r.created_by AS "createdBy", ${sqlStateOf} AS state, d.error, gr.explanation, gr.package_id AS "packageId",
             r.created_at AS "createdAt", c.offered_at AS "offeredAt", d.updated_at AS "updatedAt", d.ended_at AS "endedAt", d.history,
             g.last_seen_at AS "lastSeenAt"
      FROM rollout r JOIN delivery d ON d.rollout_id = r.id JOIN gateway g ON g.id = d.gateway_id
      LEFT JOIN rollout_chunk c ON c.rollout_id = d.rollout_id AND c.chunk = d.chunk
      LEFT JOIN rollout_group gr ON gr.id = d.group_id
      WHERE ${condition} AND ${this.fleet.gateway}
      ORDER BY r.created_at DESC, r.id DESC LIMIT ${limit}`;
  }
}
