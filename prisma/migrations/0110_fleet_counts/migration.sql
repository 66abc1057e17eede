-- How many gateways have what, so that a fleet of any size is counted by reading some hundred rows. Whatever changes a
-- gateway notes the difference in rows of its own, which nobody else waits for; now and then they are added up
-- (repositories/facet-repository.ts).
CREATE TABLE gateway_count (
  -- state | artifact | node | protocol | label
  kind text NOT NULL,
  -- Name of the artifact or the label; empty for the others.
  key text NOT NULL,
  -- Version of the artifact, value of the label, the state itself.
  value text NOT NULL,
  count integer NOT NULL,
  PRIMARY KEY (kind, key, value)
);
-- The values of each key that most gateways have.
CREATE INDEX gateway_count_most_idx ON gateway_count (kind, key, count DESC, value);
CREATE INDEX gateway_count_kind_idx ON gateway_count (kind, count DESC, key, value);
-- What nobody has any more goes.
CREATE INDEX gateway_count_none_idx ON gateway_count (kind) WHERE count = 0;
CREATE TABLE gateway_count_change (
  id bigserial PRIMARY KEY,
  kind text NOT NULL,
  key text NOT NULL,
  value text NOT NULL,
  change integer NOT NULL
);

-- What a gateway is counted under: each once, whatever it reports twice. One that is out of service has a state alone.
CREATE FUNCTION leonore_counted(state text, node_id text, channel text, labels jsonb, installed jsonb)
RETURNS TABLE (kind text, key text, value text) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT 'state', '', state WHERE state IS NOT NULL
  UNION ALL SELECT 'node', '', node_id WHERE node_id IS NOT NULL AND state <> 'decommissioned'
  UNION ALL SELECT 'protocol', '', channel WHERE channel IS NOT NULL AND state <> 'decommissioned'
  UNION ALL SELECT 'label', l.key, l.value FROM jsonb_each_text(labels) AS l WHERE state <> 'decommissioned'
  UNION ALL (SELECT DISTINCT 'artifact', i ->> 'name', i ->> 'version' FROM jsonb_array_elements(installed) AS i
             WHERE state <> 'decommissioned')
$$;

-- Connections ask for custom plans: here one that is kept is right, and planning would cost more than the work.
CREATE FUNCTION leonore_count_gateway() RETURNS trigger LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  INSERT INTO gateway_count_change (kind, key, value, change)
  SELECT c.kind, c.key, c.value, sum(c.change) FROM (
    SELECT f.kind, f.key, f.value, 1 AS change
    FROM leonore_counted(NEW.state, NEW.node_id, NEW.protocol || ' ' || NEW.strategy, NEW.labels, NEW.installed) f
    UNION ALL
    SELECT f.kind, f.key, f.value, -1
    FROM leonore_counted(OLD.state, OLD.node_id, OLD.protocol || ' ' || OLD.strategy, OLD.labels, OLD.installed) f
  ) c GROUP BY c.kind, c.key, c.value HAVING sum(c.change) <> 0;
  RETURN NULL;
END $$;
CREATE TRIGGER gateway_counted_off AFTER DELETE ON gateway FOR EACH ROW EXECUTE FUNCTION leonore_count_gateway();
CREATE TRIGGER gateway_counted_anew AFTER UPDATE OF state, node_id, protocol, strategy, labels, installed ON gateway FOR EACH ROW
  WHEN ((OLD.state, OLD.node_id, OLD.protocol, OLD.strategy, OLD.labels, OLD.installed)
        IS DISTINCT FROM (NEW.state, NEW.node_id, NEW.protocol, NEW.strategy, NEW.labels, NEW.installed))
  EXECUTE FUNCTION leonore_count_gateway();

-- A fleet that registers is many new rows of a statement, alike in most of what is counted: they are added up first.
CREATE FUNCTION leonore_count_entered() RETURNS trigger LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  INSERT INTO gateway_count_change (kind, key, value, change)
  SELECT f.kind, f.key, f.value, count(*)
  FROM entered g
  CROSS JOIN LATERAL leonore_counted(g.state, g.node_id, g.protocol || ' ' || g.strategy, g.labels, g.installed) f
  GROUP BY f.kind, f.key, f.value;
  RETURN NULL;
END $$;
CREATE TRIGGER gateway_counted AFTER INSERT ON gateway REFERENCING NEW TABLE AS entered
  FOR EACH STATEMENT EXECUTE FUNCTION leonore_count_entered();

INSERT INTO gateway_count (kind, key, value, count)
SELECT f.kind, f.key, f.value, count(*)
FROM gateway g CROSS JOIN LATERAL leonore_counted(g.state, g.node_id, g.protocol || ' ' || g.strategy, g.labels, g.installed) f
GROUP BY 1, 2, 3;

-- The fleet in numbers, as it was: of each time less with age (repositories/fleet-sample-repository.ts).
CREATE TABLE fleet_sample (
  at timestamptz(3) PRIMARY KEY DEFAULT now(),
  gateways integer NOT NULL,
  -- Gateways by how they stand: {online, silent, ...}.
  conditions jsonb NOT NULL,
  -- What most have: [{name, version, gateways}].
  versions jsonb NOT NULL,
  -- What it took to count.
  counted_ms integer NOT NULL
);

-- What ended a short while ago is told to those who watch.
CREATE INDEX rollout_ended_at_idx ON rollout (ended_at);
CREATE INDEX campaign_ended_at_idx ON campaign (ended_at);

-- Who asked for a campaign stands with it, as with a rollout.
ALTER TABLE campaign ADD COLUMN created_by text;
UPDATE campaign k SET created_by = (
  SELECT e.who FROM campaign_event e WHERE e.campaign_id = k.id AND e.kind = 'started' ORDER BY e.id LIMIT 1);
