-- What differs from gateway to gateway: set by operators, read by the artifacts that declare it.
CREATE TABLE gateway_value (
  gateway_id text NOT NULL REFERENCES gateway (id) ON DELETE CASCADE,
  key text NOT NULL,
  value text,
  sealed bytea,
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (gateway_id, key),
  CHECK ((value IS NULL) <> (sealed IS NULL))
);

-- Values that a package's artifacts declare: an array of {key, default?}.
ALTER TABLE package ADD COLUMN declared_values jsonb NOT NULL DEFAULT '[]';

-- A node remembers what it last told a gateway: a task carries values, so a change of theirs makes that untrue.
CREATE FUNCTION leonore_value_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed text := coalesce(NEW.gateway_id, OLD.gateway_id);
BEGIN
  PERFORM leonore_tell_node((SELECT g.node_id FROM gateway g WHERE g.id = changed), changed);
  RETURN NULL;
END $$;
CREATE TRIGGER gateway_value_changed AFTER INSERT OR UPDATE OR DELETE ON gateway_value FOR EACH ROW
  EXECUTE FUNCTION leonore_value_changed();
