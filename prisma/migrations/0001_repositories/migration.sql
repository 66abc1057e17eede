-- The repositories of the paper: artifacts, gateways, packages; and what provisioning itself needs to remember.

CREATE TABLE artifact (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL,
  version text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('application', 'library', 'tool', 'hardware')),
  manifest jsonb NOT NULL,
  digest text NOT NULL,
  size_bytes bigint NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT artifact_name_version_key UNIQUE (name, version)
);

CREATE TABLE artifact_provision (
  artifact_id uuid NOT NULL REFERENCES artifact (id) ON DELETE CASCADE,
  name text NOT NULL,
  PRIMARY KEY (artifact_id, name)
);
CREATE INDEX artifact_provision_name_idx ON artifact_provision (name);

CREATE TABLE artifact_file (
  artifact_id uuid NOT NULL REFERENCES artifact (id) ON DELETE CASCADE,
  path text NOT NULL,
  sha256 text NOT NULL,
  size_bytes bigint NOT NULL,
  mode text NOT NULL CHECK (mode IN ('0644', '0755')),
  PRIMARY KEY (artifact_id, path)
);
CREATE INDEX artifact_file_sha256_idx ON artifact_file (sha256);

CREATE TABLE node (
  id text PRIMARY KEY,
  address text NOT NULL,
  incarnation uuid NOT NULL,
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'draining', 'dead', 'stopped')),
  gateway_count integer NOT NULL DEFAULT 0,
  stats jsonb NOT NULL DEFAULT '{}',
  started_at timestamptz(3) NOT NULL DEFAULT now(),
  heartbeat_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE gateway (
  id text PRIMARY KEY,
  mac text,
  name text,
  profile jsonb NOT NULL,
  strategies text[] NOT NULL,
  protocols text[] NOT NULL,
  protocol text NOT NULL,
  strategy text NOT NULL,
  labels jsonb NOT NULL,
  installed jsonb NOT NULL,
  push_address text,
  node_id text REFERENCES node (id),
  token_hash bytea NOT NULL,
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'decommissioned')),
  agent_version text,
  profile_wanted boolean NOT NULL DEFAULT false,
  registered_at timestamptz(3) NOT NULL DEFAULT now(),
  last_seen_at timestamptz(3) NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
CREATE INDEX gateway_node_id_idx ON gateway (node_id);

CREATE TABLE deployment (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL CONSTRAINT deployment_name_key UNIQUE,
  gateway_ids text[] NOT NULL,
  selector text,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE package (
  id text PRIMARY KEY,
  recipe text NOT NULL CONSTRAINT package_recipe_key UNIQUE,
  archive_digest text NOT NULL,
  size_bytes bigint NOT NULL,
  installed_bytes bigint NOT NULL,
  artifacts text[] NOT NULL,
  log text NOT NULL,
  built_by text NOT NULL,
  built_at timestamptz(3) NOT NULL DEFAULT now(),
  last_needed_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX package_archive_digest_idx ON package (archive_digest);
CREATE INDEX package_last_needed_at_idx ON package (last_needed_at);

CREATE TABLE rollout (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  requests text[] NOT NULL,
  deployment_id uuid NOT NULL REFERENCES deployment (id),
  state text NOT NULL DEFAULT 'requested'
    CHECK (state IN ('requested', 'running', 'cancelling', 'succeeded', 'partly', 'failed', 'cancelled')),
  idempotency_key text CONSTRAINT rollout_idempotency_key_key UNIQUE,
  request_digest text NOT NULL,
  options jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  workflow_started_at timestamptz(3),
  cancel_requested_at timestamptz(3),
  ended_at timestamptz(3),
  failure jsonb
);
CREATE INDEX rollout_created_at_idx ON rollout (created_at);
-- What the coordinator looks at again and again: rollouts whose workflow was never started.
CREATE INDEX rollout_unstarted_idx ON rollout (created_at) WHERE workflow_started_at IS NULL;

CREATE TABLE rollout_step (
  rollout_id uuid NOT NULL REFERENCES rollout (id) ON DELETE CASCADE,
  step text NOT NULL CHECK (step IN ('i', 'ii', 'iii', 'iv', 'v', 'vi', 'vii', 'viii')),
  node_id text NOT NULL DEFAULT '',
  started_at timestamptz(3) NOT NULL DEFAULT now(),
  ended_at timestamptz(3),
  PRIMARY KEY (rollout_id, step, node_id)
);

CREATE TABLE rollout_group (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  rollout_id uuid NOT NULL REFERENCES rollout (id) ON DELETE CASCADE,
  node_id text NOT NULL,
  state text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'built', 'failed', 'incompatible')),
  gateways integer NOT NULL,
  plans jsonb NOT NULL,
  plan_index integer,
  package_id text REFERENCES package (id),
  attempts jsonb NOT NULL DEFAULT '[]',
  explanation text
);
CREATE INDEX rollout_group_rollout_id_node_id_idx ON rollout_group (rollout_id, node_id);
CREATE INDEX rollout_group_package_id_idx ON rollout_group (package_id);

CREATE TABLE delivery (
  rollout_id uuid NOT NULL REFERENCES rollout (id) ON DELETE CASCADE,
  ordinal integer NOT NULL,
  gateway_id text NOT NULL,
  node_id text,
  group_id uuid REFERENCES rollout_group (id),
  chunk integer,
  slot integer,
  state text NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'offered', 'downloading', 'installing', 'succeeded', 'failed', 'incompatible', 'lost', 'cancelled')),
  protocol text NOT NULL,
  strategy text NOT NULL,
  sequence integer NOT NULL DEFAULT 0,
  error jsonb,
  deadline_at timestamptz(3),
  notified_at timestamptz(3),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  ended_at timestamptz(3),
  PRIMARY KEY (rollout_id, ordinal)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX delivery_rollout_id_gateway_id_key ON delivery (rollout_id, gateway_id);
CREATE INDEX delivery_rollout_id_chunk_idx ON delivery (rollout_id, chunk);
CREATE INDEX delivery_group_id_idx ON delivery (group_id);
-- The question that every poll asks: has this gateway a task? Only unfinished deliveries are in the index.
CREATE INDEX delivery_unfinished_idx ON delivery (gateway_id)
  WHERE state IN ('pending', 'offered', 'downloading', 'installing');

CREATE TABLE delivery_event (
  id bigserial PRIMARY KEY,
  rollout_id uuid NOT NULL,
  ordinal integer NOT NULL,
  sequence integer,
  state text NOT NULL,
  detail jsonb,
  received_at timestamptz(3) NOT NULL DEFAULT now(),
  FOREIGN KEY (rollout_id, ordinal) REFERENCES delivery (rollout_id, ordinal) ON DELETE CASCADE
);
-- A report met again is a duplicate; what LEONORE itself did has no sequence and is never one.
CREATE UNIQUE INDEX delivery_event_rollout_id_ordinal_sequence_key ON delivery_event (rollout_id, ordinal, sequence);
