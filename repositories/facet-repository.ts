import { artifactKey } from '../domain/artifact/manifest.js';
import { gatewayConditions, type GatewayCondition } from '../domain/gateway/condition.js';
import { toldValues, type Counted, type GatewayFacets } from '../domain/gateway/facets.js';
import { Prisma } from '../prisma/generated/client.js';
import { isStatementTimeout } from './database-errors.js';
import { inTransaction, jsonText, type Database, type Transaction } from './database.js';
import type { FleetScope } from './fleet-scope.js';
import { conditionsSql, gatewayFilterSql, type GatewayFilter } from './gateway-filter.js';

/** What gateways have, counted. */
export interface CountedGateways {
  readonly total: number;
  /** False: there are more than are counted one by one, and the numbers are those of so many. */
  readonly complete: boolean;
  /** The moment that the numbers speak of. */
  readonly countedAt: Date;
  readonly facets: GatewayFacets;
}

interface CountRow {
  readonly kind: string;
  readonly key: string;
  readonly value: string;
  readonly count: number;
}

/** Differences that are added up at a time: some tenths of a second. */
const foldedAtOnce = 20_000;
/** Differences that whoever asks adds up himself: some milliseconds. */
const foldedByAsker = 2_000;
/** Whoever wants all of a part to be counted waits so long at most. */
const patienceMs = 20_000;
/** For that PostgreSQL keeps so much in memory before it uses the disk. */
const sortingMemory = '64MB';
/** Gateways that are counted one by one, so that an answer takes some hundredths of a second. */
const countedOneByOne = 2_000;
/** Fleets that are looked at for silence whenever somebody asks; of larger ones the last sample says it. */
const askedForSilence = 10_000;
/** Advisory lock of who adds up. */
const foldingLock = 7_211_004;

/** How many gateways have what, whatever the size of the fleet. */
export class FacetRepository {
  constructor(
    private readonly database: Database,
    private readonly fleet: FleetScope,
  ) {}

  /**
   * Of the whole fleet by the numbers that are kept (prisma/migrations/0110_fleet_counts); of a part of it by looking at
   * its gateways, up to a number of them.
   * @param all of a part too all are counted, which takes seconds where they are many
   * @throws LeonoreError MALFORMED_INPUT for a filter that cannot be read
   */
  async ofGateways(filter: GatewayFilter, all = false): Promise<CountedGateways> {
    const isWhole =
      this.fleet.scope === 'fleet' &&
      Object.values(filter).every((asked) => asked === undefined || asked === false);
    if (isWhole) return this.whole();
    const first = await this.part(filter, countedOneByOne);
    return all && !first.complete ? this.allOf(filter) : first;
  }

  /** What most gateways have, by the numbers that are kept. */
  async versions(most: number): Promise<{ name: string; version: string; gateways: number }[]> {
    return this.database.$queryRaw`
      SELECT key AS name, value AS version, count AS gateways FROM gateway_count
      WHERE kind = 'artifact' AND count > 0 ORDER BY count DESC, key, value LIMIT ${most}`;
  }

  /** Gateways that have a version, and some of them; by the numbers that are kept where all are meant. */
  async having(
    { name, version }: { readonly name: string; readonly version: string },
    sample: number,
  ): Promise<{ count: number; sample: string[] }> {
    const has = Prisma.sql`g.state <> 'decommissioned' AND ${this.fleet.gateway}
      AND g.installed @> ${jsonText([{ name, version }])}::jsonb`;
    const [row] = await this.database.$queryRaw<{ count: number }[]>(
      this.fleet.scope === 'fleet'
        ? Prisma.sql`SELECT coalesce((SELECT count FROM gateway_count
            WHERE kind = 'artifact' AND key = ${name} AND value = ${version}), 0)
            + coalesce((SELECT sum(change) FROM gateway_count_change
            WHERE kind = 'artifact' AND key = ${name} AND value = ${version}), 0)::int AS count`
        : Prisma.sql`SELECT count(*)::int AS count FROM gateway g WHERE ${has}`,
    );
    const count = row?.count ?? 0;
    // Nobody is looked for among all gateways when nobody has it.
    const rows =
      count === 0
        ? []
        : await this.database.$queryRaw<
            { id: string }[]
          >`SELECT g.id FROM gateway g WHERE ${has} LIMIT ${sample}`;
    return { count, sample: rows.map(({ id }) => id) };
  }

