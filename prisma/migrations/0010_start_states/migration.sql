-- A task names the state of the gateway that it was planned for; a gateway in another one refuses it, and is planned for
-- anew (docs/agent-protocol.md).

ALTER TABLE delivery
  -- Digest that the gateway had named when this was planned; null when it names none.
  ADD COLUMN start_state text,
  -- Times that it was planned anew: part of the delivery's id, so that what was refused stays refused.
  ADD COLUMN attempt smallint NOT NULL DEFAULT 0,
  -- The gateway refused it, and it is to be planned anew: until then nothing is offered.
  ADD COLUMN replan boolean NOT NULL DEFAULT false,
  -- What an order says of this gateway alone: {also, keepData}.
  ADD COLUMN changes jsonb;
CREATE INDEX delivery_replan_idx ON delivery (rollout_id, ordinal) WHERE replan;

-- Start states of a group's deliveries, in the order of their ordinals, until these get their
-- places; empty when no gateway names one.
ALTER TABLE rollout_group ADD COLUMN start_states text[] NOT NULL DEFAULT '{}';

-- A gateway can be emptied as a whole: that is an order about no single artifact.
ALTER TABLE rollout DROP CONSTRAINT rollout_action_check, DROP CONSTRAINT rollout_target_check,
  ADD CONSTRAINT rollout_action_check CHECK (action IN ('install', 'uninstall', 'start', 'stop', 'wipe')),
  ADD CONSTRAINT rollout_target_check CHECK (
    CASE action WHEN 'install' THEN deployment_id IS NOT NULL WHEN 'wipe' THEN artifact = '' ELSE artifact IS NOT NULL END);
