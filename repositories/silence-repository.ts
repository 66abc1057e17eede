import { Prisma } from '../prisma/generated/client.js';
import { missedPolls, notedEverySeconds } from '../domain/gateway/condition.js';
import { inTransaction, type Database, type Transaction } from './database.js';
import { isSilentGateway } from './gateway-filter.js';
import { gatewayMessagesSql, instantSql, outboxSql, webhookAudience } from './webhook-outbox.js';

/** Gateways that are told of by one round; others follow in the next. */
const toldAtOnce = 2_000;
/** Advisory lock of who compares. */
const comparingLock = 7_211_005;
/** Whoever watches does so every few seconds. */
const watchedWithinSeconds = 15;

/** How many gateways were noticed. */
export interface Noticed {
  readonly silent: number;
  readonly back: number;
}

/**
 * Notices which gateways have fallen silent, and which are back: nobody tells that, so it is looked for.
 *
 * INVARIANT: a gateway counts as silent only when LEONORE was there to hear it for as long. After an absence of its own,
 * nobody is told that the whole fleet is silent.
 */
export class SilenceRepository {
  constructor(private readonly database: Database) {}

  /** Compares once, and tells webhooks what is new. Costs a look at every gateway. */
  async notice(): Promise<Noticed> {
    return inTransaction(this.database, async (tx) => {
      const [lock] = await tx.$queryRaw<{ taken: boolean }[]>`
        SELECT pg_try_advisory_xact_lock(${comparingLock}::bigint) AS taken`;
      // Somebody else does so.
      if (lock?.taken !== true) return { silent: 0, back: 0 };
      return { back: await noticeBack(tx), silent: await noticeSilent(tx) };
    });
  }
}

async function noticeSilent(tx: Transaction): Promise<number> {
  const audience = await webhookAudience(tx, 'gateway.silent');
  const fallen = Prisma.sql`
    SELECT f.gateway_id AS id, '{}'::jsonb AS about,
           jsonb_build_object('id', f.gateway_id, 'lastHeardAt', ${instantSql(Prisma.sql`f.since`)}) AS gateway
    FROM fallen f`;
  const [row] = await tx.$queryRaw<{ count: number }[]>`
    WITH fallen AS (
      INSERT INTO silent_gateway (gateway_id, since)
      SELECT g.id, g.last_seen_at FROM gateway g CROSS JOIN node_pool p
      WHERE ${isSilentGateway} AND p.watched_at > now() - ${watchedWithinSeconds}::int * interval '1 second'
        AND p.watched_since < now() - (${missedPolls}::int * g.poll_seconds + ${notedEverySeconds}::int) * interval '1 second'
        AND NOT EXISTS (SELECT FROM silent_gateway s WHERE s.gateway_id = g.id)
      ORDER BY g.id LIMIT ${toldAtOnce}
      RETURNING gateway_id, since
    ), told AS (${outboxSql('gateway.silent', audience, (fleet) => gatewayMessagesSql(fallen, fleet))})
    SELECT count(*)::int AS count FROM fallen`;
  return row?.count ?? 0;
}

/** One that is out of service is silent no longer, and not back. */
async function noticeBack(tx: Transaction): Promise<number> {
  const audience = await webhookAudience(tx, 'gateway.back');
  const back = Prisma.sql`
    SELECT b.gateway_id AS id, '{}'::jsonb AS about,
           jsonb_build_object('id', b.gateway_id, 'silentSince', ${instantSql(Prisma.sql`b.since`)}) AS gateway
    FROM back b WHERE b.state = 'active'`;
  const [row] = await tx.$queryRaw<{ count: number }[]>`
    WITH back AS (
      DELETE FROM silent_gateway s USING gateway g
      WHERE s.gateway_id IN (
          SELECT k.gateway_id FROM silent_gateway k JOIN gateway g ON g.id = k.gateway_id
          WHERE NOT ${isSilentGateway} ORDER BY k.gateway_id LIMIT ${toldAtOnce})
        AND g.id = s.gateway_id
      RETURNING s.gateway_id, s.since, g.state
    ), told AS (${outboxSql('gateway.back', audience, (fleet) => gatewayMessagesSql(back, fleet))})
    SELECT count(*)::int AS count FROM back`;
  return row?.count ?? 0;
}
