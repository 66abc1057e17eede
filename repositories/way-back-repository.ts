import type { Returning } from '../domain/campaign/way-back.js';
import type { Labels } from '../domain/gateway/labels.js';
import type { GatewayProfile, Installed, SelectableProfile } from '../domain/gateway/profile.js';
import { Prisma } from '../prisma/generated/client.js';
import { lockCampaign, type Campaign } from './campaign-repository.js';
import { addRollout, noteIn } from './campaign-work-repository.js';
import { inTransaction, jsonText, type Database } from './database.js';
import { withinColumn } from './fleet-scope.js';
import { restoreValues } from './former-values.js';
import { plannableProfile } from './gateway-repository.js';

/** Members of a campaign that stand alike on their way back, their last work ended. */
export interface ReturningGroup extends Omit<Returning, 'brought'> {
  readonly phase: number;
  readonly gateways: number;
}

/** A gateway of such a group, as planning needs it. */
interface ReturningGateway {
  readonly gatewayId: string;
  readonly profile: SelectableProfile;
}

/** Groups that are seen to by one call: fleets of the same hardware have few. */
const groupsAtOnce = 200;

/** The way back of a campaign's gateways to what they were, set-wise: gateways that stand alike take the same step. */
export class WayBackRepository {
  constructor(private readonly database: Database) {}

  /** Groups whose next step is to be told, largest first; none while nothing is on its way back. */
  async groups(id: string): Promise<ReturningGroup[]> {
    return this.database.$queryRaw<ReturningGroup[]>`
      SELECT phase, before, now, work, state, "changedSince", tries, count(*)::int AS gateways
      FROM (${returningSql(id)}) alike GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 8 DESC LIMIT ${groupsAtOnce}`;
  }

  /** Delivers to a group what was, by a rollout of its own. */
  async deliver(
    campaign: Campaign,
    group: ReturningGroup,
    requests: readonly string[],
    deadlineSeconds: number,
  ): Promise<void> {
    const { id } = campaign;
    await inTransaction(this.database, async (tx) => {
      await lockCampaign(tx, id);
      const rolloutId = await addRollout(tx, campaign, group.phase, 'roll-back', {
        requests,
        options: { deadlineSeconds, allowRemove: true, allowDowngrade: true },
      });
      const given = await tx.$executeRaw`
        UPDATE campaign_member SET rollout_id = ${rolloutId}::uuid, back_tries = back_tries + 1
        WHERE campaign_id = ${id}::uuid AND gateway_id IN (${membersSql(id, group)})`;
      if (given === 0) await tx.rollout.delete({ where: { id: rolloutId } });
      else
        await noteIn(tx, id, 'way-back', {
          phase: group.phase,
          gateways: given,
          requests: [...requests],
          rolloutId,
        });
    });
  }

