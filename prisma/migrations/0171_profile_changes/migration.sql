-- Of a list with names, such as the tools of a gateway, what a person wants to know is which one came or went, not the
-- list before and the list after: each member is a fact of its own, and so is each key of an object.
CREATE OR REPLACE FUNCTION leonore_profile_facts(profile jsonb) RETURNS TABLE (what text, value text) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  WITH facts AS MATERIALIZED (
    SELECT f.key AS what, f.value FROM jsonb_each(profile) AS f
    WHERE f.key NOT IN ('hardware', 'software', 'installed', 'state', 'id')
    UNION ALL
    SELECT s.name || '.' || f.key, f.value
    FROM (VALUES ('hardware'), ('software')) AS s(name), jsonb_each(profile -> s.name) AS f
    WHERE jsonb_typeof(profile -> s.name) = 'object' AND f.key NOT IN ('memoryFree', 'diskFree', 'load', 'uptimeSeconds')
  ), judged AS (
    SELECT what, value, jsonb_typeof(value) = 'object' AS keyed,
      jsonb_typeof(value) = 'array' AND value <> '[]' AND NOT value @? '$[*] ? (!exists(@.name))' AS named
    FROM facts
  )
  SELECT what, value::text FROM judged WHERE NOT keyed AND NOT named
  UNION ALL
  SELECT f.what || '.' || left(o.key, 100), o.value::text FROM judged f, jsonb_each(CASE WHEN f.keyed THEN f.value END) o
  UNION ALL
  SELECT f.what || '.' || left(m ->> 'name', 100), string_agg(coalesce(m ->> 'version', m::text), ' ' ORDER BY m)
  FROM judged f, jsonb_array_elements(CASE WHEN f.named THEN f.value END) m GROUP BY 1
$$;

-- As before, but for the number of changes that one event holds: a device says how long its lists are.
CREATE OR REPLACE FUNCTION leonore_note_gateway() RETURNS trigger LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  inserted integer;
BEGIN
  INSERT INTO gateway_event (gateway_id, kind, changes)
  SELECT NEW.id, c.kind, jsonb_agg(jsonb_build_object('what', c.what, 'from', left(c.was, 200), 'to', left(c.is_now, 200)) ORDER BY c.what)
  FROM (
    SELECT 'moved' AS kind, 'node' AS what, OLD.node_id AS was, NEW.node_id AS is_now WHERE OLD.node_id IS DISTINCT FROM NEW.node_id
    UNION ALL SELECT 'state', 'state', OLD.state, NEW.state WHERE OLD.state <> NEW.state
    UNION ALL SELECT 'agent', 'agent', OLD.agent_version, NEW.agent_version
      WHERE OLD.agent_version IS DISTINCT FROM NEW.agent_version
    UNION ALL SELECT 'channel', 'channel', OLD.protocol || '/' || OLD.strategy, NEW.protocol || '/' || NEW.strategy
      WHERE (OLD.protocol, OLD.strategy) <> (NEW.protocol, NEW.strategy)
    UNION ALL
    (SELECT 'profile', what, o.value, n.value
    FROM leonore_profile_facts(OLD.profile) o FULL JOIN leonore_profile_facts(NEW.profile) n USING (what)
    WHERE OLD.profile IS DISTINCT FROM NEW.profile AND o.value IS DISTINCT FROM n.value
    ORDER BY what LIMIT 20)
  ) c GROUP BY c.kind;
  GET DIAGNOSTICS inserted = ROW_COUNT;
  IF inserted > 0 THEN
    DELETE FROM gateway_event WHERE gateway_id = NEW.id AND id <= (
      SELECT id FROM gateway_event WHERE gateway_id = NEW.id ORDER BY id DESC OFFSET 200 LIMIT 1);
  END IF;
  RETURN NULL;
END $$;
