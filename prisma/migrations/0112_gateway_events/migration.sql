-- What happens to a gateway besides its deliveries: it is moved to another node, it reports another profile, its agent or
-- its channel is another one, it is let in or taken out. The last 200 of each gateway are kept.
CREATE TABLE gateway_event (
  id bigserial PRIMARY KEY,
  gateway_id text NOT NULL REFERENCES gateway (id) ON DELETE CASCADE,
  at timestamptz(3) NOT NULL DEFAULT now(),
  -- moved | profile | agent | channel | state
  kind text NOT NULL,
  -- What was, and what is: [{what, from, to}].
  changes jsonb NOT NULL
);
CREATE INDEX gateway_event_gateway_id_id_idx ON gateway_event (gateway_id, id);

-- What a profile says, fact by fact, without what changes from minute to minute and what deliveries tell.
CREATE FUNCTION leonore_profile_facts(profile jsonb) RETURNS TABLE (what text, value text) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT f.key, f.value::text FROM jsonb_each(profile) AS f
  WHERE f.key NOT IN ('hardware', 'software', 'installed', 'state', 'id')
  UNION ALL
  SELECT s.name || '.' || f.key, f.value::text
  FROM (VALUES ('hardware'), ('software')) AS s(name), jsonb_each(profile -> s.name) AS f
  WHERE jsonb_typeof(profile -> s.name) = 'object' AND f.key NOT IN ('memoryFree', 'diskFree', 'load', 'uptimeSeconds')
$$;

-- Connections ask for custom plans: here one that is kept is right, and planning would cost more than the work.
CREATE FUNCTION leonore_note_gateway() RETURNS trigger LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
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
    SELECT 'profile', what, o.value, n.value
    FROM leonore_profile_facts(OLD.profile) o FULL JOIN leonore_profile_facts(NEW.profile) n USING (what)
    WHERE OLD.profile IS DISTINCT FROM NEW.profile AND o.value IS DISTINCT FROM n.value
  ) c GROUP BY c.kind;
  GET DIAGNOSTICS inserted = ROW_COUNT;
  IF inserted > 0 THEN
    DELETE FROM gateway_event WHERE gateway_id = NEW.id AND id <= (
      SELECT id FROM gateway_event WHERE gateway_id = NEW.id ORDER BY id DESC OFFSET 200 LIMIT 1);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER gateway_noted AFTER UPDATE OF node_id, state, agent_version, protocol, strategy, profile ON gateway FOR EACH ROW
  WHEN ((OLD.node_id, OLD.state, OLD.agent_version, OLD.protocol, OLD.strategy)
        IS DISTINCT FROM (NEW.node_id, NEW.state, NEW.agent_version, NEW.protocol, NEW.strategy)
    OR OLD.profile IS DISTINCT FROM NEW.profile AND leonore_lasting(OLD.profile) IS DISTINCT FROM leonore_lasting(NEW.profile))
  EXECUTE FUNCTION leonore_note_gateway();
