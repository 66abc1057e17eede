-- Which deliveries a node's share of planning was about, and which of them were in it when the node died: what was in two
-- that took their nodes with them is not handed to a third.
ALTER TABLE rollout_step ADD COLUMN members int4multirange;
ALTER TABLE rollout_event ADD COLUMN members int4multirange;
