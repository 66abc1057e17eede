-- When gateways may switch by a rollout of a campaign: by what their label says of their time zone. The row without a value
-- is of all whose label has none of the others.
CREATE TABLE rollout_window (
  rollout_id uuid NOT NULL REFERENCES rollout (id) ON DELETE CASCADE,
  label text NOT NULL,
  value text NOT NULL,
  -- [{fromSeconds, toSeconds}], as gateways are told (domain/agent-protocol/messages.ts).
  windows jsonb NOT NULL,
  PRIMARY KEY (rollout_id, value)
);
