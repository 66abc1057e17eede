-- What deployments are kept at (docs/wanted-state.md). A keeper on the coordinator looks at gateways that are marked.
CREATE TABLE wanted_state (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  requests text[] NOT NULL,
  -- The deployment as it was called: it stays when the deployment is removed.
  deployment text NOT NULL,
  -- A new version in the range is rolled out by itself.
  automatic boolean NOT NULL,
  deadline_seconds integer NOT NULL,
  -- `name@version`, one for each request: the newest that counts.
  versions text[] NOT NULL,
  -- How many changes of the catalog have been taken into account.
  catalog_changes bigint NOT NULL,
  -- Up to which id all gateways have been looked at; null when that is not under way.
  looked_after text DEFAULT '',
  -- When it last started something: others gather for longer then.
  started_at timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  ended_at timestamptz(3)
);
CREATE INDEX wanted_state_open_idx ON wanted_state (created_at) WHERE ended_at IS NULL;

-- How each gateway stands to a wanted state.
CREATE TABLE wanted_member (
  wanted_state_id uuid NOT NULL REFERENCES wanted_state (id) ON DELETE CASCADE,
  gateway_id text NOT NULL REFERENCES gateway (id) ON DELETE CASCADE,
  standing text NOT NULL CHECK (standing IN ('held', 'drifted', 'moving', 'cannot', 'silent', 'conflict')),
  -- Why, in words; null when it is held.
  reason text,
  -- `NAME@RANGE` that it is to be given; empty when there is nothing to do.
  target text[] NOT NULL DEFAULT '{}',
  -- `name@version` with which a rollout succeeded, where that is not the newest that counts.
  settled text[] NOT NULL DEFAULT '{}',
  -- What it is judged by besides what is installed: another one lets it be tried anew.
  basis text NOT NULL,
  -- Rollouts in a row that did not bring it there.
  attempts integer NOT NULL DEFAULT 0,
  -- When it is due for a rollout.
  due_at timestamptz(3),
  rollout_id uuid,
  changed_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (wanted_state_id, gateway_id)
);
CREATE INDEX wanted_member_standing_idx ON wanted_member (wanted_state_id, standing, gateway_id);
CREATE INDEX wanted_member_due_idx ON wanted_member (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX wanted_member_gateway_id_idx ON wanted_member (gateway_id);
CREATE INDEX wanted_member_rollout_id_idx ON wanted_member (rollout_id) WHERE standing = 'moving';

-- Rollouts that a wanted state has started.
CREATE TABLE wanted_rollout (
  rollout_id uuid PRIMARY KEY REFERENCES rollout (id) ON DELETE CASCADE,
  wanted_state_id uuid NOT NULL REFERENCES wanted_state (id) ON DELETE CASCADE,
  gateways integer NOT NULL,
  -- Nothing is to be learned from it any more.
  settled boolean NOT NULL DEFAULT false
);
CREATE INDEX wanted_rollout_wanted_state_id_idx ON wanted_rollout (wanted_state_id);
CREATE INDEX wanted_rollout_open_idx ON wanted_rollout (rollout_id) WHERE NOT settled;

-- What the keeper remembers of the whole. One row.
CREATE TABLE wanted_keeper (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  -- Grows with every artifact that comes or goes.
  catalog_changes bigint NOT NULL DEFAULT '0'::bigint,
  -- Up to which id gateways were looked at in the slow round over all.
  looked_after text NOT NULL DEFAULT '',
  -- Whose turn it is, and until when: what is read earlier is not to be written later.
  keeper text,
  kept_until timestamptz(3)
);
INSERT INTO wanted_keeper DEFAULT VALUES;

CREATE FUNCTION leonore_catalog_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE wanted_keeper SET catalog_changes = catalog_changes + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER artifact_changed AFTER INSERT OR DELETE ON artifact FOR EACH STATEMENT EXECUTE FUNCTION leonore_catalog_changed();

-- What of a profile lasts: without what changes from minute to minute.
CREATE FUNCTION leonore_lasting(profile jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (profile - 'state') #- '{hardware,memoryFree}' #- '{hardware,diskFree}' #- '{hardware,load}' #- '{hardware,uptimeSeconds}'
    || jsonb_build_object('damaged', profile #> '{state,damaged}')
$$;

-- A gateway is marked while somebody wants to know; what it was given is of interest always.
CREATE FUNCTION leonore_mark_gateway() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.values_given IS DISTINCT FROM OLD.values_given
    OR EXISTS (SELECT FROM wanted_state WHERE ended_at IS NULL)
    OR EXISTS (SELECT FROM shared_value WHERE selector IS NOT NULL)
  THEN
    NEW.mark := nextval('gateway_mark');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER gateway_came BEFORE INSERT ON gateway FOR EACH ROW EXECUTE FUNCTION leonore_mark_gateway();
CREATE TRIGGER gateway_differs BEFORE UPDATE OF state, labels, installed, profile, values_given ON gateway FOR EACH ROW
  WHEN ((OLD.state, OLD.labels, OLD.installed, OLD.values_given) IS DISTINCT FROM (NEW.state, NEW.labels, NEW.installed, NEW.values_given)
    OR OLD.profile IS DISTINCT FROM NEW.profile AND leonore_lasting(OLD.profile) IS DISTINCT FROM leonore_lasting(NEW.profile))
  EXECUTE FUNCTION leonore_mark_gateway();
