-- A node remembers what it last told a gateway, so that a poll without news costs no query. Whatever makes that untrue
-- is announced to the node when it is committed, whoever did it (repositories/gateway-changes.ts).

CREATE FUNCTION leonore_tell_node(node_id text, gateway_id text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF node_id IS NOT NULL THEN
    PERFORM pg_notify('leonore_node_' || md5(node_id), gateway_id);
  END IF;
END $$;

CREATE FUNCTION leonore_gateway_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM leonore_tell_node(OLD.node_id, OLD.id);
  IF NEW.node_id IS DISTINCT FROM OLD.node_id THEN
    PERFORM leonore_tell_node(NEW.node_id, NEW.id);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER gateway_changed AFTER UPDATE OF token_hash, node_id, state, profile_wanted ON gateway FOR EACH ROW
  WHEN ((OLD.token_hash, OLD.node_id, OLD.state, OLD.profile_wanted)
        IS DISTINCT FROM (NEW.token_hash, NEW.node_id, NEW.state, NEW.profile_wanted))
  EXECUTE FUNCTION leonore_gateway_changed();

CREATE FUNCTION leonore_task_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM leonore_tell_node((SELECT g.node_id FROM gateway g WHERE g.id = NEW.gateway_id), NEW.gateway_id);
  RETURN NULL;
END $$;
-- What a gateway reports goes through its own node, which knows.
CREATE TRIGGER delivery_task_changed AFTER UPDATE OF state ON delivery FOR EACH ROW
  WHEN (NEW.state IS DISTINCT FROM OLD.state AND NEW.state IN ('offered', 'lost', 'cancelled'))
  EXECUTE FUNCTION leonore_task_changed();
CREATE TRIGGER gateway_order_changed AFTER INSERT OR UPDATE OF state ON gateway_order FOR EACH ROW
  WHEN (NEW.state IN ('offered', 'lost', 'cancelled')) EXECUTE FUNCTION leonore_task_changed();
