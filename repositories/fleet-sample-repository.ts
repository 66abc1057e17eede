import { gatewayConditions, type GatewayCondition } from '../domain/gateway/condition.js';
import { sampleSteps } from '../domain/gateway/fleet-samples.js';
import { Prisma } from '../prisma/generated/client.js';
import { jsonText, type Database } from './database.js';
import type { FacetRepository } from './facet-repository.js';
import { conditionsSql } from './gateway-filter.js';

/** The whole fleet in numbers, as it was. */
export interface FleetSample {
  readonly at: Date;
  readonly gateways: number;
  readonly conditions: Readonly<Record<GatewayCondition, number>>;
  /** Most first. */
  readonly versions: readonly {
    readonly name: string;
    readonly version: string;
    readonly gateways: number;
  }[];
}

/** Versions that a sample keeps. */
const keptVersions = 200;
/** From one sample to the next at least. */
const restMs = 60_000;
/** Counting a fleet takes at most this share of a database's time. */
const countingShare = 1 / 30;

/** The fleet over time: samples, of which fewer stay the older they are. */
export class FleetSampleRepository {
  constructor(
    private readonly database: Database,
    private readonly facets: Pick<FacetRepository, 'versions'>,
  ) {}

  /** Takes a sample when one is due. @returns whether it was */
  async take(): Promise<boolean> {
    const [last] = await this.database.$queryRaw<{ ageMs: number; countedMs: number }[]>`
      SELECT extract(epoch FROM now() - at)::float8 * 1000 AS "ageMs", counted_ms AS "countedMs"
      FROM fleet_sample WHERE at <= now() ORDER BY at DESC LIMIT 1`;
    if (last !== undefined && last.ageMs < Math.max(restMs, last.countedMs / countingShare)) return false;
    const startedMs = performance.now();
    const sums = gatewayConditions.map(
      (condition) => Prisma.sql`count(*) FILTER (WHERE ${conditionsSql[condition]})::int`,
    );
    const [row] = await this.database.$queryRaw<{ gateways: number; sums: number[] }[]>`
      SELECT count(*)::int AS gateways, ARRAY[${Prisma.join(sums)}] AS sums FROM gateway g`;
    const conditions = Object.fromEntries(
      gatewayConditions.map((name, index) => [name, row?.sums[index] ?? 0]),
    );
    const versions = await this.facets.versions(keptVersions);
    const countedMs = Math.round(performance.now() - startedMs);
    await this.database.$executeRaw`
      INSERT INTO fleet_sample (gateways, conditions, versions, counted_ms)
      VALUES (${row?.gateways ?? 0}, ${jsonText(conditions)}::jsonb, ${jsonText(versions)}::jsonb, ${countedMs})
      ON CONFLICT (at) DO NOTHING`;
    await this.thin();
    return true;
  }

  /** Of each step of time one sample stays: of a longer step the older they are. */
  async thin(): Promise<void> {
    for (const { olderThanSeconds, stepSeconds } of sampleSteps) {
      const old = Prisma.sql`s.at < now() - ${olderThanSeconds}::float8 * interval '1 second'`;
      await (stepSeconds === null
        ? this.database.$executeRaw`DELETE FROM fleet_sample s WHERE ${old}`
        : this.database.$executeRaw`
            DELETE FROM fleet_sample s WHERE ${old} AND EXISTS (
              SELECT FROM fleet_sample k WHERE k.at < s.at
                AND floor(extract(epoch FROM k.at) / ${stepSeconds}::int) = floor(extract(epoch FROM s.at) / ${stepSeconds}::int)
                AND k.at > s.at - ${stepSeconds}::int * interval '1 second')`);
    }
  }

  /**
   * Samples of a time, the oldest first, evenly chosen when there are more.
   * @param artifact name of the one whose versions are wanted; null: what most have
   */
  async list(
    { from, to, artifact }: { readonly from: Date; readonly to: Date; readonly artifact: string | null },
    { most, versions }: { readonly most: number; readonly versions: number },
  ): Promise<FleetSample[]> {
    return this.database.$queryRaw<FleetSample[]>`
      SELECT s.at, s.gateways, s.conditions, coalesce((
        SELECT jsonb_agg(v.version ORDER BY v.place) FROM (
          SELECT version, place FROM jsonb_array_elements(s.versions) WITH ORDINALITY AS e(version, place)
          WHERE ${artifact}::text IS NULL OR version ->> 'name' = ${artifact}::text ORDER BY place LIMIT ${versions}) v), '[]') AS versions
      FROM (
        SELECT f.*, row_number() OVER (ORDER BY at) AS place, count(*) OVER () AS samples FROM fleet_sample f
        WHERE at >= to_timestamp(${from.getTime() / 1_000}::float8) AND at <= to_timestamp(${to.getTime() / 1_000}::float8)
      ) s
      WHERE s.samples <= ${most} OR s.place * ${most} / s.samples > (s.place - 1) * ${most} / s.samples
      ORDER BY s.at`;
  }
}
