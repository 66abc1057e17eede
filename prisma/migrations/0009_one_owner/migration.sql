-- One owner for every state (docs/decisions/0010): what a delivery costs is one insert, one placing and what its gateway
-- reports; what belongs to a chunk stands once with the chunk; counters are stored; orders are rollouts of an action.

-- Orders become rollouts of an action: the same deliveries, reports, deadlines and states.
ALTER TABLE rollout
  ADD COLUMN action text NOT NULL DEFAULT 'install',
  ADD COLUMN artifact text,
  ADD COLUMN waiting_for text,
  ADD COLUMN outcome_stale boolean NOT NULL DEFAULT false,
  ADD COLUMN start_attempts integer NOT NULL DEFAULT 0,
  ADD COLUMN compared_at timestamptz(3),
  ALTER COLUMN deployment_id DROP NOT NULL,
  ADD CONSTRAINT rollout_action_check CHECK (action IN ('install', 'uninstall', 'start', 'stop')),
  ADD CONSTRAINT rollout_target_check CHECK (
    CASE WHEN action = 'install' THEN deployment_id IS NOT NULL ELSE artifact IS NOT NULL END);
-- What the coordinator compares with Temporal again and again.
CREATE INDEX rollout_open_idx ON rollout (created_at) WHERE ended_at IS NULL;
CREATE INDEX rollout_outcome_stale_idx ON rollout (id) WHERE outcome_stale;
DROP INDEX rollout_unstarted_idx;

-- What happened to a rollout besides its steps: what was mended, which nodes it took with it.
CREATE TABLE rollout_event (
  id bigserial PRIMARY KEY,
  rollout_id uuid NOT NULL REFERENCES rollout (id) ON DELETE CASCADE,
  kind text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}',
  at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX rollout_event_rollout_id_idx ON rollout_event (rollout_id);
CREATE INDEX rollout_event_kind_idx ON rollout_event (kind);

-- At most 500 deliveries that are offered, waited for and lost together.
CREATE TABLE rollout_chunk (
  rollout_id uuid NOT NULL REFERENCES rollout (id) ON DELETE CASCADE,
  chunk integer NOT NULL,
  node_id text NOT NULL,
  size integer NOT NULL,
  open integer NOT NULL,
  offered_at timestamptz(3),
  deadline_at timestamptz(3),
  ended_at timestamptz(3),
  PRIMARY KEY (rollout_id, chunk)
) WITH (fillfactor = 50);
CREATE INDEX rollout_chunk_open_idx ON rollout_chunk (deadline_at) WHERE ended_at IS NULL;

-- Deliveries by state. Each process counts in rows of its own, so that none waits for another: the sum is the number.
CREATE TABLE rollout_count (
  rollout_id uuid NOT NULL,
  writer text NOT NULL,
  state text NOT NULL,
  count integer NOT NULL,
  PRIMARY KEY (rollout_id, writer, state)
) WITH (fillfactor = 50);

-- Which deliveries of a rollout a group has: the rows themselves are written once, when they get their place.
ALTER TABLE rollout_group
  ADD COLUMN ordinals int4multirange NOT NULL DEFAULT '{}',
  ADD COLUMN placed boolean NOT NULL DEFAULT false,
  -- What a task says of the chosen plan, so that a poll does not read all plans.
  ADD COLUMN changes jsonb;
UPDATE rollout_group SET changes = jsonb_build_object('remove', plans -> plan_index -> 'remove', 'removeFirst', plans -> plan_index -> 'removeFirst')
WHERE plan_index IS NOT NULL;

-- What happened to a delivery lies with it. No index holds what changes before its end, so that PostgreSQL may write
-- the new version of a row beside the old one (heap-only tuples).
ALTER TABLE delivery
  DROP CONSTRAINT delivery_rollout_id_fkey,
  DROP CONSTRAINT delivery_group_id_fkey,
  ADD COLUMN history jsonb NOT NULL DEFAULT '[]';

-- Each event as what it was: a report of the gateway has a sequence, what LEONORE did has none.
UPDATE delivery d SET history = e.history FROM (
  SELECT rollout_id, ordinal, jsonb_agg(jsonb_build_object('at', received_at) || CASE
           WHEN sequence IS NOT NULL THEN jsonb_build_object('reports', jsonb_build_array(
             jsonb_build_object('state', state, 'sequence', sequence) || coalesce(detail, '{}')))
           ELSE jsonb_build_object('event', CASE state WHEN 'succeeded' THEN 'satisfied' WHEN 'failed' THEN 'unserved'
                                                       WHEN 'lost' THEN 'silent' ELSE state END) || coalesce(detail, '{}')
         END ORDER BY id) AS history
  FROM delivery_event WHERE state <> 'offered' GROUP BY rollout_id, ordinal
) e WHERE e.rollout_id = d.rollout_id AND e.ordinal = d.ordinal;
-- Some ends were stored without an event: those that no report told of.
UPDATE delivery SET history = history || jsonb_build_object('at', coalesce(ended_at, updated_at), 'event',
  CASE state WHEN 'succeeded' THEN 'satisfied' WHEN 'failed' THEN 'unserved' WHEN 'lost' THEN 'silent'
             WHEN 'cancelled' THEN CASE WHEN history @? '$[*].reports[*] ? (@.state == "installing")' THEN 'decommissioned' ELSE 'cancelled' END
             ELSE state END)
WHERE ended_at IS NOT NULL AND sequence = 0 AND history = '[]'
   OR state = 'cancelled' AND NOT history @? '$[*] ? (@.event == "cancelled")';
DROP TABLE delivery_event;

