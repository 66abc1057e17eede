import { gatewayConditions, type GatewayCondition } from '../domain/gateway/condition.js';
import { standings, type StandingName } from '../domain/wanted-state/judge.js';
import { Prisma } from '../prisma/generated/client.js';
import type { Database } from './database.js';
import { sqlTrouble } from './delivery/sql-states.js';
import type { FleetScope } from './fleet-scope.js';
import { conditionsSql, gatewayFilterSql, type GatewayFilter } from './gateway-filter.js';

/** How many gateways have what. */
export interface FleetCounts {
  readonly gateways: number;
  /** A gateway may be contested besides. */
  readonly conditions: Readonly<Record<GatewayCondition, number>>;
  /** Most first; so many as are shown. */
  readonly installed: readonly {
    readonly name: string;
    readonly version: string;
    readonly gateways: number;
  }[];
  readonly nodes: readonly { readonly id: string; readonly gateways: number }[];
  readonly protocols: readonly { readonly protocol: string; readonly gateways: number }[];
  /** Deliveries that ended badly within a day, by the class of the failure, or as what they ended. */
  readonly failures: readonly { readonly class: string; readonly deliveries: number }[];
  /** How they stand to what is wanted of them; told of the whole fleet alone, as wanted states are. */
  readonly wanted: readonly WantedCounts[];
}

export interface WantedCounts {
  readonly id: string;
  readonly deployment: string;
  readonly requests: readonly string[];
  readonly compliance: Readonly<Record<StandingName, number>>;
}

/** Versions, nodes and classes that are counted one by one. */
const most = 500;

/** The fleet in numbers. */
export class FleetRepository {
  constructor(
    private readonly database: Database,
    private readonly fleet: FleetScope,
  ) {}

  /**
   * Counts gateways; what is installed, nodes and protocols without those that are decommissioned.
   * @throws LeonoreError MALFORMED_INPUT for a filter that cannot be read
   */
  async counts(filter: GatewayFilter): Promise<FleetCounts> {
    const chosen = Prisma.sql`${gatewayFilterSql(filter)} AND ${this.fleet.gateway}`;
    const inService = Prisma.sql`${chosen} AND g.state <> 'decommissioned'`;
    const sums = gatewayConditions.map(
      (condition) => Prisma.sql`count(*) FILTER (WHERE ${conditionsSql[condition]})::int`,
    );
    const [[row], installed, nodes, protocols, failures, wanted] = await Promise.all([
      this.database.$queryRaw<{ gateways: number; sums: number[] }[]>`
        SELECT count(*)::int AS gateways, ARRAY[${Prisma.join(sums)}] AS sums FROM gateway g WHERE ${chosen}`,
      this.database.$queryRaw<FleetCounts['installed'][number][]>`
        SELECT i ->> 'name' AS name, i ->> 'version' AS version, count(*)::int AS gateways
        FROM gateway g CROSS JOIN LATERAL jsonb_array_elements(g.installed) AS i WHERE ${inService}
        GROUP BY 1, 2 ORDER BY gateways DESC, name, version LIMIT ${most}`,
      this.database.$queryRaw<FleetCounts['nodes'][number][]>`
        SELECT g.node_id AS id, count(*)::int AS gateways FROM gateway g
        WHERE g.node_id IS NOT NULL AND ${inService} GROUP BY 1 ORDER BY 1 LIMIT ${most}`,
      this.database.$queryRaw<FleetCounts['protocols'][number][]>`
        SELECT g.protocol || ' ' || g.strategy AS protocol, count(*)::int AS gateways FROM gateway g
        WHERE ${inService} GROUP BY 1 ORDER BY gateways DESC, 1`,
      // Those that ended badly have an index by rollout.
      this.database.$queryRaw<FleetCounts['failures'][number][]>`
        SELECT coalesce(d.error ->> 'class', d.state) AS class, count(*)::int AS deliveries
        FROM rollout r JOIN delivery d ON d.rollout_id = r.id JOIN gateway g ON g.id = d.gateway_id
        WHERE (r.ended_at IS NULL OR r.ended_at > now() - interval '1 day')
          AND d.state IN ${sqlTrouble} AND d.ended_at > now() - interval '1 day' AND ${chosen}
        GROUP BY 1 ORDER BY deliveries DESC, 1 LIMIT ${most}`,
      this.wanted(chosen),
    ]);
    const conditions = gatewayConditions.map((condition, index) => [condition, row?.sums[index] ?? 0]);
    return {
      gateways: row?.gateways ?? 0,
      conditions: Object.fromEntries(conditions) as Record<GatewayCondition, number>,
      installed,
      nodes,
      protocols,
      failures,
      wanted,
    };
  }

  private async wanted(chosen: Prisma.Sql): Promise<WantedCounts[]> {
    if (this.fleet.scope !== 'fleet') return [];
    const sums = standings.map(
      (standing) => Prisma.sql`count(*) FILTER (WHERE m.standing = ${standing} AND ${chosen})::int`,
    );
    const rows = await this.database.$queryRaw<(Omit<WantedCounts, 'compliance'> & { sums: number[] })[]>`
      SELECT w.id::text, w.deployment, w.requests, ARRAY[${Prisma.join(sums)}] AS sums
      FROM wanted_state w LEFT JOIN wanted_member m ON m.wanted_state_id = w.id LEFT JOIN gateway g ON g.id = m.gateway_id
      WHERE w.ended_at IS NULL GROUP BY w.id ORDER BY w.created_at DESC LIMIT ${most}`;
    return rows.map(({ sums: counted, ...state }) => ({
      ...state,
      compliance: Object.fromEntries(standings.map((name, index) => [name, counted[index] ?? 0])) as Record<
        StandingName,
        number
      >,
    }));
  }
}
