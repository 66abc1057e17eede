-- Who is told of what happens, by requests that LEONORE sends (docs/webhooks.md).
CREATE TABLE webhook (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL,
  url text NOT NULL,
  -- Types of the events that it is told of.
  events text[] NOT NULL,
  -- What its requests are signed with, sealed; the one before it signs them too for a while.
  secret bytea NOT NULL,
  previous_secret bytea,
  previous_until timestamptz(3),
  created_by text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  -- Deliveries that went unmade because there were too many.
  dropped bigint NOT NULL DEFAULT '0'::bigint,
  -- Attempts in a row that failed, and until when it is left alone after them.
  failures integer NOT NULL DEFAULT 0,
  rests_until timestamptz(3),
  -- When its workflow was woken last.
  woken_at timestamptz(3)
);
CREATE UNIQUE INDEX webhook_name_key ON webhook (name);

-- What a webhook is to be told, or was. Written with what makes it true, by the same statement or transaction.
CREATE TABLE webhook_delivery (
  -- By which the receiver knows it: the same however often it is sent.
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  -- The order in which they came.
  place bigserial NOT NULL,
  webhook_id uuid NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
  type text NOT NULL,
  data jsonb NOT NULL,
  occurred_at timestamptz(3) NOT NULL DEFAULT now(),
  -- dead: it was tried as often as it is tried; somebody may have it tried again.
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'dead')),
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz(3) NOT NULL DEFAULT now(),
  -- Of the last attempt: what was answered, and in words why that does not count.
  tried_at timestamptz(3),
  status integer,
  problem text
);
CREATE INDEX webhook_delivery_webhook_id_state_place_idx ON webhook_delivery (webhook_id, state, place);
CREATE INDEX webhook_delivery_due_idx ON webhook_delivery (due_at) WHERE state = 'waiting';

-- Deliveries of one webhook that may wait: a receiver that is away for days is not told all of it.
CREATE FUNCTION leonore_webhook_backlog() RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 1000 $$;

-- The oldest go, and are counted. Whoever is at work on one of them keeps it.
CREATE FUNCTION leonore_bound_webhooks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  WITH gone AS (
    DELETE FROM webhook_delivery WHERE id IN (
      SELECT d.id FROM (SELECT DISTINCT webhook_id FROM entered) e
      CROSS JOIN LATERAL (
        SELECT place FROM webhook_delivery k WHERE k.webhook_id = e.webhook_id AND k.state = 'waiting'
        ORDER BY place DESC OFFSET leonore_webhook_backlog() LIMIT 1) last
      JOIN webhook_delivery d ON d.webhook_id = e.webhook_id AND d.state = 'waiting' AND d.place <= last.place
      FOR UPDATE OF d SKIP LOCKED)
    RETURNING webhook_id
  )
  UPDATE webhook w SET dropped = w.dropped + g.count
  FROM (SELECT webhook_id, count(*) AS count FROM gone GROUP BY webhook_id) g WHERE w.id = g.webhook_id;
  RETURN NULL;
END $$;
CREATE TRIGGER webhook_delivery_bounded AFTER INSERT ON webhook_delivery REFERENCING NEW TABLE AS entered
  FOR EACH STATEMENT EXECUTE FUNCTION leonore_bound_webhooks();
