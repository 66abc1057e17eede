-- Why deliveries ended badly, so that the same reason is found and counted whatever numbers it names.

-- A message without what differs from gateway to gateway: its first line as far as the end of a script's fate, since after
-- that comes what the script printed; ids, addresses, digests and numbers as #. Versions stay. domain/delivery/reason.ts
-- says the same in TypeScript.
CREATE FUNCTION leonore_template(message text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    left(CASE WHEN fate > 0 THEN left(line, fate - 3) ELSE line END, 300),
    '(?<![A-Za-z0-9_.])[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}(?![A-Za-z0-9_])', '#', 'g'),
    '(?<![A-Za-z0-9_.])[0-9]{1,3}(?:[.][0-9]{1,3}){3}(?![A-Za-z0-9_.])', '#', 'g'),
    '(?<![A-Za-z0-9_.])(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{8,}(?![A-Za-z0-9_])', '#', 'g'),
    '(?<![A-Za-z0-9_.])[0-9]+(?:[.][0-9]+)?(?![0-9]|[.][0-9])', '#', 'g')
  FROM (SELECT split_part(message, E'\n', 1) AS line) l,
    LATERAL regexp_instr(line, '(?:ended with status [0-9]+|did not end within [0-9.]+ s|was ended by [A-Z0-9]+|the check of [A-Za-z0-9._-]+ failed): ', 1, 1, 1) AS fate
$$;

-- Class or code of the error, a space, and the template; null unless it ended badly.
ALTER TABLE delivery ADD COLUMN reason text;
CREATE FUNCTION leonore_reason(state text, error jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN state IN ('failed', 'incompatible', 'lost') THEN
    left(split_part(coalesce(error ->> 'class', error ->> 'code', ''), ' ', 1), 100) || ' ' || coalesce(leonore_template(error ->> 'message'), '') END
$$;
-- Connections ask for custom plans: here one that is kept is right, and planning would cost more than the work.
CREATE FUNCTION leonore_give_reason() RETURNS trigger LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  NEW.reason := leonore_reason(NEW.state, NEW.error);
  RETURN NEW;
END $$;
CREATE TRIGGER delivery_ended_badly BEFORE UPDATE OF state, error ON delivery FOR EACH ROW
  WHEN (NEW.state IN ('failed', 'incompatible', 'lost') OR OLD.reason IS NOT NULL)
  EXECUTE FUNCTION leonore_give_reason();
CREATE TRIGGER delivery_came_badly BEFORE INSERT ON delivery FOR EACH ROW
  WHEN (NEW.state IN ('failed', 'incompatible', 'lost')) EXECUTE FUNCTION leonore_give_reason();
UPDATE delivery SET reason = leonore_reason(state, error) WHERE state IN ('failed', 'incompatible', 'lost');

-- Both are enough by themselves to count by: what ended badly in a rollout, and in the fleet of late.
CREATE INDEX delivery_reason_idx ON delivery (rollout_id, state, reason, gateway_id) INCLUDE (node_id, group_id)
  WHERE state IN ('failed', 'incompatible', 'lost');
CREATE INDEX delivery_trouble_idx ON delivery (ended_at, rollout_id, gateway_id) INCLUDE (state, reason, node_id, group_id)
  WHERE state IN ('failed', 'incompatible', 'lost');
