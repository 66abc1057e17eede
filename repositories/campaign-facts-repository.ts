import type { FailureClass } from '../domain/agent-protocol/messages.js';
import type { DeliveryState } from '../domain/delivery/state.js';
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

  /** What a delivery took in the middle, of late, from its offer to its good end, in ms; null: there was none. */
  async deliveryMs(): Promise<number | null> {
    const [row] = await this.database.$queryRaw<{ ms: number | null }[]>`
      SELECT (extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY took)) * 1000)::float8 AS ms FROM (
        SELECT r.id FROM rollout r WHERE r.action = 'install' AND r.ended_at IS NOT NULL AND ${this.fleet.rollout}
          -- Who waits for a window says nothing of the work.
          AND NOT EXISTS (SELECT 1 FROM rollout_window w WHERE w.rollout_id = r.id)
        ORDER BY r.created_at DESC LIMIT ${measuredRollouts}
      ) measured CROSS JOIN LATERAL (
        SELECT d.ended_at - c.offered_at AS took FROM delivery d
        JOIN rollout_chunk c ON c.rollout_id = d.rollout_id AND c.chunk = d.chunk
        WHERE d.rollout_id = measured.id AND d.state = 'succeeded' AND c.offered_at IS NOT NULL LIMIT ${measuredDeliveries}
      ) taken`;
    return row?.ms ?? null;
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

/** True for a profile that shows one of `$names` down, failing its check, or damaged. */
const unwellPath =
  '$.state ? (exists (@.applications[*] ? ((@.up == false || exists (@.check)) && @.name == $names[*])) || exists (@.damaged[*] ? (@ == $names[*])))';
