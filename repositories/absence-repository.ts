import type { Database } from './database.js';

/** Nobody watched for so long: what gateways did meanwhile may be unknown, or a copy this old was restored. */
const absenceMs = 60_000;

/** What the database remembers of when it was watched last. */
export interface Watch {
  readonly watchedAt: Date;
  /** True when gateways are being asked for what they have. */
  readonly asking: boolean;
}

/**
 * Notices that the database is older than the fleet: it was away, nobody watched it, or it was restored from a copy.
 * What it says of gateways may be wrong then, so they are asked.
 */
export class AbsenceRepository {
  constructor(private readonly database: Database) {}

  /**
   * Looks when the database was watched last; the watch itself is kept by NodeRepository.
   * @param seenBefore what this said the last time; null at the first. A time before that is one of an older copy
   */
  async notice(seenBefore: Date | null): Promise<Watch> {
    const [row] = await this.database.$queryRaw<Watch[]>`
      UPDATE node_pool SET profiles_after = CASE
        WHEN watched_at < now() - ${absenceMs} * interval '1 millisecond' OR watched_at < ${seenBefore}::timestamptz THEN ''
        ELSE profiles_after END
      RETURNING watched_at AS "watchedAt", profiles_after IS NOT NULL AS asking`;
    if (row === undefined) throw new Error('the row of node_pool is missing');
    return row;
  }
}
