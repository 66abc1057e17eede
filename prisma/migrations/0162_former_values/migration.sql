-- The way back of a campaign restores the values that gateways had (docs/campaigns.md#the-way-back).

-- Values that gateways had when a campaign first gave them work, each once; until the campaign ends.
CREATE TABLE noted_value (
  campaign_id uuid NOT NULL REFERENCES campaign (id) ON DELETE CASCADE,
  version bigint NOT NULL,
  key text NOT NULL,
  value text,
  sealed bytea,
  -- What it was of, which is what a secret is bound to: one gateway's own, or a value that many have.
  gateway_id text,
  shared_id uuid,
  PRIMARY KEY (campaign_id, version)
);

ALTER TABLE campaign_member
  -- The values that it had when it was first given work are its own again, where others had taken their place.
  ADD COLUMN values_back boolean NOT NULL DEFAULT false;

-- The shared value that a secret of a gateway's own was sealed for, where it was copied from there; null: it is bound to the gateway.
ALTER TABLE gateway_value ADD COLUMN sealed_for uuid;

-- The nearest value of a key that a gateway has; no row when it has none. `shared_id` is what a secret is bound to, null for
-- one that is bound to the gateway itself.
CREATE OR REPLACE FUNCTION leonore_nearest_value(gateway text, wanted text)
  RETURNS TABLE (value text, sealed bytea, shared_id uuid, version bigint) LANGUAGE sql STABLE ROWS 1 AS $$
  SELECT v.value, v.sealed, v.shared_id, v.version FROM (
    SELECT 1 AS distance, o.value, o.sealed, o.sealed_for AS shared_id, o.version
    FROM gateway_value o WHERE o.gateway_id = gateway AND o.key = wanted
    UNION ALL
    SELECT 2, s.value, s.sealed, s.id, s.version
    FROM inherited_value i JOIN shared_value s ON s.id = i.shared_value_id WHERE i.gateway_id = gateway AND i.key = wanted
    UNION ALL
    SELECT 3, s.value, s.sealed, s.id, s.version FROM shared_value s WHERE s.key = wanted AND s.selector IS NULL
  ) v ORDER BY v.distance LIMIT 1
$$;

-- The version of the nearest value of a key that is none of the gateway's own; null when there is none.
CREATE FUNCTION leonore_shared_version(gateway text, wanted text) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT v.version FROM (
    SELECT 2 AS distance, s.version FROM inherited_value i JOIN shared_value s ON s.id = i.shared_value_id
    WHERE i.gateway_id = gateway AND i.key = wanted
    UNION ALL
    SELECT 3, s.version FROM shared_value s WHERE s.key = wanted AND s.selector IS NULL
  ) v ORDER BY v.distance LIMIT 1
$$;