  /** Adds up what has changed. @returns false when somebody else does so, or there is more */
  async fold(most = foldedAtOnce): Promise<boolean> {
    return inTransaction(this.database, async (tx) => {
      const [lock] = await tx.$queryRaw<{ taken: boolean }[]>`
        SELECT pg_try_advisory_xact_lock(${foldingLock}::bigint) AS taken`;
      if (lock?.taken !== true) return false;
      const [row] = await tx.$queryRaw<{ folded: number }[]>`
        WITH gone AS (
          DELETE FROM gateway_count_change WHERE id IN (
            SELECT id FROM gateway_count_change ORDER BY id LIMIT ${most}) RETURNING kind, key, value, change
        ), added AS (
          INSERT INTO gateway_count AS c (kind, key, value, count)
          SELECT kind, key, value, sum(change) FROM gone GROUP BY kind, key, value HAVING sum(change) <> 0
          ON CONFLICT (kind, key, value) DO UPDATE SET count = c.count + EXCLUDED.count
        )
        SELECT count(*)::int AS folded FROM gone`;
      const folded = row?.folded ?? 0;
      // What nobody has any more: nobody is to choose among it.
      if (folded > 0) await tx.$executeRaw`DELETE FROM gateway_count WHERE count = 0`;
      return folded < most;
    });
  }

  private async whole(): Promise<CountedGateways> {
    const [pending] = await this.database.$queryRaw<unknown[]>`SELECT FROM gateway_count_change LIMIT 1`;
    if (pending !== undefined) await this.fold(foldedByAsker);
    const rows = await this.database.$queryRaw<CountRow[]>`
      (SELECT kind, key, value, count FROM gateway_count WHERE kind = 'state')
      UNION ALL (SELECT kind, key, value, count FROM gateway_count
        WHERE kind = 'artifact' AND count > 0 ORDER BY count DESC, key, value LIMIT ${toldValues.artifact})
      UNION ALL (SELECT kind, key, value, count FROM gateway_count
        WHERE kind = 'node' AND count > 0 ORDER BY count DESC, key, value LIMIT ${toldValues.node})
      UNION ALL (SELECT kind, key, value, count FROM gateway_count
        WHERE kind = 'protocol' AND count > 0 ORDER BY count DESC, key, value LIMIT ${toldValues.protocol})
      UNION ALL (
        WITH RECURSIVE keys AS (
          (SELECT key, 1 AS place FROM gateway_count WHERE kind = 'label' ORDER BY key LIMIT 1)
          UNION ALL
          SELECT (SELECT n.key FROM gateway_count n WHERE n.kind = 'label' AND n.key > k.key ORDER BY n.key LIMIT 1), k.place + 1
          FROM keys k WHERE k.key IS NOT NULL AND k.place <= ${toldValues.labelKeys}
        )
        SELECT 'label', keys.key, v.value, v.count FROM keys CROSS JOIN LATERAL (
          SELECT value, count FROM gateway_count WHERE kind = 'label' AND key = keys.key AND count > 0
          ORDER BY count DESC, value LIMIT ${toldValues.labelValues}) v
        WHERE keys.key IS NOT NULL)`;
    const states = new Map(rows.filter(({ kind }) => kind === 'state').map((row) => [row.value, row.count]));
    const active = states.get('active') ?? 0;
    const { countedAt, silent, contested } = await this.silence(active);
    const conditions: Record<GatewayCondition, number> = {
      online: Math.max(active - silent, 0),
      silent,
      contested,
      queued: states.get('queued') ?? 0,
      pending: states.get('pending') ?? 0,
      decommissioned: states.get('decommissioned') ?? 0,
    };
    return {
      total: [...states.values()].reduce((sum, count) => sum + count, 0),
      complete: true,
      countedAt,
      facets: facetsOf(rows, conditions),
    };
  }

  /** Silence is not told by anybody: it is looked for. In a large fleet others have, a short while ago. */
  private async silence(active: number): Promise<{ countedAt: Date; silent: number; contested: number }> {
    const contested = Prisma.sql`(SELECT count(DISTINCT c.gateway_id) FROM gateway_contest c
      JOIN gateway g ON g.id = c.gateway_id WHERE ${conditionsSql.contested})::int AS contested`;
    if (active > askedForSilence) {
      const [sampled] = await this.database.$queryRaw<
        { countedAt: Date; silent: number; contested: number }[]
      >`
        SELECT at AS "countedAt", (conditions ->> 'silent')::int AS silent, ${contested}
        FROM fleet_sample ORDER BY at DESC LIMIT 1`;
      if (sampled !== undefined) return sampled;
    }
    const [row] = await this.database.$queryRaw<{ countedAt: Date; silent: number; contested: number }[]>`
      SELECT now() AS "countedAt", (SELECT count(*) FROM gateway g WHERE ${conditionsSql.silent})::int AS silent, ${contested}`;
    return row ?? { countedAt: new Date(), silent: 0, contested: 0 };
  }

