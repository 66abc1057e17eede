-- Selectors of which any must match the gateways that a webhook is told of; none: the whole fleet.
ALTER TABLE webhook ADD COLUMN scopes text[] NOT NULL DEFAULT '{}';
-- When its receiver answered that it is no more (410): nothing is sent to it until somebody tries it.
ALTER TABLE webhook ADD COLUMN gone_at timestamptz(3);
