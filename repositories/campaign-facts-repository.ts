import type { FailureClass } from '../domain/agent-protocol/messages.js';
import type { DeliveryState } from '../domain/delivery/state.js';
import { Prisma } from '../prisma/generated/client.js';
import {
  codeSql,
  endedAtSql,
  failureClassSql,
  standingSql,
  standingTables,
  startableSql,
} from './campaign-sql.js';
import type { Campaign } from './campaign-repository.js';
import type { CampaignWork } from './campaign-work-repository.js';
import type { Database } from './database.js';
import type { FleetScope } from './fleet-scope.js';

/**
 * How members of a campaign stand in the work that they were given last, counted. `waiting`: they have none yet; `gone`: the
 * gateway was taken out of service before it could do it, or has moved out of the scopes of the campaign.
 */
export interface MemberStanding {
  readonly phase: number;
  readonly work: CampaignWork | null;
  readonly state: DeliveryState | 'waiting' | 'gone';
  /** As the gateway said; null when it did not. */
  readonly failureClass: FailureClass | null;
  /** As LEONORE said; null when it did not. */
  readonly code: string | null;
  readonly attempts: number;
  /** True when the work is being withdrawn. */
  readonly withdrawn: boolean;
  readonly gateways: number;
  readonly firstEndedAt: Date | null;
  readonly lastEndedAt: Date | null;
}

/** What profiles say of gateways of a phase that have what the campaign brought, since they were last asked. */
export interface HealthEvidence {
  readonly phase: number;
  readonly good: number;
  readonly bad: number;
}

/** What one in ten, one in two and nine in ten deliveries took at most. */
export interface DeliveryTimes {
  readonly quickMs: number;
  readonly middleMs: number;
  readonly slowMs: number;
}

/** Members whose work ended within a step of time. */
export interface EndedInStep {
  /** The first is 0. */
  readonly step: number;
  readonly ended: number;
  readonly succeeded: number;
  readonly lastAt: Date;
}

/** A member as far as its place in a campaign, and in time, goes. */
export interface PlacedMember {
  readonly gatewayId: string;
  readonly phase: number;
  /** Of those that were asked for. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Rollouts that are looked at for the time of a delivery, and deliveries of each. */
const measuredRollouts = 10;
const measuredDeliveries = 100;

/** What a campaign decides by, counted set-wise: no member is named. */
export class CampaignFactsRepository {
  constructor(
    private readonly database: Database,
    private readonly fleet: FleetScope,
  ) {}

