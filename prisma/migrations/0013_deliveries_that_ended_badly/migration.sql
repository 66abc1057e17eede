-- Whoever looks for what went wrong reads those few, and not a rollout's many that went well. They are written once, at
-- their end.
CREATE INDEX delivery_ended_badly_idx ON delivery (rollout_id, state, gateway_id)
  WHERE state IN ('failed', 'incompatible', 'lost', 'cancelled');
