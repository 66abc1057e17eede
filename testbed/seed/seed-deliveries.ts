import type pg from 'pg';
import { endedStates, type DeliveryState } from '../../domain/delivery/state.js';
import { limits } from '../../domain/limits.js';

/** In a hundred deliveries, how many are in which state. */
type Spread = Partial<Record<DeliveryState, number>>;

const endedRollout: Spread = { succeeded: 94, failed: 3, incompatible: 2, lost: 1 };
/** What is offered is stored as `pending`, in chunks that are. */
const runningRollout: Spread = {
  pending: 40,
  downloading: 10,
  installing: 10,
  succeeded: 38,
  failed: 2,
};

/**
 * As many rollouts as it takes, each to all active gateways; the newest runs, those before have ended.
 * @returns how many rollouts there are
 */
export async function seedRollouts(
  client: pg.ClientBase,
  { deliveries, gateways, nodes }: { deliveries: number; gateways: number; nodes: number },
): Promise<number> {
  const { rows } = await client.query<{ id: string; gateways: number }>(
    `WITH everybody AS (
       INSERT INTO deployment (name, gateway_ids, selector) VALUES ('everybody', '{}', 'hardware.arch') RETURNING id
     ), active AS (
       SELECT count(*)::int AS count FROM gateway WHERE state = 'active'
     )
     INSERT INTO rollout (requests, names, deployment_id, target, state, request_digest, options, created_at, workflow_started_at, ended_at)
     SELECT ARRAY['thermometer@' || n || '.0.0'], '{thermometer}', everybody.id, 'everybody', CASE WHEN newest THEN 'running' ELSE 'partly' END,
            'seed', '{"deadlineSeconds":86400}', at, at, CASE WHEN NOT newest THEN at + interval '1 hour' END
     FROM everybody, active, generate_series(1, ceil($1::float8 / active.count)::int) AS n,
          LATERAL (SELECT n = ceil($1::float8 / active.count)::int AS newest,
                          now() - (ceil($1::float8 / active.count) - n) * interval '1 day' AS at) AS time
     ORDER BY n
     RETURNING id, (SELECT count FROM active) AS gateways`,
    [deliveries],
  );
  let rest = deliveries;
  for (const [index, rollout] of rows.entries()) {
    const spread = index === rows.length - 1 ? runningRollout : endedRollout;
    await seedDeliveries(client, rollout.id, Math.min(rest, rollout.gateways), spread, { gateways, nodes });
    rest -= rollout.gateways;
  }
  return rows.length;
}

/** One rollout's groups, one a node, its chunks, and deliveries, each with what happened to it; and the numbers. */
async function seedDeliveries(
  client: pg.ClientBase,
  rolloutId: string,
  count: number,
  spread: Spread,
  { gateways, nodes }: { gateways: number; nodes: number },
): Promise<void> {
  const states = Object.entries(spread).flatMap(([state, share]) => new Array<string>(share).fill(state));
  const chunksOfNode = Math.ceil(gateways / nodes / limits.chunkSize);
  await client.query(
    `WITH built AS (
       INSERT INTO package (id, recipe, archive_digest, size_bytes, installed_bytes, artifacts, log, built_by)
       VALUES ($1::text, encode(sha256($1::text::bytea), 'hex'), encode(sha256($1::text::bytea), 'hex'), 123000, 400000, ARRAY['thermometer@1.0.0'], '', 'node-1') RETURNING id
     ), planned AS (
       INSERT INTO rollout_group (rollout_id, node_id, state, gateways, plans, plan_index, package_id, placed, changes)
       SELECT $1::uuid, n.id, 'built', n.gateway_count, '[]', 0, built.id, true, '{"remove":[],"removeFirst":false}'
       FROM node n, built RETURNING id, node_id
     )
     INSERT INTO delivery (rollout_id, ordinal, gateway_id, node_id, group_id, chunk, slot, state, protocol, strategy,
                           sequence, history, updated_at, ended_at)
     SELECT $1::uuid, ordinal, d.id, d.node_id, planned.id, d.node * $3::int + place / $5::int, place % $5::int, d.state,
            protocol, strategy, CASE WHEN d.state = 'pending' THEN 0 ELSE 3 END,
            CASE WHEN d.state = 'pending' THEN '[]' ELSE jsonb_build_array(jsonb_build_object('at', updated_at, 'reports',
              jsonb_build_array(jsonb_build_object('state', d.state, 'sequence', 3)))) END,
            updated_at, CASE WHEN d.state = ANY ($7::text[]) THEN updated_at END
     FROM (
       SELECT row_number() OVER (ORDER BY id) - 1 AS ordinal, id, node_id, protocol, strategy,
              substr(id, 4)::int % $4::int AS node, substr(id, 4)::int / $4::int AS place,
              ($6::text[])[1 + floor(random() * cardinality($6::text[]))::int] AS state, random() AS moment
       FROM gateway WHERE state = 'active' ORDER BY id LIMIT $2::int
     ) AS d
     JOIN planned USING (node_id)
     JOIN rollout r ON r.id = $1::uuid
     CROSS JOIN LATERAL (SELECT r.created_at + moment * interval '1 hour' AS updated_at) AS at`,
    [rolloutId, count, chunksOfNode, nodes, limits.chunkSize, states, endedStates],
  );
  await client.query(
    `INSERT INTO rollout_chunk (rollout_id, chunk, node_id, size, open, offered_at, deadline_at, ended_at)
     SELECT d.rollout_id, d.chunk, min(d.node_id), max(d.slot) + 1, count(*) FILTER (WHERE d.ended_at IS NULL), r.created_at,
            r.created_at + interval '1 day', CASE WHEN count(*) FILTER (WHERE d.ended_at IS NULL) = 0 THEN max(d.ended_at) END
     FROM delivery d JOIN rollout r ON r.id = d.rollout_id WHERE d.rollout_id = $1 GROUP BY d.rollout_id, d.chunk, r.created_at`,
    [rolloutId],
  );
  await client.query(
    `INSERT INTO rollout_count (rollout_id, writer, state, count)
     SELECT rollout_id, '', CASE WHEN state = 'pending' THEN 'offered' ELSE state END, count(*)
     FROM delivery WHERE rollout_id = $1 GROUP BY 1, 3`,
    [rolloutId],
  );
}
