-- A wanted state may bring new versions out by campaigns (docs/wanted-state.md#by-a-strategy).
ALTER TABLE wanted_state
  -- How its campaigns go through the gateways; null: all that are due at once.
  ADD COLUMN strategy jsonb,
  -- A campaign brings the first version: nothing else is started before that has ended well.
  ADD COLUMN held_back boolean NOT NULL DEFAULT false,
  -- Why a newer version is not brought out, in words, and when it was last tried in vain.
  ADD COLUMN problem text,
  ADD COLUMN problem_at timestamptz(3);

-- Campaigns that a wanted state has started.
CREATE TABLE wanted_campaign (
  campaign_id uuid PRIMARY KEY REFERENCES campaign (id) ON DELETE CASCADE,
  wanted_state_id uuid NOT NULL REFERENCES wanted_state (id) ON DELETE CASCADE,
  -- It has ended, and the wanted state has learned from it.
  settled boolean NOT NULL DEFAULT false
);
CREATE INDEX wanted_campaign_wanted_state_id_idx ON wanted_campaign (wanted_state_id);
CREATE INDEX wanted_campaign_open_idx ON wanted_campaign (campaign_id) WHERE NOT settled;
