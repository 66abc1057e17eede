/**
 * The values that gateways have when a campaign first gives them work, and how they get them back. A version names what a
 * value says, so a member notes versions, and what they say is kept once for all members.
 */
import { Prisma } from '../prisma/generated/client.js';
import type { Transaction } from './database.js';

/** On the row `m` of `campaign_member`: keys that what was installed declares, with the default of each. */
const declaredKeys = Prisma.sql`
  SELECT w ->> 'key' AS key, min(w ->> 'default') AS fallback FROM jsonb_array_elements(m.before -> 'installed') i
  JOIN artifact a ON a.name = i ->> 'name' AND a.version = i ->> 'version' AND a.manifest ? 'values'
  CROSS JOIN jsonb_array_elements(a.manifest -> 'values') w GROUP BY 1`;

/** Notes the values of members that were just given their first work by a rollout. */
export async function noteValues(tx: Transaction, campaignId: string, rolloutId: string): Promise<void> {
  await tx.$executeRaw`
    WITH had AS MATERIALIZED (
      SELECT m.gateway_id, d.key, v.* FROM campaign_member m
      CROSS JOIN LATERAL (${declaredKeys}) d CROSS JOIN LATERAL leonore_nearest_value(m.gateway_id, d.key) v
      WHERE m.campaign_id = ${campaignId}::uuid AND m.rollout_id = ${rolloutId}::uuid AND v.version > 0
    ), kept AS (
      INSERT INTO noted_value (campaign_id, version, key, value, sealed, gateway_id, shared_id)
      SELECT DISTINCT ON (version) ${campaignId}::uuid, version, key, value, sealed,
        CASE WHEN shared_id IS NULL THEN gateway_id END, shared_id
      FROM had ORDER BY version ON CONFLICT DO NOTHING
    )
    UPDATE campaign_member m SET before = m.before || jsonb_build_object('values', h.versions)
    FROM (SELECT gateway_id, jsonb_object_agg(key, version) AS versions FROM had GROUP BY 1) h
    WHERE m.campaign_id = ${campaignId}::uuid AND m.gateway_id = h.gateway_id`;
}

/**
 * Gives members the values back that they had, where others have taken their place; once. A value of the fleet or of a
 * selector that is another now becomes the gateway's own.
 * @param members selects ids of members of the campaign
 * @returns how many gateways have other values from now on
 */
export async function restoreValues(
  tx: Transaction,
  campaignId: string,
  members: Prisma.Sql,
): Promise<number> {
  const restored = await tx.$queryRaw<{ gatewayId: string }[]>`
    WITH back AS MATERIALIZED (
      UPDATE campaign_member SET values_back = true
      WHERE campaign_id = ${campaignId}::uuid AND NOT values_back AND gateway_id IN (${members})
      RETURNING gateway_id, before
    ), differing AS MATERIALIZED (
      SELECT m.gateway_id, d.key, d.fallback, (m.before -> 'values' ->> d.key)::bigint AS version,
        leonore_shared_version(m.gateway_id, d.key) AS shared
      FROM back m CROSS JOIN LATERAL (${declaredKeys}) d
      WHERE (m.before -> 'values' ->> d.key)::bigint IS DISTINCT FROM
        (SELECT nullif(v.version, 0) FROM leonore_nearest_value(m.gateway_id, d.key) v)
    ), unset AS (
      -- What is beneath is what it had.
      DELETE FROM gateway_value o USING differing d
      WHERE o.gateway_id = d.gateway_id AND o.key = d.key AND d.version IS NOT DISTINCT FROM d.shared
      RETURNING o.gateway_id
    ), own AS (
      INSERT INTO gateway_value AS o (gateway_id, key, value, sealed, sealed_for, version)
      SELECT d.gateway_id, d.key, CASE WHEN d.version IS NULL THEN d.fallback ELSE n.value END, n.sealed, n.shared_id,
        nextval('value_version')
      FROM differing d LEFT JOIN noted_value n ON n.campaign_id = ${campaignId}::uuid AND n.version = d.version
      WHERE d.version IS DISTINCT FROM d.shared
        AND (n.version IS NOT NULL OR (d.version IS NULL AND d.fallback IS NOT NULL))
      ON CONFLICT (gateway_id, key) DO UPDATE SET value = EXCLUDED.value, sealed = EXCLUDED.sealed,
        sealed_for = EXCLUDED.sealed_for, version = EXCLUDED.version, updated_at = now()
      RETURNING o.gateway_id
    )
    SELECT gateway_id AS "gatewayId" FROM unset UNION SELECT gateway_id FROM own`;
  if (restored.length > 0) {
    const ids = restored.map(({ gatewayId }) => gatewayId);
    await tx.$executeRaw`UPDATE gateway SET mark = nextval('gateway_mark') WHERE id = ANY(${ids}::text[])`;
  }
  return restored.length;
}

/** A campaign has ended: nothing goes back any more, and no secret is kept for longer than it may be needed. */
export async function forgetValues(tx: Transaction, campaignId: string): Promise<void> {
  await tx.$executeRaw`DELETE FROM noted_value WHERE campaign_id = ${campaignId}::uuid`;
}
