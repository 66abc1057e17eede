-- Values at three levels: of the fleet, of all gateways that a selector matches, of one gateway (docs/wanted-state.md).
-- A version is new whenever a value is set: what a gateway was given is remembered by versions, never by values.
CREATE SEQUENCE value_version;
ALTER TABLE gateway_value ADD COLUMN version bigint NOT NULL DEFAULT '0'::bigint;

CREATE TABLE shared_value (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  -- Null: of the whole fleet.
  selector text,
  -- Conditions of the selector: of several that match, the one with the most counts.
  conditions integer NOT NULL DEFAULT 0,
  key text NOT NULL,
  value text,
  sealed bytea,
  version bigint NOT NULL,
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  CHECK ((value IS NULL) <> (sealed IS NULL))
);
CREATE UNIQUE INDEX shared_value_place_key ON shared_value (key, selector) NULLS NOT DISTINCT;

-- Which of the values by selector a gateway has, the nearest of each key.
CREATE TABLE inherited_value (
  gateway_id text NOT NULL REFERENCES gateway (id) ON DELETE CASCADE,
  key text NOT NULL,
  shared_value_id uuid NOT NULL REFERENCES shared_value (id) ON DELETE CASCADE,
  PRIMARY KEY (gateway_id, key)
);
CREATE INDEX inherited_value_shared_value_id_idx ON inherited_value (shared_value_id);

-- The nearest value of a key that a gateway has; no row when it has none. `shared_id` is null for one of its own.
CREATE FUNCTION leonore_nearest_value(gateway text, wanted text)
  RETURNS TABLE (value text, sealed bytea, shared_id uuid, version bigint) LANGUAGE sql STABLE ROWS 1 AS $$
  SELECT v.value, v.sealed, v.shared_id, v.version FROM (
    SELECT 1 AS distance, o.value, o.sealed, NULL::uuid AS shared_id, o.version
    FROM gateway_value o WHERE o.gateway_id = gateway AND o.key = wanted
    UNION ALL
    SELECT 2, s.value, s.sealed, s.id, s.version
    FROM inherited_value i JOIN shared_value s ON s.id = i.shared_value_id WHERE i.gateway_id = gateway AND i.key = wanted
    UNION ALL
    SELECT 3, s.value, s.sealed, s.id, s.version FROM shared_value s WHERE s.key = wanted AND s.selector IS NULL
  ) v ORDER BY v.distance LIMIT 1
$$;

-- Versions of the values that a gateway has now, of the keys that are declared ({key, ...} each); those of defaults are missing.
CREATE FUNCTION leonore_value_versions(gateway text, declared jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_object_agg(d ->> 'key', v.version), '{}')
  FROM jsonb_array_elements(declared) AS d, leonore_nearest_value(gateway, d ->> 'key') AS v WHERE v.version > 0
$$;

ALTER TABLE gateway
  -- By the name of an artifact, the versions of the values that it was given for it: {name: {key: version}}.
  ADD COLUMN values_given jsonb NOT NULL DEFAULT '{}',
  -- Something of it has changed that a keeper has not looked at yet; another number with each change.
  ADD COLUMN mark bigint;
CREATE SEQUENCE gateway_mark;
CREATE INDEX gateway_mark_idx ON gateway (mark) WHERE mark IS NOT NULL;
-- The versions of the values that a delivery brings, as they were when it got its place: {key: version}.
ALTER TABLE delivery ADD COLUMN values_given jsonb;

-- Artifacts on gateways whose values are not those that they were given for it, and what is done about it.
CREATE TABLE stale_value (
  gateway_id text NOT NULL REFERENCES gateway (id) ON DELETE CASCADE,
  artifact text NOT NULL,
  -- What it is to be given.
  versions jsonb NOT NULL,
  since timestamptz(3) NOT NULL DEFAULT now(),
  attempts integer NOT NULL DEFAULT 0,
  -- When the next order is due; null while one is under way, or none is to come.
  due_at timestamptz(3) DEFAULT now(),
  order_id uuid,
  problem text,
  PRIMARY KEY (gateway_id, artifact)
);
CREATE INDEX stale_value_due_idx ON stale_value (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX stale_value_order_id_idx ON stale_value (order_id);

ALTER TABLE rollout DROP CONSTRAINT rollout_action_check,
  ADD CONSTRAINT rollout_action_check CHECK (action IN ('install', 'uninstall', 'start', 'stop', 'wipe', 'profile', 'configure'));

-- By the names of the artifacts that a delivery brought, or configured, what it was given.
CREATE FUNCTION leonore_given(rollout uuid, place integer, given jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_object_agg(name, given), '{}') FROM (
    SELECT coalesce(d.changes ->> 'configure', r.artifact) AS name
    FROM delivery d JOIN rollout r ON r.id = d.rollout_id WHERE d.rollout_id = rollout AND d.ordinal = place
    UNION
    SELECT substring(installed FROM '^(.[^@]*)@') FROM delivery d JOIN rollout_group gr ON gr.id = d.group_id
    JOIN package p ON p.id = gr.package_id, unnest(p.artifacts) AS installed WHERE d.rollout_id = rollout AND d.ordinal = place
  ) named WHERE name IS NOT NULL
$$;

-- What of the versions is about keys that are declared.
CREATE FUNCTION leonore_versions_of(versions jsonb, declared jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(jsonb_object_agg(v.key, v.value), '{}') FROM jsonb_each(coalesce(versions, '{}')) AS v
  WHERE v.key IN (SELECT d ->> 'key' FROM jsonb_array_elements(declared) AS d)
$$;

-- The artifact among those named that a gateway has with other values than it was given for it; null when there is none.
CREATE FUNCTION leonore_stale_artifact(gateway text, names text[]) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT a.name FROM gateway g CROSS JOIN LATERAL jsonb_array_elements(g.installed) AS i
  JOIN artifact a ON a.name = i ->> 'name' AND a.version = i ->> 'version'
  WHERE g.id = gateway AND a.name = ANY (names) AND a.manifest ? 'values'
    AND leonore_value_versions(gateway, a.manifest -> 'values')
      <> leonore_versions_of(g.values_given -> a.name, a.manifest -> 'values')
  ORDER BY a.name LIMIT 1
$$;

-- Versions of the values that a gateway has now for an artifact that is installed on it.
CREATE FUNCTION leonore_artifact_versions(gateway text, artifact_name text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce((
    SELECT leonore_value_versions(gateway, a.manifest -> 'values') FROM gateway g CROSS JOIN LATERAL jsonb_array_elements(g.installed) AS i
    JOIN artifact a ON a.name = i ->> 'name' AND a.version = i ->> 'version'
    WHERE g.id = gateway AND a.name = artifact_name AND a.manifest ? 'values' LIMIT 1), '{}')
$$;
