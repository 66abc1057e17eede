import { deliveryAttempts, deliveryRestMs, receiverRestMs } from '../domain/webhook/retry.js';
import { inTransaction, type Database, type Transaction } from './database.js';

/** A delivery that is due, with what it is sent by. */
export interface DueDelivery {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly occurredAt: Date;
  readonly url: string;
  /** Sealed; the newest first. */
  readonly secrets: readonly Uint8Array[];
}

/** What came of an attempt: the status that was answered, and why it does not count; null: it does. */
export interface AttemptOutcome {
  readonly status: number | null;
  readonly problem: string | null;
  /** For how long the receiver asks to be left alone. */
  readonly restMs?: number | undefined;
  /** The receiver says that it is no more. */
  readonly isGone?: boolean;
}

/** Deliveries of one webhook that are kept after their end. Those that were given up are somebody's to look at. */
const kept = { delivered: { most: 200, days: 7 }, dead: { most: 1_000, days: 30 } } as const;

/**
 * What is to be sent to webhooks.
 *
 * INVARIANTS
 * - What was sent is noted after it was sent: who dies in between leaves it to be sent once more, under the same id.
 * - What is kept of each webhook is bounded, whatever its receiver does.
 */
export class WebhookWorkRepository {
  constructor(private readonly database: Database) {}

  /**
   * Webhooks that something is due for; they count as woken from now on.
   * @param restMs not those that were woken a shorter time ago
   */
  async takeToWake(limit: number, restMs: number): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      UPDATE webhook SET woken_at = now() WHERE id IN (
        SELECT w.id FROM webhook w
        WHERE coalesce(w.rests_until <= now(), true) AND coalesce(w.woken_at < now() - ${restMs}::int * interval '1 millisecond', true)
          AND EXISTS (SELECT FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = 'waiting' AND d.due_at <= now())
        ORDER BY w.woken_at NULLS FIRST LIMIT ${limit} FOR UPDATE OF w SKIP LOCKED)
      RETURNING id::text`;
    return rows.map(({ id }) => id);
  }

  /**
   * What is to be sent next.
   * @returns in how many milliseconds something is due when nothing is; null when nothing waits, or there is no such webhook
   */
  async next(webhookId: string): Promise<DueDelivery | { readonly restMs: number } | null> {
    const [row] = await this.database.$queryRaw<
      (Omit<DueDelivery, 'secrets'> & { restMs: number; secret: Uint8Array; previous: Uint8Array | null })[]
    >`
      SELECT d.id::text, d.type, d.data, d.occurred_at AS "occurredAt", w.url, w.secret,
             CASE WHEN w.previous_until > now() THEN w.previous_secret END AS previous,
             (extract(epoch FROM greatest(d.due_at, w.rests_until) - now()) * 1000)::float8 AS "restMs"
      FROM webhook w JOIN webhook_delivery d ON d.webhook_id = w.id AND d.state = 'waiting'
      WHERE w.id = ${webhookId}::uuid
      ORDER BY CASE WHEN d.due_at > now() THEN d.due_at END NULLS FIRST, d.place LIMIT 1`;
    if (row === undefined) return null;
    const { restMs, secret, previous, ...delivery } = row;
    if (restMs > 0) return { restMs };
    return { ...delivery, secrets: previous === null ? [secret] : [secret, previous] };
  }

  /** Notes what came of an attempt, and when the next one is due. Of one that has been noted meanwhile nothing is. */
  async attempted(webhookId: string, deliveryId: string, outcome: AttemptOutcome): Promise<void> {
    const { status, problem, restMs = 0, isGone = false } = outcome;
    await inTransaction(this.database, async (tx) => {
      const [row] = await tx.$queryRaw<{ attempts: number; failures: number }[]>`
        SELECT d.attempts + 1 AS attempts, w.failures + 1 AS failures FROM webhook w JOIN webhook_delivery d ON d.webhook_id = w.id
        WHERE d.id = ${deliveryId}::uuid AND d.state = 'waiting' FOR NO KEY UPDATE`;
      if (row === undefined) return;
      const { attempts, failures } = row;
      const isDone = problem === null;
      const state = isDone ? 'delivered' : attempts >= deliveryAttempts ? 'dead' : 'waiting';
      const again = isDone ? 0 : Math.max(deliveryRestMs(attempts, Math.random()), restMs);
      await tx.$executeRaw`
        UPDATE webhook_delivery SET state = ${state}, attempts = ${attempts}, status = ${status}, problem = ${problem},
          tried_at = now(), due_at = now() + ${again}::float8 * interval '1 millisecond'
        WHERE id = ${deliveryId}::uuid`;
      if (isGone) await giveUp(tx, webhookId);
      const rest = isDone ? null : Math.max(receiverRestMs(failures, Math.random()), restMs);
      await tx.$executeRaw`
        UPDATE webhook SET failures = ${isDone ? 0 : failures}, rests_until = now() + ${rest}::float8 * interval '1 millisecond'
        WHERE id = ${webhookId}::uuid`;
    });
  }

  /** Removes what has ended and been kept long enough, or is too much. */
  async forget(webhookId: string): Promise<void> {
    for (const [state, { most, days }] of Object.entries(kept)) {
      await this.database.$executeRaw`
        WITH gone AS (
          DELETE FROM webhook_delivery d WHERE d.webhook_id = ${webhookId}::uuid AND d.state = ${state} AND (
            d.tried_at < now() - ${days}::int * interval '1 day' OR d.place <= (
              SELECT k.place FROM webhook_delivery k WHERE k.webhook_id = ${webhookId}::uuid AND k.state = ${state}
              ORDER BY k.place DESC OFFSET ${most} LIMIT 1))
          RETURNING d.state)
        UPDATE webhook SET dropped = dropped + (SELECT count(*) FROM gone)
        WHERE id = ${webhookId}::uuid AND ${state} = 'dead' AND EXISTS (SELECT FROM gone)`;
    }
  }
}

/** Nothing is sent any more to a receiver that is none; what waits for it is kept for who has it tried again. */
async function giveUp(tx: Transaction, webhookId: string): Promise<void> {
  await tx.$executeRaw`UPDATE webhook SET gone_at = now() WHERE id = ${webhookId}::uuid`;
  await tx.$executeRaw`
    UPDATE webhook_delivery SET state = 'dead', tried_at = coalesce(tried_at, now()),
      problem = coalesce(problem, 'its receiver is gone')
    WHERE webhook_id = ${webhookId}::uuid AND state = 'waiting'`;
}
