import { inTransaction, jsonText, type Database } from './database.js';
import type { DeliveryWriter } from './delivery/delivery-writer.js';

/** An artifact on a gateway that has not got its values, for people. */
export interface StaleValue {
  readonly artifact: string;
  readonly since: Date;
  readonly attempts: number;
  readonly orderId: string | null;
  /** Why the last order did not bring it; null when none has failed. */
  readonly problem: string | null;
}

/** Gateways that one order is for. */
const orderedAtOnce = 10_000;
/** Artifacts that are seen to by one call. */
const artifactsAtOnce = 50;
/** Ends that are seen to by one call. */
const endedAtOnce = 5_000;
/** Gateways have so long to carry an order out: who is switched off over night still does. */
const deadlineSeconds = 86_400;
/** Orders in a row that may come to nothing, and the times between them in seconds. */
const retries = { most: 5, firstSeconds: 60, factor: 4 } as const;

/**
 * Artifacts whose gateways have other values now than they were given for them: each is configured anew, by one order for
 * many gateways.
 *
 * INVARIANTS
 * - Whether something is stale is told by versions: of the values that a gateway has, and of those that the last delivery
 *   for the artifact was to bring when it was offered. A value that changed in between is brought once more.
 * - An order is recorded together with the row that remembers it: whoever comes second finds nothing due.
 */
export class StaleValueRepository {
  constructor(
    private readonly database: Database,
    private readonly deliveries: DeliveryWriter,
  ) {}

  /** Notes what is stale on gateways, and forgets what is not any more. */
  async look(gatewayIds: readonly string[]): Promise<void> {
    const ids = [...gatewayIds];
    await this.database.$executeRaw`
      WITH told AS MATERIALIZED (
        SELECT g.id, a.name, a.manifest -> 'values' AS declared,
               leonore_value_versions(g.id, a.manifest -> 'values') AS versions,
               leonore_versions_of(g.values_given -> a.name, a.manifest -> 'values') AS given
        FROM gateway g CROSS JOIN LATERAL jsonb_array_elements(g.installed) AS i
        JOIN artifact a ON a.name = i ->> 'name' AND a.version = i ->> 'version'
        WHERE g.id = ANY(${ids}::text[]) AND g.state = 'active' AND a.manifest ? 'values'
      ), stale AS MATERIALIZED (
        SELECT t.id AS gateway_id, t.name AS artifact, t.versions,
               -- What lacks a value is not configured until it has one: that is another version.
               CASE WHEN l.keys IS NULL THEN now() END AS due_at, 'there is no value for ' || l.keys AS problem
        FROM told t CROSS JOIN LATERAL (SELECT leonore_lacking_values(t.id, t.declared) AS keys) l
        WHERE t.versions <> t.given
      ), gone AS (
        DELETE FROM stale_value v WHERE v.gateway_id = ANY(${ids}::text[]) AND v.order_id IS NULL
          AND NOT EXISTS (SELECT FROM stale s WHERE s.gateway_id = v.gateway_id AND s.artifact = v.artifact)
      )
      INSERT INTO stale_value AS v (gateway_id, artifact, versions, due_at, problem) SELECT * FROM stale
      ON CONFLICT (gateway_id, artifact) DO UPDATE
      SET versions = EXCLUDED.versions, attempts = 0, due_at = EXCLUDED.due_at, problem = EXCLUDED.problem
      WHERE v.order_id IS NULL AND v.versions <> EXCLUDED.versions`;
  }

  /**
   * Gives the orders that are due, once they have gathered.
   * @param gatherMs how long the first of them has waited
   * @returns their ids
   */
  async order(gatherMs: number): Promise<string[]> {
    const ready = await this.database.$queryRaw<{ artifact: string }[]>`
      SELECT artifact FROM stale_value WHERE due_at IS NOT NULL AND due_at <= now() GROUP BY artifact
      HAVING min(due_at) < now() - ${gatherMs} * interval '1 millisecond' ORDER BY min(due_at) LIMIT ${artifactsAtOnce}`;
    const orders: string[] = [];
    for (const { artifact } of ready) {
      const id = await this.orderOne(artifact);
      if (id !== null) orders.push(id);
    }
    return orders;
  }

