import { reasonOf, type Reason } from '../domain/delivery/reason.js';
import type { DeliveryState } from '../domain/delivery/state.js';
import type { Installed } from '../domain/gateway/profile.js';
import { Prisma } from '../prisma/generated/client.js';
import { endedAtSql, standingSql, standingTables } from './campaign-sql.js';
import type { Database } from './database.js';
import { pageOf } from './page.js';

/** What a campaign did to one of its gateways, and what there is to show for it. */
export interface CampaignEvidence {
  readonly gatewayId: string;
  /** The first is 0. */
  readonly phase: number;
  /** `waiting`, `gone`, or the state of its last delivery. */
  readonly standing: string;
  /** Its last work; null when it had none. */
  readonly rolloutId: string | null;
  readonly attempts: number;
  /** What it had when it was first given work; null before. */
  readonly before: readonly Installed[] | null;
  /** What it has now; null when it is not known any more. */
  readonly installed: readonly Installed[] | null;
  /** sha256 of the archive that it was brought. */
  readonly archiveDigest: string | null;
  /** Digest of its own state before. */
  readonly stateBefore: string | null;
  readonly error: unknown;
  readonly explanation: string | null;
  readonly reason: Reason | null;
  readonly lastSeenAt: Date | null;
  /** When its last work was offered. */
  readonly offeredAt: Date | null;
  readonly endedAt: Date | null;
  /** Why the way back leaves it as it is. */
  readonly leftBecause: string | null;
}

/** The evidence of campaigns, gateway by gateway. */
export class CampaignReportRepository {
  constructor(private readonly database: Database) {}

  /** By gateway id, a page at a time; whoever asks may see the campaign. */
  async list(
    campaignId: string,
    limit: number,
    cursor: string | null,
  ): Promise<{ items: CampaignEvidence[]; nextCursor: string | null }> {
    const after = cursor === null ? Prisma.sql`true` : Prisma.sql`m.gateway_id > ${cursor}`;
    // How its work ended is evidence wherever the gateway is by now.
    const standing = standingSql([]);
    const rows = await this.database.$queryRaw<
      (Omit<CampaignEvidence, 'reason'> & { deliveryState: DeliveryState | null })[]
    >`
      SELECT m.gateway_id AS "gatewayId", m.phase, ${standing} AS standing, m.rollout_id::text AS "rolloutId", m.attempts,
        m.before -> 'installed' AS before, g.installed, p.archive_digest AS "archiveDigest", m.before ->> 'digest' AS "stateBefore",
        coalesce(d.error, CASE WHEN d.rollout_id IS NULL THEN r.failure END) AS error, gr.explanation,
        d.state AS "deliveryState", g.last_seen_at AS "lastSeenAt", c.offered_at AS "offeredAt", ${endedAtSql} AS "endedAt",
        m.left_because AS "leftBecause"
      FROM ${standingTables} LEFT JOIN rollout_group gr ON gr.id = d.group_id LEFT JOIN package p ON p.id = gr.package_id
      WHERE m.campaign_id = ${campaignId}::uuid AND ${after} ORDER BY m.gateway_id LIMIT ${limit + 1}`;
    const found = rows.map(({ deliveryState, ...evidence }) => ({
      ...evidence,
      reason: reasonOf({
        ...evidence,
        state: deliveryState ?? (evidence.standing === 'failed' ? 'failed' : 'pending'),
      }),
    }));
    return pageOf(found, limit, ({ gatewayId }) => gatewayId);
  }
}
