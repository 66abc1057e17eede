-- Who acts: principals have tokens, of which only hashes are kept, and roles within scopes.
CREATE TABLE management_token (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL,
  token_hash bytea NOT NULL,
  -- Roles, each with its scope: an array of {role, scope}.
  grants jsonb NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3),
  last_used_at timestamptz(3)
);
CREATE UNIQUE INDEX management_token_name_key ON management_token (name);

-- Within which scopes something was asked for: selectors of which any must match; none: the whole fleet.
ALTER TABLE deployment ADD COLUMN scopes text[] NOT NULL DEFAULT '{}';
ALTER TABLE rollout
  ADD COLUMN scopes text[] NOT NULL DEFAULT '{}',
  -- Name of the principal that asked for it; null when nobody is known.
  ADD COLUMN created_by text;
CREATE INDEX gateway_operator_labels_idx ON gateway USING gin (operator_labels jsonb_path_ops);
