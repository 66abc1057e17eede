import { LeonoreError } from '../domain/errors.js';
import { inTransaction, type Database, type Transaction } from './database.js';
import { isUniqueViolation } from './database-errors.js';

/** How a request that came with an idempotency key is known again. */
export interface Repeatable {
  /** Null when it came without one. */
  readonly idempotencyKey: string | null;
  /** Of what is asked for. */
  readonly requestDigest: string;
}

/** Whoever sends a request again does so within a day or two. */
const keptDays = 7;

/** What was made by requests with an idempotency key. Keys are those of all routes: rollouts and orders keep their own. */
export class RepeatedRequestRepository {
  constructor(private readonly database: Database) {}

  /**
   * What was made with a key: looked up before anything else is judged.
   * @returns its name or id; null when there is nothing, or no key
   * @throws LeonoreError IDEMPOTENCY_KEY_REUSED when the key was used for another request
   */
  async resultOf({ idempotencyKey: key, requestDigest }: Repeatable): Promise<string | null> {
    if (key === null) return null;
    const [known] = await this.database.$queryRaw<{ result: string; requestDigest: string }[]>`
      SELECT result, request_digest AS "requestDigest" FROM repeated_request WHERE idempotency_key = ${key}
      UNION ALL
      SELECT id::text, request_digest FROM rollout WHERE idempotency_key = ${key} LIMIT 1`;
    if (known === undefined) return null;
    if (known.requestDigest === requestDigest) return known.result;
    throw new LeonoreError(
      'IDEMPOTENCY_KEY_REUSED',
      `the key belongs to ${known.result}, which was another request`,
    );
  }

  /**
   * Makes something once for a key, also when many ask at once; without a key it is simply made.
   * @param make makes it, and returns its name or id
   * @returns the name or id of what was made, and whether it was made now
   * @throws LeonoreError IDEMPOTENCY_KEY_REUSED; whatever making it throws, and then the key stays free
   */
  async once(
    repeatable: Repeatable,
    make: (tx: Transaction) => Promise<string>,
  ): Promise<{ readonly result: string; readonly isNew: boolean }> {
    const { idempotencyKey: key, requestDigest } = repeatable;
    try {
      return await inTransaction(this.database, async (tx) => {
        if (key === null) return { result: await make(tx), isNew: true };
        await tx.$executeRaw`
          DELETE FROM repeated_request WHERE created_at < now() - ${keptDays}::int * interval '1 day'`;
        // Whoever comes second waits here for the first, and fails when that one has made it.
        await tx.$executeRaw`
          INSERT INTO repeated_request (idempotency_key, request_digest, result) VALUES (${key}, ${requestDigest}, '')`;
        const result = await make(tx);
        await tx.$executeRaw`UPDATE repeated_request SET result = ${result} WHERE idempotency_key = ${key}`;
        return { result, isNew: true };
      });
    } catch (error) {
      const known = isUniqueViolation(error) ? await this.resultOf(repeatable) : null;
      if (known === null) throw error;
      return { result: known, isNew: false };
    }
  }
}