  private async orderOne(artifact: string): Promise<string | null> {
    return inTransaction(this.database, async (tx) => {
      const due = await tx.$queryRaw<{ id: string }[]>`
        SELECT v.gateway_id AS id FROM stale_value v JOIN gateway g ON g.id = v.gateway_id AND g.state = 'active'
        WHERE v.artifact = ${artifact} AND v.due_at <= now()
        ORDER BY v.due_at, v.gateway_id LIMIT ${orderedAtOnce} FOR UPDATE OF v SKIP LOCKED`;
      if (due.length === 0) return null;
      const [order] = await tx.$queryRaw<{ id: string }[]>`
        INSERT INTO rollout (requests, action, artifact, state, request_digest, options, workflow_started_at)
        VALUES ('{}', 'configure', ${artifact}, 'running', 'values', ${jsonText({ deadlineSeconds })}::jsonb, now())
        RETURNING id::text`;
      const id = order?.id ?? '';
      const members = due.map(({ id: gatewayId }) => ({ gatewayId, startState: null, changes: {} }));
      await this.deliveries.addOffered(tx, id, members, deadlineSeconds);
      await tx.$executeRaw`
        UPDATE stale_value SET order_id = ${id}::uuid, due_at = NULL
        WHERE artifact = ${artifact} AND gateway_id = ANY(${due.map((row) => row.id)}::text[])`;
      return id;
    });
  }

  /**
   * Sees to orders that have ended for a gateway: what succeeded is looked at once more, what did not is ordered again,
   * later each time and not for ever. Who was lost is ordered again when it was heard of.
   * @param jitter from 0 to 1
   */
  async settle(jitter: number): Promise<void> {
    const { most, firstSeconds, factor } = retries;
    await this.database.$executeRaw`
      WITH ended AS MATERIALIZED (
        SELECT v.gateway_id, v.artifact, d.state, d.error FROM stale_value v
        LEFT JOIN delivery d ON d.rollout_id = v.order_id AND d.gateway_id = v.gateway_id
        JOIN gateway g ON g.id = v.gateway_id
        WHERE v.order_id IS NOT NULL AND (d.rollout_id IS NULL OR d.ended_at IS NOT NULL)
          AND (d.state IS DISTINCT FROM 'lost' OR g.last_seen_at > d.ended_at)
        ORDER BY v.gateway_id, v.artifact LIMIT ${endedAtOnce} FOR UPDATE OF v SKIP LOCKED
      ), done AS (
        DELETE FROM stale_value v USING ended e
        WHERE v.gateway_id = e.gateway_id AND v.artifact = e.artifact AND e.state = 'succeeded'
      ), again AS (
        UPDATE stale_value v SET order_id = NULL, attempts = v.attempts + 1,
          problem = coalesce(e.error ->> 'message', 'the order ended ' || coalesce(e.state, 'without a trace')),
          due_at = CASE WHEN v.attempts + 1 < ${most} THEN
            now() + ${firstSeconds} * power(${factor}, v.attempts) * (1 + 0.2 * ${jitter}::float8) * interval '1 second' END
        FROM ended e WHERE v.gateway_id = e.gateway_id AND v.artifact = e.artifact AND e.state IS DISTINCT FROM 'succeeded'
      )
      UPDATE gateway g SET mark = nextval('gateway_mark') FROM ended e WHERE g.id = e.gateway_id`;
  }

  /** What is stale on a gateway, by the name of the artifact. */
  async list(gatewayId: string): Promise<StaleValue[]> {
    return this.database.$queryRaw`
      SELECT artifact, since, attempts, order_id::text AS "orderId", problem FROM stale_value
      WHERE gateway_id = ${gatewayId} ORDER BY artifact COLLATE "C"`;
  }
}