  /** Gives a group the values back that its gateways had; done again it changes nothing. */
  async restoreValues(id: string, group: ReturningGroup): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      await lockCampaign(tx, id);
      const gateways = await restoreValues(tx, id, membersSql(id, group));
      if (gateways > 0) await noteIn(tx, id, 'values-restored', { phase: group.phase, gateways });
    });
  }

  /** The gateways of a group. */
  async gateways(id: string, group: ReturningGroup): Promise<ReturningGateway[]> {
    const rows = await this.database.$queryRaw<
      { id: string; profile: GatewayProfile; labels: Labels; installed: Installed[] }[]
    >`
      SELECT g.id, g.profile, g.labels, g.installed FROM gateway g
      WHERE g.id IN (${membersSql(id, group)}) ORDER BY g.id`;
    return rows.map((row) => ({ gatewayId: row.id, profile: plannableProfile(row) }));
  }

  /** An order that was given to members of a campaign is their work from now on. */
  async given(id: string, phase: number, orderId: string, artifact: string): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      await lockCampaign(tx, id);
      await tx.rollout.update({ where: { id: orderId }, data: { campaignId: id, phase, work: 'roll-back' } });
      const given = await tx.$executeRaw`
        UPDATE campaign_member m SET rollout_id = ${orderId}::uuid, back_tries = back_tries + 1
        FROM delivery d WHERE m.campaign_id = ${id}::uuid AND NOT m.back_ended AND d.rollout_id = ${orderId}::uuid
          AND d.gateway_id = m.gateway_id AND m.rollout_id <> ${orderId}::uuid`;
      if (given > 0)
        await noteIn(tx, id, 'way-back', { phase, gateways: given, uninstall: artifact, orderId });
    });
  }

  /** A group, or some of it, is at the end of its way back: as it was, or left as it is with a reason. */
  async ended(
    id: string,
    group: ReturningGroup,
    leftBecause: string | null,
    gatewayIds: readonly string[] | null = null,
  ): Promise<void> {
    await this.database.$executeRaw`
      UPDATE campaign_member SET back_ended = true, left_because = ${leftBecause}
      WHERE campaign_id = ${id}::uuid AND gateway_id IN (${membersSql(id, group)})
        AND (${gatewayIds}::text[] IS NULL OR gateway_id = ANY(${gatewayIds}::text[]))`;
  }

  /**
   * Gateways that are not there any more have nowhere to go back to; those outside the scopes of the campaign are not its own
   * to change.
   */
  async endGone({ id, scopes }: Pick<Campaign, 'id' | 'scopes'>): Promise<void> {
    await this.database.$executeRaw`
      UPDATE campaign_member m SET back_ended = true, left_because = CASE
        WHEN EXISTS (SELECT 1 FROM gateway g WHERE g.id = m.gateway_id AND g.state = 'active')
        THEN 'it has moved out of the scope of who started the campaign' ELSE 'it was taken out of service' END
      WHERE m.campaign_id = ${id}::uuid AND NOT m.back_ended AND NOT EXISTS (
        SELECT 1 FROM gateway g WHERE g.id = m.gateway_id AND g.state = 'active' AND ${withinColumn(scopes)})`;
  }

  /** Gateways that the way back left as they are, with the reason; some of them. */
  async left(id: string, limit: number): Promise<{ gatewayId: string; because: string }[]> {
    return this.database.$queryRaw<{ gatewayId: string; because: string }[]>`
      SELECT gateway_id AS "gatewayId", left_because AS because FROM campaign_member
      WHERE campaign_id = ${id}::uuid AND left_because IS NOT NULL ORDER BY gateway_id LIMIT ${limit}`;
  }
}

/** Members on their way back whose last work has ended, with what their next step hangs on. */
function returningSql(id: string): Prisma.Sql {
  return Prisma.sql`
    SELECT m.gateway_id, m.phase, coalesce(m.before -> 'installed', '[]') AS before, g.installed AS now,
      CASE WHEN m.back_tries > 0 THEN 'back' ELSE 'forth' END AS work, d.state, m.back_tries::int AS tries,
      EXISTS (
        SELECT 1 FROM rollout ro JOIN delivery o ON o.rollout_id = ro.id AND o.gateway_id = m.gateway_id
        WHERE ro.created_at > r.created_at AND ro.campaign_id IS DISTINCT FROM m.campaign_id
          AND ro.action IN ('install', 'uninstall', 'wipe') AND (o.ended_at IS NULL OR o.state = 'succeeded')
      ) AS "changedSince"
    FROM campaign c JOIN campaign_member m ON m.campaign_id = c.id
    JOIN gateway g ON g.id = m.gateway_id AND g.state = 'active'
    LEFT JOIN rollout r ON r.id = m.rollout_id
    LEFT JOIN delivery d ON d.rollout_id = m.rollout_id AND d.gateway_id = m.gateway_id
    WHERE c.id = ${id}::uuid AND c.way_back_at IS NOT NULL AND NOT m.back_ended
      AND (d.ended_at IS NOT NULL OR (d.rollout_id IS NULL AND r.ended_at IS NOT NULL))`;
}

function membersSql(id: string, group: ReturningGroup): Prisma.Sql {
  const { phase, before, now, work, state, changedSince, tries } = group;
  return Prisma.sql`
    SELECT gateway_id FROM (${returningSql(id)}) alike
    WHERE phase = ${phase} AND before = ${jsonText(before)}::jsonb AND now = ${jsonText(now)}::jsonb AND work = ${work}
      AND state IS NOT DISTINCT FROM ${state}::text AND "changedSince" = ${changedSince} AND tries = ${tries}`;
}
