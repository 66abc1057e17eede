-- Who a gateway is (docs/decisions/0014): the first enrolment binds its id to a key, and only that key proves it from then
-- on. What the operator says of it and what it says itself are two things.
ALTER TABLE gateway
  ADD COLUMN key text,
  ADD COLUMN key_secret bytea,
  ADD COLUMN counter bigint NOT NULL DEFAULT '0'::bigint,
  ADD COLUMN confirmed boolean NOT NULL DEFAULT true,
  ADD COLUMN readmitted boolean NOT NULL DEFAULT false,
  ADD COLUMN registered_from text,
  ADD COLUMN enrolment_id uuid,
  ADD COLUMN operator_labels jsonb NOT NULL DEFAULT '{}',
  -- Those that are there keep the labels that their deployments know them by.
  ADD COLUMN reported_labels text[] NOT NULL DEFAULT '{*}';
ALTER TABLE gateway DROP CONSTRAINT gateway_state_check;
ALTER TABLE gateway
  ADD CONSTRAINT gateway_state_check CHECK (state IN ('pending', 'queued', 'active', 'decommissioned')),
  ALTER COLUMN confirmed SET DEFAULT false,
  ALTER COLUMN reported_labels SET DEFAULT '{}';
CREATE INDEX gateway_pending_idx ON gateway (id) WHERE state = 'pending';

-- As domain/gateway/labels.ts says it.
CREATE FUNCTION leonore_labels(operator jsonb, allowed text[], reported jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE
  PARALLEL SAFE AS $$
  SELECT CASE
    WHEN reported IS NULL OR allowed = '{}' THEN '{}'::jsonb
    WHEN '*' = ANY (allowed) THEN reported
    ELSE (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(reported) WHERE key = ANY (allowed))
  END || operator
$$;

-- Registrations that were refused because the id belongs to a gateway. Few of each gateway are kept.
CREATE TABLE gateway_contest (
  gateway_id text NOT NULL REFERENCES gateway (id) ON DELETE CASCADE,
  reason text NOT NULL,
  key text NOT NULL,
  address text NOT NULL,
  count integer NOT NULL DEFAULT 1,
  first_at timestamptz(3) NOT NULL DEFAULT now(),
  last_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (gateway_id, reason, key)
);
CREATE INDEX gateway_contest_last_at_idx ON gateway_contest (last_at);

-- Tokens with which gateways may enrol; only their hashes are kept.
CREATE TABLE enrolment (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL,
  token_hash bytea NOT NULL,
  ids text[] NOT NULL,
  labels jsonb NOT NULL,
  reported_labels text[] NOT NULL,
  node_id text,
  keyless boolean NOT NULL,
  approval text NOT NULL CHECK (approval IN ('automatic', 'person')),
  most integer,
  used integer NOT NULL DEFAULT 0,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3)
);
CREATE UNIQUE INDEX enrolment_name_key ON enrolment (name);
CREATE UNIQUE INDEX enrolment_token_hash_key ON enrolment (token_hash);

-- Gateways that are to come: what is known of them, and the one-time code by which they enrol.
CREATE TABLE expected_gateway (
  gateway_id text PRIMARY KEY,
  labels jsonb NOT NULL DEFAULT '{}',
  node_id text,
  code_hash bytea,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3)
);

-- Nodes remember the secret of a symmetric key as well: a change of it is announced like that of a token.
DROP TRIGGER gateway_changed ON gateway;
CREATE TRIGGER gateway_changed AFTER UPDATE OF token_hash, key_secret, node_id, state, profile_wanted ON gateway FOR EACH ROW
  WHEN ((OLD.token_hash, OLD.key_secret, OLD.node_id, OLD.state, OLD.profile_wanted)
        IS DISTINCT FROM (NEW.token_hash, NEW.key_secret, NEW.node_id, NEW.state, NEW.profile_wanted))
  EXECUTE FUNCTION leonore_gateway_changed();
