-- A fresh profile can be ordered as anything else.
ALTER TABLE rollout DROP CONSTRAINT rollout_action_check,
  ADD CONSTRAINT rollout_action_check CHECK (action IN ('install', 'uninstall', 'start', 'stop', 'wipe', 'profile'));
