-- The pool of nodes: what was configured, and what it remembers.
CREATE TABLE node_pool (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  strategy text NOT NULL DEFAULT 'load',
  threshold integer NOT NULL DEFAULT 500 CHECK (threshold > 0),
  min_nodes integer NOT NULL DEFAULT 1 CHECK (min_nodes >= 0),
  max_nodes integer NOT NULL DEFAULT 0 CHECK (max_nodes >= 0),
  settle_ms integer NOT NULL DEFAULT 60000 CHECK (settle_ms >= 0),
  node_prefix text NOT NULL DEFAULT 'node-',
  first_number integer NOT NULL DEFAULT 1 CHECK (first_number >= 0),
  low_since timestamptz(3),
  watched_since timestamptz(3) NOT NULL DEFAULT now(),
  watched_at timestamptz(3) NOT NULL DEFAULT now()
);
INSERT INTO node_pool DEFAULT VALUES;

ALTER TABLE node DROP CONSTRAINT node_state_check;
ALTER TABLE node
  ADD CONSTRAINT node_state_check CHECK (state IN ('launching', 'active', 'draining', 'dead', 'stopped')),
  ADD COLUMN origin text NOT NULL DEFAULT 'own' CHECK (origin IN ('own', 'operator', 'pool')),
  ADD COLUMN labels jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN requested_at timestamptz(3),
  ADD COLUMN launched_at timestamptz(3),
  ADD COLUMN shared_at timestamptz(3),
  ADD COLUMN drain_since timestamptz(3),
  ADD COLUMN due_at timestamptz(3),
  ADD COLUMN attempts integer NOT NULL DEFAULT 0,
  ADD COLUMN problem text;

-- A gateway for which no node has room is queued: known, but nowhere yet.
ALTER TABLE gateway DROP CONSTRAINT gateway_state_check;
ALTER TABLE gateway
  ADD CONSTRAINT gateway_state_check CHECK (state IN ('queued', 'active', 'decommissioned')),
  ADD COLUMN queued_at timestamptz(3);
CREATE INDEX gateway_queued_idx ON gateway (queued_at, id) WHERE state = 'queued';

-- Nodes that are there already have what is theirs.
UPDATE node SET shared_at = started_at;
