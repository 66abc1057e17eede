-- A rollout goes to what is named: a deployment, gateways, or all that a selector matches; or it is a phase of a campaign.
ALTER TABLE rollout
  -- Whom it goes to, as people read it: a deployment by its name, which stays when the deployment is removed.
  ADD COLUMN target text,
  ADD COLUMN gateway_ids text[] NOT NULL DEFAULT '{}',
  ADD COLUMN selector text,
  ADD COLUMN campaign_id uuid,
  ADD COLUMN phase integer,
  -- Names of what is asked for, without their ranges: what newer work is compared by.
  ADD COLUMN names text[] NOT NULL DEFAULT '{}';
UPDATE rollout r SET names = ARRAY(SELECT DISTINCT substring(request FROM '^.[^@]*') FROM unnest(r.requests) AS request);
UPDATE rollout r SET target = d.name FROM deployment d WHERE d.id = r.deployment_id;
ALTER TABLE rollout DROP CONSTRAINT rollout_target_check, DROP CONSTRAINT rollout_deployment_id_fkey,
  ADD CONSTRAINT rollout_deployment_id_fkey FOREIGN KEY (deployment_id) REFERENCES deployment (id) ON DELETE SET NULL,
  ADD CONSTRAINT rollout_target_check CHECK (
    CASE action
      WHEN 'install' THEN target IS NOT NULL
        -- None of them: the deployment that is called so.
        AND num_nonnulls(deployment_id, nullif(gateway_ids, '{}'), selector, campaign_id) <= 1
        AND (campaign_id IS NULL) = (phase IS NULL)
      WHEN 'wipe' THEN artifact = ''
      ELSE artifact IS NOT NULL END);

-- A deployment by a selector is live, or it keeps those whom the selector matched when it was given; one by a list is frozen.
ALTER TABLE deployment
  ADD COLUMN mode text NOT NULL DEFAULT 'live' CHECK (mode IN ('live', 'frozen'));
UPDATE deployment SET mode = 'frozen' WHERE selector IS NULL;
CREATE TABLE deployment_member (
  deployment_id uuid NOT NULL REFERENCES deployment (id) ON DELETE CASCADE,
  gateway_id text NOT NULL,
  PRIMARY KEY (deployment_id, gateway_id)
);

-- Newer work for the same takes the place of what has not begun.
ALTER TABLE delivery DROP CONSTRAINT delivery_state_check,
  ADD CONSTRAINT delivery_state_check CHECK (state IN (
    'pending', 'offered', 'downloading', 'installing', 'succeeded', 'failed', 'incompatible', 'lost', 'cancelled', 'superseded'));
ALTER TABLE rollout DROP CONSTRAINT rollout_state_check,
  ADD CONSTRAINT rollout_state_check CHECK (state IN (
    'requested', 'running', 'cancelling', 'succeeded', 'partly', 'failed', 'cancelled', 'superseded'));
DROP INDEX delivery_ended_badly_idx;
CREATE INDEX delivery_ended_badly_idx ON delivery (rollout_id, state, gateway_id)
  WHERE state IN ('failed', 'incompatible', 'lost', 'cancelled', 'superseded');