  /** All that a filter matches; those first that are found, where that takes longer than somebody waits. */
  private async allOf(filter: GatewayFilter): Promise<CountedGateways> {
    try {
      return await inTransaction(
        this.database,
        async (tx) => {
          await tx.$executeRaw`SELECT set_config('statement_timeout', ${String(patienceMs)}, true),
            set_config('work_mem', ${sortingMemory}, true)`;
          return this.part(filter, null, tx);
        },
        patienceMs * 2,
      );
    } catch (error) {
      if (isStatementTimeout(error)) return this.part(filter, countedOneByOne);
      throw error;
    }
  }

  /** @param most gateways that are counted at most; null: all */
  private async part(
    filter: GatewayFilter,
    most: number | null,
    database: Database | Transaction = this.database,
  ): Promise<CountedGateways> {
    const conditions = gatewayConditions.map(
      (condition) => Prisma.sql`CASE WHEN ${conditionsSql[condition]} THEN ${condition}::text END`,
    );
    // Many gateways have the same: what they have is taken apart once for all of them. And not those values alone that are
    // told: which they are is known when all are counted.
    const rows = await database.$queryRaw<CountRow[]>`
      WITH chosen AS (
        SELECT g.state, g.node_id, g.protocol || ' ' || g.strategy AS channel, g.labels, g.installed,
          array_remove(ARRAY[${Prisma.join(conditions)}], NULL) AS conditions
        FROM gateway g WHERE ${gatewayFilterSql(filter)} AND ${this.fleet.gateway} LIMIT ${most}::bigint
      ), alike AS MATERIALIZED (
        SELECT state, node_id, channel, labels, installed, conditions, grouping(conditions) = 0 AS by_condition, count(*) AS gateways
        FROM chosen GROUP BY GROUPING SETS ((state, node_id, channel), (state, labels), (state, installed), (conditions))
      ), facts AS (
        SELECT f.kind, f.key, f.value, a.gateways FROM alike a
        CROSS JOIN LATERAL leonore_counted(a.state, a.node_id, a.channel, a.labels, a.installed) f WHERE f.kind <> 'state'
        UNION ALL SELECT 'condition', '', unnest(conditions), gateways FROM alike WHERE by_condition
        UNION ALL SELECT 'total', '', '', gateways FROM alike WHERE by_condition
      )
      SELECT kind, key, value, sum(gateways)::int AS count FROM facts GROUP BY 1, 2, 3 ORDER BY count DESC, key, value`;
    const found = rows.find(({ kind }) => kind === 'total')?.count ?? 0;
    const counted = new Map(
      rows.filter(({ kind }) => kind === 'condition').map(({ value, count }) => [value, count]),
    );
    return {
      total: found,
      complete: most === null || found < most,
      countedAt: new Date(),
      facets: facetsOf(
        rows,
        Object.fromEntries(gatewayConditions.map((name) => [name, counted.get(name) ?? 0])) as Record<
          GatewayCondition,
          number
        >,
      ),
    };
  }
}

/** @param rows the most frequent first */
function facetsOf(
  rows: readonly CountRow[],
  conditions: Readonly<Record<GatewayCondition, number>>,
): GatewayFacets {
  const of = (kind: string, most: number): CountRow[] =>
    rows.filter((row) => row.kind === kind).slice(0, most);
  const plain = (kind: string, most: number): Counted[] =>
    of(kind, most).map(({ value, count }) => ({ value, count }));
  const labels = new Map<string, Counted[]>();
  for (const { key, value, count } of of('label', Infinity)) {
    const values = labels.get(key) ?? [];
    labels.set(key, values);
    if (values.length < toldValues.labelValues) values.push({ value, count });
  }
  return {
    state: gatewayConditions.map((value) => ({ value, count: conditions[value] })),
    artifact: of('artifact', toldValues.artifact).map(({ key, value, count }) => ({
      value: artifactKey({ name: key, version: value }),
      name: key,
      version: value,
      count,
    })),
    node: plain('node', toldValues.node),
    protocol: plain('protocol', toldValues.protocol),
    label: [...labels]
      .map(([key, values]) => ({ key, values }))
      .sort((left, right) => (left.key < right.key ? -1 : 1))
      .slice(0, toldValues.labelKeys),
  };
}
