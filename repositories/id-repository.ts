import { Prisma } from '../prisma/generated/client.js';
import type { Database } from './database.js';
import { wholeFleet, type FleetScope } from './fleet-scope.js';

/** What has an id that LEONORE gives. */
export const identifiedKinds = ['rollout', 'order', 'campaign', 'wanted-state'] as const;
export type IdentifiedKind = (typeof identifiedKinds)[number];

export interface Identified {
  readonly id: string;
  readonly kind: IdentifiedKind;
}

const hexDigits = 32;

/** Finds what people name by the beginning of its id. */
export class IdRepository {
  constructor(
    private readonly database: Database,
    private readonly fleet: FleetScope = wholeFleet,
  ) {}

  /**
   * @param prefix hexadecimal digits, hyphens between them or not
   * @returns at most so many, by kind and id
   */
  async beginningWith(prefix: string, limit: number): Promise<Identified[]> {
    const digits = prefix.replaceAll('-', '');
    const [first, last] = ['0', 'f'].map((digit) => digits.padEnd(hexDigits, digit));
    const within = (id: Prisma.Sql) => Prisma.sql`${id} BETWEEN ${first}::uuid AND ${last}::uuid`;
    // Wanted states are for the whole fleet.
    const seesAll = Prisma.sql`${this.fleet.scope === 'fleet'}::boolean`;
    return this.database.$queryRaw<Identified[]>`
      SELECT r.id::text, CASE r.action WHEN 'install' THEN 'rollout' ELSE 'order' END AS kind
      FROM rollout r WHERE ${within(Prisma.sql`r.id`)} AND ${this.fleet.rollout}
      UNION ALL
      SELECT k.id::text, 'campaign' FROM campaign k WHERE ${within(Prisma.sql`k.id`)} AND ${this.fleet.campaign}
      UNION ALL
      SELECT w.id::text, 'wanted-state' FROM wanted_state w WHERE ${within(Prisma.sql`w.id`)} AND ${seesAll}
      ORDER BY kind, id LIMIT ${limit}`;
  }
}