DROP TRIGGER delivery_task_changed ON delivery;
DROP TRIGGER gateway_order_changed ON gateway_order;
DROP FUNCTION leonore_task_changed;
INSERT INTO rollout_chunk (rollout_id, chunk, node_id, size, open, offered_at, deadline_at, ended_at)
SELECT rollout_id, chunk, coalesce(max(node_id), ''), max(slot) + 1, count(*) FILTER (WHERE d.ended_at IS NULL),
       max(deadline_at) - max((r.options ->> 'deadlineSeconds')::int) * interval '1 second', max(deadline_at),
       CASE WHEN count(*) FILTER (WHERE d.ended_at IS NULL) = 0 THEN max(d.ended_at) END
FROM delivery d JOIN rollout r ON r.id = d.rollout_id WHERE chunk IS NOT NULL GROUP BY rollout_id, chunk;
UPDATE delivery SET state = 'pending' WHERE state = 'offered';
UPDATE rollout_group g SET placed = true, ordinals = m.ordinals FROM (
  SELECT group_id, range_agg(int4range(ordinal, ordinal + 1)) AS ordinals FROM delivery WHERE group_id IS NOT NULL GROUP BY group_id
) m WHERE m.group_id = g.id AND g.state <> 'planned';
DELETE FROM rollout_group WHERE state = 'planned';
UPDATE delivery SET group_id = NULL WHERE chunk IS NULL AND ended_at IS NULL;

DROP INDEX delivery_rollout_id_chunk_idx;
DROP INDEX delivery_group_id_idx;
DROP INDEX delivery_unfinished_idx;
ALTER TABLE delivery DROP COLUMN deadline_at;
ALTER TABLE delivery SET (fillfactor = 50);
CREATE INDEX delivery_rollout_id_chunk_idx ON delivery (rollout_id, chunk) WHERE chunk IS NOT NULL;
-- The question that every poll asks: has this gateway a task? Only deliveries that have not ended are in the index.
CREATE INDEX delivery_open_idx ON delivery (gateway_id) WHERE ended_at IS NULL;

-- Orders as they were given so far.
INSERT INTO rollout (id, requests, action, artifact, state, request_digest, options, created_at, workflow_started_at, ended_at)
SELECT order_id, '{}', min(action), min(artifact),
       CASE WHEN bool_or(ended_at IS NULL) THEN 'running' WHEN bool_and(state = 'succeeded') THEN 'succeeded'
            WHEN bool_or(state = 'succeeded') THEN 'partly' WHEN bool_and(state = 'cancelled') THEN 'cancelled' ELSE 'failed' END,
       'order', jsonb_build_object('deadlineSeconds', greatest(1, extract(epoch FROM max(deadline_at) - min(created_at))::int)),
       min(created_at), min(created_at), CASE WHEN NOT bool_or(ended_at IS NULL) THEN max(ended_at) END
FROM gateway_order GROUP BY order_id;
INSERT INTO delivery (rollout_id, ordinal, gateway_id, node_id, chunk, slot, state, protocol, strategy, sequence, error, updated_at, ended_at)
SELECT o.order_id, o.place, o.gateway_id, g.node_id, o.place / 500, o.place % 500,
       CASE WHEN o.state = 'offered' THEN 'pending' ELSE o.state END, g.protocol, g.strategy, o.sequence, o.error, o.updated_at, o.ended_at
FROM (SELECT *, (row_number() OVER (PARTITION BY order_id ORDER BY number))::int - 1 AS place FROM gateway_order) o
JOIN gateway g ON g.id = o.gateway_id;
INSERT INTO rollout_chunk (rollout_id, chunk, node_id, size, open, offered_at, deadline_at, ended_at)
SELECT d.rollout_id, d.chunk, '', max(d.slot) + 1, count(*) FILTER (WHERE d.ended_at IS NULL), r.created_at,
       r.created_at + (r.options ->> 'deadlineSeconds')::int * interval '1 second',
       CASE WHEN count(*) FILTER (WHERE d.ended_at IS NULL) = 0 THEN max(d.ended_at) END
FROM delivery d JOIN rollout r ON r.id = d.rollout_id WHERE r.action <> 'install' GROUP BY d.rollout_id, d.chunk, r.id;
DROP TABLE gateway_order;

INSERT INTO rollout_count (rollout_id, writer, state, count)
SELECT d.rollout_id, '', CASE WHEN d.state = 'pending' AND c.offered_at IS NOT NULL THEN 'offered' ELSE d.state END AS state, count(*)
FROM delivery d LEFT JOIN rollout_chunk c ON c.rollout_id = d.rollout_id AND c.chunk = d.chunk GROUP BY 1, 3;

-- What a gateway reports goes with its own node, which knows; whatever else changes what it is to be told is announced
-- by the statement that changes it, many gateways in one announcement.
CREATE FUNCTION leonore_tell_nodes(gateway_ids text[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  announcements integer;
BEGIN
  PERFORM pg_notify('leonore_node_' || md5(told.node_id), told.ids) FROM (
    SELECT t.node_id, string_agg(t.id, E'\n') AS ids FROM (
      -- A payload holds 8,000 bytes, an id 128 characters.
      SELECT g.node_id, g.id, (row_number() OVER (PARTITION BY g.node_id) - 1) / 50 AS piece
      FROM gateway g WHERE g.id = ANY (gateway_ids) AND g.node_id IS NOT NULL
    ) t GROUP BY t.node_id, t.piece
  ) told;
  GET DIAGNOSTICS announcements = ROW_COUNT;
  RETURN announcements;
END $$;

-- After an absence of the coordinators, or a restore from an older copy, gateways are asked for what they have: up to
-- which id they have been; null when that is not under way.
ALTER TABLE node_pool ADD COLUMN profiles_after text;

-- What a gateway has installed changes without touching an index.
ALTER TABLE gateway SET (fillfactor = 80);
