/** How members of campaigns stand, as SQL: what counts them, and what gives them work, mean the same. */
import { Prisma } from '../prisma/generated/client.js';
import { sqlEndedBadly, sqlStateOf } from './delivery/sql-states.js';
import { withinColumn } from './fleet-scope.js';

/** Members `m` with the work `r` that they were given last, their delivery `d` in chunk `c`, and their gateway `g`. */
export const standingTables = Prisma.sql`campaign_member m
  LEFT JOIN rollout r ON r.id = m.rollout_id
  LEFT JOIN delivery d ON d.rollout_id = m.rollout_id AND d.gateway_id = m.gateway_id
  LEFT JOIN rollout_chunk c ON c.rollout_id = d.rollout_id AND c.chunk = d.chunk
  LEFT JOIN gateway g ON g.id = m.gateway_id`;

/**
 * Where such a member stands; see MemberStanding.
 * @param scopes of the campaign: whoever has moved out of them is given nothing any more, however its work ended
 */
export function standingSql(scopes: readonly string[]): Prisma.Sql {
  return Prisma.sql`
    CASE WHEN g.id IS NULL OR (g.state <> 'active' AND (d.rollout_id IS NULL OR d.state = 'cancelled')) THEN 'gone'
      WHEN m.rollout_id IS NULL THEN 'waiting'
      WHEN (${withinColumn(scopes)}) IS NOT TRUE AND (d.state IN ${sqlEndedBadly}
        OR d.rollout_id IS NULL AND r.ended_at IS NOT NULL) THEN 'gone'
      WHEN d.rollout_id IS NOT NULL THEN ${sqlStateOf}
      WHEN r.ended_at IS NULL THEN 'pending'
      WHEN r.failure ->> 'code' = 'EMPTY_DEPLOYMENT' THEN 'gone'
      WHEN r.cancel_requested_at IS NOT NULL THEN 'cancelled' ELSE 'failed' END`;
}

export const failureClassSql = Prisma.sql`(d.error ->> 'class')`;

/** Of its delivery, or of a rollout that ended before it had any. */
export const codeSql = Prisma.sql`
  coalesce(d.error ->> 'code', CASE WHEN d.rollout_id IS NULL THEN r.failure ->> 'code' END)`;

export const endedAtSql = Prisma.sql`coalesce(d.ended_at, CASE WHEN d.rollout_id IS NULL THEN r.ended_at END)`;

/**
 * Members of a campaign that have no work yet and may be given some: all, or of each value of a label as many as it lets
 * beside those that are at work. Columns: gateway_id, phase, ordinal.
 */
export function startableSql(
  id: string,
  limit: { readonly label: string; readonly most: number } | undefined,
): Prisma.Sql {
  const idle = Prisma.sql`
    SELECT m.gateway_id, m.phase, m.ordinal, g.labels FROM campaign_member m JOIN gateway g ON g.id = m.gateway_id
    WHERE m.campaign_id = ${id}::uuid AND m.attempts = 0 AND g.state = 'active'`;
  if (limit === undefined) return idle;
  return Prisma.sql`
    SELECT gateway_id, phase, ordinal FROM (
      SELECT i.gateway_id, i.phase, i.ordinal,
        row_number() OVER (PARTITION BY i.labels ->> ${limit.label} ORDER BY i.ordinal) + coalesce(busy.gateways, 0) AS place
      FROM (${idle}) i LEFT JOIN (
        SELECT g.labels ->> ${limit.label} AS value, count(*) AS gateways
        FROM campaign_member m JOIN gateway g ON g.id = m.gateway_id
        LEFT JOIN delivery d ON d.rollout_id = m.rollout_id AND d.gateway_id = m.gateway_id
        JOIN rollout r ON r.id = m.rollout_id
        WHERE m.campaign_id = ${id}::uuid AND r.ended_at IS NULL AND d.ended_at IS NULL GROUP BY 1
      ) busy ON busy.value IS NOT DISTINCT FROM i.labels ->> ${limit.label}
    ) placed WHERE place <= ${limit.most}`;
}
