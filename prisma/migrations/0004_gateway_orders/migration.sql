-- Orders: what gateways are asked to do with an artifact that they have, besides what rollouts deliver.
CREATE TABLE gateway_order (
  number bigserial PRIMARY KEY,
  order_id uuid NOT NULL,
  gateway_id text NOT NULL REFERENCES gateway (id),
  action text NOT NULL,
  artifact text NOT NULL,
  state text NOT NULL DEFAULT 'offered',
  sequence integer NOT NULL DEFAULT 0,
  error jsonb,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  deadline_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  ended_at timestamptz(3)
);
CREATE UNIQUE INDEX gateway_order_order_id_gateway_id_key ON gateway_order (order_id, gateway_id);
-- Every poll asks for these; only open orders are in the index.
CREATE INDEX gateway_order_open_idx ON gateway_order (gateway_id) WHERE ended_at IS NULL;

-- Push gateways that their node is to notify.
ALTER TABLE gateway ADD COLUMN wake boolean NOT NULL DEFAULT false;
CREATE INDEX gateway_wake_idx ON gateway (node_id) WHERE wake;
