-- What waits for a gateway is judged anew when its values are others (docs/wanted-state.md).

-- The keys of values that an artifact which is installed on a gateway declares; null when it declares none, or is not there.
CREATE FUNCTION leonore_declared(gateway text, artifact_name text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT a.manifest -> 'values' FROM gateway g CROSS JOIN LATERAL jsonb_array_elements(g.installed) AS i
  JOIN artifact a ON a.name = i ->> 'name' AND a.version = i ->> 'version'
  WHERE g.id = gateway AND a.name = artifact_name LIMIT 1
$$;

-- Those of declared keys that have no default, and of which a gateway has no value, for people; null when it has all.
CREATE FUNCTION leonore_lacking_values(gateway text, declared jsonb) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT string_agg(w ->> 'key', ', ' ORDER BY w ->> 'key') FROM jsonb_array_elements(declared) AS w
  WHERE NOT w ? 'default' AND NOT EXISTS (SELECT FROM leonore_nearest_value(gateway, w ->> 'key'))
$$;
