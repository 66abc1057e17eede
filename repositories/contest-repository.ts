import type { ContestReason } from '../domain/gateway/admission.js';
import { contestedWithinHours } from '../domain/gateway/condition.js';
import { limits } from '../domain/limits.js';
import { Prisma } from '../prisma/generated/client.js';
import { jsonText, type Database } from './database.js';
import type { FleetScope } from './fleet-scope.js';
import { gatewayMessagesSql, outboxSql, webhookAudience } from './webhook-outbox.js';

/** A registration that was refused because its id belongs to a gateway. */
export interface Contest {
  readonly gatewayId: string;
  readonly reason: ContestReason;
  /** The key that it came with; empty for none. */
  readonly key: string;
  readonly address: string;
}

/** The same that came again and again, as it is shown. */
export interface NotedContest extends Contest {
  /** Where it came from last. */
  readonly address: string;
  readonly count: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
}

/** Who came under whose id. What is kept of each gateway is bounded, whatever comes. */
export class ContestRepository {
  constructor(
    private readonly database: Database,
    private readonly fleet: FleetScope,
  ) {}

  /** Notes refused registrations, one statement for all; of unknown gateways nothing is kept. */
  async note(contests: readonly Contest[]): Promise<void> {
    const rows = jsonText(contests.map(({ gatewayId, ...rest }) => ({ gateway_id: gatewayId, ...rest })));
    const audience = await webhookAudience(this.database, 'gateway.contested');
    // As it was before: one that is contested already is told of once.
    const contested = Prisma.sql`
      SELECT n.gateway_id AS id, '{}'::jsonb AS about,
             jsonb_build_object('id', n.gateway_id, 'reason', min(n.reason), 'address', min(n.address)) AS gateway
      FROM told n WHERE NOT EXISTS (SELECT FROM gateway_contest k WHERE k.gateway_id = n.gateway_id
        AND k.last_at > now() - ${contestedWithinHours}::int * interval '1 hour')
      GROUP BY n.gateway_id`;
    await this.database.$executeRaw`
      WITH told AS (
        SELECT gateway_id, reason, key, max(address) AS address, count(*)::int AS count
        FROM jsonb_to_recordset(${rows}::jsonb) AS t(gateway_id text, reason text, key text, address text)
        WHERE EXISTS (SELECT 1 FROM gateway g WHERE g.id = t.gateway_id)
        GROUP BY gateway_id, reason, key ORDER BY gateway_id, reason, key
      ), gone AS (
        -- The longest ago, as many as the new ones are too many.
        DELETE FROM gateway_contest c USING (
          SELECT k.gateway_id, k.reason, k.key, row_number() OVER (PARTITION BY k.gateway_id ORDER BY k.last_at DESC) AS place,
                 (SELECT count(*) FROM told n WHERE n.gateway_id = k.gateway_id) AS coming
          FROM gateway_contest k WHERE k.gateway_id IN (SELECT gateway_id FROM told)
            AND NOT EXISTS (SELECT 1 FROM told n
                            WHERE (n.gateway_id, n.reason, n.key) = (k.gateway_id, k.reason, k.key))
        ) old
        WHERE (c.gateway_id, c.reason, c.key) = (old.gateway_id, old.reason, old.key)
          AND old.place + old.coming > ${limits.contestsOfGateway}
      ), outbox AS (${outboxSql('gateway.contested', audience, (fleet) => gatewayMessagesSql(contested, fleet))})
      INSERT INTO gateway_contest AS c (gateway_id, reason, key, address, count)
      SELECT gateway_id, reason, key, address, count FROM (
        SELECT *, row_number() OVER (PARTITION BY gateway_id) AS place FROM told
      ) t WHERE place <= ${limits.contestsOfGateway}
      ON CONFLICT (gateway_id, reason, key) DO UPDATE
      SET address = EXCLUDED.address, count = least(c.count::bigint + EXCLUDED.count, 2147483647), last_at = now()`;
  }

  /** The latest first. @param gatewayId of one gateway alone */
  async list(limit: number, gatewayId?: string): Promise<NotedContest[]> {
    return this.database.$queryRaw<NotedContest[]>`
      SELECT c.gateway_id AS "gatewayId", c.reason, c.key, c.address, c.count, c.first_at AS "firstAt", c.last_at AS "lastAt"
      FROM gateway_contest c JOIN gateway g ON g.id = c.gateway_id
      WHERE ${gatewayId === undefined ? Prisma.sql`true` : Prisma.sql`c.gateway_id = ${gatewayId}`} AND ${this.fleet.gateway}
      ORDER BY c.last_at DESC, c.gateway_id, c.reason, c.key LIMIT ${limit}`;
  }

  /** How many gateways somebody else registered as within so many hours. */
  async contestedGateways(withinHours: number): Promise<number> {
    const [row] = await this.database.$queryRaw<{ count: number }[]>`
      SELECT count(DISTINCT gateway_id)::int AS count FROM gateway_contest
      WHERE last_at > now() - ${withinHours} * interval '1 hour'`;
    return row?.count ?? 0;
  }
}