  /** The database's clock, in ms since 1970. */
  async nowMs(): Promise<number> {
    const [row] = await this.database.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`;
    return row?.now.getTime() ?? 0;
  }

  /**
   * What deliveries took of late, from their offer to their good end; null: there was none.
   * @param before of rollouts that ended before that moment; null: of all
   */
  async deliveryTimes(before: Date | null = null): Promise<DeliveryTimes | null> {
    const part = (share: number) =>
      Prisma.sql`(extract(epoch FROM percentile_cont(${share}::float8) WITHIN GROUP (ORDER BY took)) * 1000)::float8`;
    const [row] = await this.database.$queryRaw<{ [name in keyof DeliveryTimes]: number | null }[]>`
      SELECT ${part(0.1)} AS "quickMs", ${part(0.5)} AS "middleMs", ${part(0.9)} AS "slowMs" FROM (
        SELECT r.id FROM rollout r WHERE r.action = 'install' AND r.ended_at IS NOT NULL
          AND (${before === null} OR r.ended_at < ${momentSql(before ?? new Date(0))}) AND ${this.fleet.rollout}
          -- Who waits for a window says nothing of the work.
          AND NOT EXISTS (SELECT 1 FROM rollout_window w WHERE w.rollout_id = r.id)
        ORDER BY r.created_at DESC LIMIT ${measuredRollouts}
      ) measured CROSS JOIN LATERAL (
        SELECT d.ended_at - c.offered_at AS took FROM delivery d
        JOIN rollout_chunk c ON c.rollout_id = d.rollout_id AND c.chunk = d.chunk
        WHERE d.rollout_id = measured.id AND d.state = 'succeeded' AND c.offered_at IS NOT NULL LIMIT ${measuredDeliveries}
      ) taken`;
    const { quickMs = null, middleMs = null, slowMs = null } = row ?? {};
    return quickMs === null || middleMs === null || slowMs === null ? null : { quickMs, middleMs, slowMs };
  }

  /** When the work of members ended, but for their way back, in steps of so many ms from a moment on. */
  async endedOverTime(id: string, from: Date, stepMs: number): Promise<EndedInStep[]> {
    return this.database.$queryRaw<EndedInStep[]>`
      SELECT floor(extract(epoch FROM e.at - ${momentSql(from)}) * 1000 / ${stepMs}::float8)::int AS step,
        count(*)::int AS ended, (count(*) FILTER (WHERE e.state = 'succeeded'))::int AS succeeded, max(e.at) AS "lastAt"
      FROM (SELECT ${endedAtSql} AS at, d.state FROM ${standingTables}
        WHERE m.campaign_id = ${id}::uuid AND r.work <> 'roll-back') e
      WHERE e.at IS NOT NULL GROUP BY 1 ORDER BY 1`;
  }

  /** All of its members, in the order in which they are served, with some of their labels. */
  async placedMembers(id: string, labels: readonly string[]): Promise<PlacedMember[]> {
    return this.database.$queryRaw<PlacedMember[]>`
      SELECT m.gateway_id AS "gatewayId", m.phase,
        coalesce((SELECT jsonb_object_agg(l.key, g.labels -> l.key) FROM unnest(${[...labels]}::text[]) AS l(key)
          WHERE g.labels ? l.key), '{}') AS labels
      FROM campaign_member m LEFT JOIN gateway g ON g.id = m.gateway_id
      WHERE m.campaign_id = ${id}::uuid ORDER BY m.phase, m.ordinal`;
  }

  async standings({ id, scopes }: Pick<Campaign, 'id' | 'scopes'>): Promise<MemberStanding[]> {
    return this.database.$queryRaw<MemberStanding[]>`
      SELECT m.phase, r.work, ${standingSql(scopes)} AS state, ${failureClassSql} AS "failureClass", ${codeSql} AS code,
        m.attempts::int AS attempts, r.cancel_requested_at IS NOT NULL AS withdrawn, count(*)::int AS gateways,
        min(${endedAtSql}) AS "firstEndedAt", max(${endedAtSql}) AS "lastEndedAt"
      FROM ${standingTables}
      WHERE m.campaign_id = ${id}::uuid GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1`;
  }

  /** Members by phase that may be given their first work now. */
  async startable(
    id: string,
    limit: { readonly label: string; readonly most: number } | undefined,
  ): Promise<Map<number, number>> {
    const rows = await this.database.$queryRaw<{ phase: number; gateways: number }[]>`
      SELECT phase, count(*)::int AS gateways FROM (${startableSql(id, limit)}) may GROUP BY phase`;
    return new Map(rows.map(({ phase, gateways }) => [phase, gateways]));
  }

  /** Asks the gateways of a phase that have what it brought how they are. */
  async askForEvidence(id: string, phase: number): Promise<void> {
    await this.database.$executeRaw`
      WITH asked AS (
        UPDATE campaign_phase SET asked_at = now() WHERE campaign_id = ${id}::uuid AND phase = ${phase}
      )
      UPDATE gateway g SET profile_wanted = true, wake = true
      FROM campaign_member m JOIN delivery d ON d.rollout_id = m.rollout_id AND d.gateway_id = m.gateway_id
      WHERE m.campaign_id = ${id}::uuid AND m.phase = ${phase} AND d.state = 'succeeded' AND g.id = m.gateway_id
        AND g.state = 'active' AND NOT g.profile_wanted`;
  }

  /** What the gateways of a phase say that have what it brought, and have answered since they were asked. */
  async evidence(id: string, phase: number): Promise<HealthEvidence> {
    const [row] = await this.database.$queryRaw<HealthEvidence[]>`
      WITH brought AS MATERIALIZED (
        SELECT jsonb_build_object('names', jsonb_agg(DISTINCT substring(artifact FROM '^.[^@]*'))) AS names FROM (
          SELECT unnest(selected) AS artifact FROM campaign WHERE id = ${id}::uuid
          UNION SELECT unnest(p.artifacts) FROM rollout r JOIN rollout_group rg ON rg.rollout_id = r.id
            JOIN package p ON p.id = rg.package_id WHERE r.campaign_id = ${id}::uuid AND r.work <> 'roll-back'
        ) AS artifacts
      ), seen AS (
        SELECT jsonb_path_exists(g.profile, ${unwellPath}::jsonpath, brought.names) AS bad
        FROM brought, campaign_member m
        JOIN rollout r ON r.id = m.rollout_id AND r.work <> 'roll-back'
        JOIN delivery d ON d.rollout_id = m.rollout_id AND d.gateway_id = m.gateway_id AND d.state = 'succeeded'
        JOIN gateway g ON g.id = m.gateway_id AND g.state = 'active' AND NOT g.profile_wanted
        WHERE m.campaign_id = ${id}::uuid AND m.phase = ${phase}
      )
      SELECT ${phase}::int AS phase, (count(*) FILTER (WHERE bad))::int AS bad, (count(*) FILTER (WHERE NOT bad))::int AS good
      FROM seen`;
    return row ?? { phase, good: 0, bad: 0 };
  }

  /** Members that are on their way back; null before that has begun. */
  async wayBack(id: string): Promise<{ open: number } | null> {
    const [row] = await this.database.$queryRaw<{ begun: boolean; open: number }[]>`
      SELECT way_back_at IS NOT NULL AS begun, (
        SELECT count(*)::int FROM campaign_member WHERE campaign_id = ${id}::uuid AND NOT back_ended) AS open
      FROM campaign WHERE id = ${id}::uuid`;
    return row?.begun === true ? { open: row.open } : null;
  }

  /** Values that a label has among the members of each phase; null for those that lack it. */
  async labelValues(id: string, label: string): Promise<Map<number, (string | null)[]>> {
    const rows = await this.database.$queryRaw<{ phase: number; values: (string | null)[] }[]>`
      SELECT m.phase, array_agg(DISTINCT g.labels ->> ${label}) AS values
      FROM campaign_member m JOIN gateway g ON g.id = m.gateway_id
      WHERE m.campaign_id = ${id}::uuid AND g.state = 'active' GROUP BY 1`;
    return new Map(rows.map(({ phase, values }) => [phase, values]));
  }
}

/** A moment as PostgreSQL takes it whatever zone its session is in. */
function momentSql(moment: Date): Prisma.Sql {
  return Prisma.sql`to_timestamp(${moment.getTime() / 1_000}::float8)`;
}

/** True for a profile that shows one of `$names` down, failing its check, or damaged. */
const unwellPath =
  '$.state ? (exists (@.applications[*] ? ((@.up == false || exists (@.check)) && @.name == $names[*])) || exists (@.damaged[*] ? (@ == $names[*])))';
