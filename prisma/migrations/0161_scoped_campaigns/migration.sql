-- Within which scopes a campaign was asked for: selectors of which any must match; none: the whole fleet.
ALTER TABLE campaign ADD COLUMN scopes text[] NOT NULL DEFAULT '{}';
