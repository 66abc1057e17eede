-- A campaign brings a deployment to new versions in phases, each of which is a rollout.
CREATE TABLE campaign (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  -- As asked for, and what they selected when it was started: all phases get the same versions.
  requests text[] NOT NULL,
  selected text[] NOT NULL,
  deployment_name text,
  gateway_ids text[] NOT NULL DEFAULT '{}',
  selector text,
  strategy jsonb NOT NULL,
  options jsonb NOT NULL,
  -- What it remembers between decisions (domain/campaign/facts.ts); state and reason are what people are told: a wish
  -- shows in them before it is taken in.
  status jsonb NOT NULL,
  state text NOT NULL DEFAULT 'waiting',
  reason text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  members_chosen_at timestamptz(3),
  -- Since when it brings back what was.
  way_back_at timestamptz(3),
  workflow_started_at timestamptz(3),
  compared_at timestamptz(3),
  ended_at timestamptz(3),
  CONSTRAINT campaign_target_check CHECK (num_nonnulls(deployment_name, nullif(gateway_ids, '{}'), selector) = 1)
);
CREATE INDEX campaign_created_at_idx ON campaign (created_at);
CREATE INDEX campaign_open_idx ON campaign (created_at) WHERE ended_at IS NULL;

CREATE TABLE campaign_phase (
  campaign_id uuid NOT NULL REFERENCES campaign (id) ON DELETE CASCADE,
  phase integer NOT NULL,
  name text NOT NULL,
  size integer NOT NULL,
  started_at timestamptz(3),
  -- When members that had not begun were last given work, and when others were last given another try.
  last_slice_at timestamptz(3),
  last_retry_at timestamptz(3),
  -- When those that succeeded were last asked how they are.
  asked_at timestamptz(3),
  PRIMARY KEY (campaign_id, phase)
);

CREATE TABLE campaign_member (
  campaign_id uuid NOT NULL REFERENCES campaign (id) ON DELETE CASCADE,
  gateway_id text NOT NULL,
  phase integer NOT NULL,
  -- Its place in the order in which the members of a campaign are served.
  ordinal integer NOT NULL,
  -- The work that it was given last: of its phase, a retry of it, or the way back.
  rollout_id uuid,
  -- Deliveries that it has had: 1 after the first.
  attempts smallint NOT NULL DEFAULT 0,
  -- What was installed when it was first given work: {installed, digest}.
  before jsonb,
  -- Work that it was given on its way back to that, and whether it is at the end of it.
  back_tries smallint NOT NULL DEFAULT 0,
  back_ended boolean NOT NULL DEFAULT false,
  -- Why the way back leaves it as it is; null: it does not, or there is none.
  left_because text,
  PRIMARY KEY (campaign_id, gateway_id)
);
CREATE INDEX campaign_member_campaign_id_phase_ordinal_idx ON campaign_member (campaign_id, phase, ordinal);
CREATE INDEX campaign_member_rollout_id_idx ON campaign_member (rollout_id);

-- What happened to a campaign: verbs with who and why, and what it did by itself (who: null).
CREATE TABLE campaign_event (
  id bigserial PRIMARY KEY,
  campaign_id uuid NOT NULL REFERENCES campaign (id) ON DELETE CASCADE,
  kind text NOT NULL,
  who text,
  why text,
  detail jsonb NOT NULL DEFAULT '{}',
  at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX campaign_event_campaign_id_idx ON campaign_event (campaign_id);

-- Which of a campaign's work a rollout, or an order, is.
ALTER TABLE rollout
  ADD COLUMN work text CHECK (work IN ('phase', 'retry', 'roll-back')),
  ADD CONSTRAINT rollout_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id);
CREATE INDEX rollout_campaign_id_idx ON rollout (campaign_id);
