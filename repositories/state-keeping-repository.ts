import type { Database } from './database.js';

/**
 * Whose turn it is to keep wanted states and values, and which gateways are to be looked at.
 *
 * INVARIANT: what a keeper has to look at is marked in `gateway.mark`; the mark is taken away by whoever looked, and only if
 * it is still the one that was read. A keeper that is killed leaves marks, and two that look at the same write the same.
 */
export class StateKeepingRepository {
  constructor(private readonly database: Database) {}

  /**
   * Takes its turn, or goes on with it: one keeper looks at gateways at a time.
   * @param seconds after which another may take over from one that is gone
   * @returns false while it is another's turn
   */
  async takeTurn(keeper: string, seconds: number): Promise<boolean> {
    const rows = await this.database.$executeRaw`
      UPDATE wanted_keeper SET keeper = ${keeper}, kept_until = now() + ${seconds} * interval '1 second'
      WHERE keeper IS NULL OR keeper = ${keeper} OR kept_until < now()`;
    return rows > 0;
  }

  /** Another keeper need not wait for the end of its turn. */
  async endTurn(keeper: string): Promise<void> {
    await this.database.$executeRaw`UPDATE wanted_keeper SET keeper = NULL WHERE keeper = ${keeper}`;
  }

  /** Counts changes of the catalog: what could not be planned may be planned after one. */
  async catalogChanges(): Promise<bigint> {
    const [row] = await this.database.$queryRaw<{ changes: bigint }[]>`
      SELECT catalog_changes AS changes FROM wanted_keeper`;
    return row?.changes ?? 0n;
  }

  /** Gateways that have changed, with their marks. */
  async marked(limit: number): Promise<{ id: string; mark: bigint }[]> {
    return this.database.$queryRaw`
      SELECT id, mark FROM gateway WHERE mark IS NOT NULL ORDER BY mark LIMIT ${limit}`;
  }

  /** Takes away the marks of gateways that have been looked at, unless something has changed again. */
  async unmark(looked: readonly { readonly id: string; readonly mark: bigint }[]): Promise<void> {
    await this.database.$executeRaw`
      WITH looked AS MATERIALIZED (
        -- Who is at work on one of them is not waited for: it is looked at once more.
        SELECT g.id FROM gateway g
        JOIN unnest(${looked.map(({ id }) => id)}::text[], ${looked.map(({ mark }) => String(mark))}::bigint[]) AS l(id, mark)
          ON g.id = l.id AND g.mark = l.mark
        FOR NO KEY UPDATE OF g SKIP LOCKED
      )
      UPDATE gateway g SET mark = NULL FROM looked l WHERE g.id = l.id`;
  }

  /** Gateways of the fleet after an id, in its order. */
  async idsAfter(after: string, limit: number): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT id FROM gateway WHERE id > ${after} ORDER BY id LIMIT ${limit}`;
    return rows.map(({ id }) => id);
  }

  /** The next gateways of the slow round over all, which finds what nobody told. */
  async nextOfRound(limit: number): Promise<string[]> {
    const [row] = await this.database.$queryRaw<
      { after: string }[]
    >`SELECT looked_after AS after FROM wanted_keeper`;
    const ids = await this.idsAfter(row?.after ?? '', limit);
    const last = ids.length < limit ? '' : (ids.at(-1) ?? '');
    await this.database
      .$executeRaw`UPDATE wanted_keeper SET looked_after = ${last} WHERE looked_after <> ${last}`;
    return ids;
  }
}
