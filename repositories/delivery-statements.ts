/** The statements that every gateway's way goes through, in SQL. Each does its work for a whole batch. */
import type { PreparedStatement } from './database.js';

/** $1 ids of gateways. One row for each that is known, with its oldest task and its oldest order. */
export const pollStatement: PreparedStatement = {
  name: 'poll',
  text: `
    SELECT g.id AS gateway_id, g.token_hash, g.node_id, g.state, g.profile_wanted, t.asked_at,
           o.number AS order_number, o.action, o.artifact, o.sequence AS order_sequence,
           o.deadline_at AS order_deadline_at, o.created_at AS order_asked_at,
           t.rollout_id, t.ordinal, t.sequence, t.deadline_at, t.plan, t.package_id, t.archive_digest, t.size_bytes, t.installed_bytes,
           t.declared_values,
           CASE WHEN t.declared_values <> '[]' THEN (
             SELECT jsonb_agg(jsonb_build_object('key', v.key, 'value', v.value, 'sealed', encode(v.sealed, 'base64')))
             FROM gateway_value v JOIN jsonb_array_elements(t.declared_values) w ON w ->> 'key' = v.key
             WHERE v.gateway_id = g.id) END AS own_values
    FROM gateway g
    LEFT JOIN LATERAL (
      SELECT d.rollout_id, d.ordinal, d.sequence, d.deadline_at, r.created_at AS asked_at,
             jsonb_build_object('remove', gr.plans -> gr.plan_index -> 'remove',
                                'removeFirst', gr.plans -> gr.plan_index -> 'removeFirst') AS plan,
             p.id AS package_id, p.archive_digest, p.size_bytes, p.installed_bytes, p.declared_values
      FROM delivery d
      JOIN rollout r ON r.id = d.rollout_id
      JOIN rollout_group gr ON gr.id = d.group_id
      JOIN package p ON p.id = gr.package_id
      WHERE d.gateway_id = g.id AND d.state IN ('offered', 'downloading', 'installing')
      ORDER BY r.created_at, r.id LIMIT 1
    ) t ON true
    LEFT JOIN LATERAL (
      SELECT number, action, artifact, sequence, deadline_at, created_at FROM gateway_order
      WHERE gateway_id = g.id AND ended_at IS NULL AND deadline_at > now() ORDER BY number LIMIT 1
    ) o ON true
    WHERE g.id = ANY($1::text[])`,
};

/** $1 ids of gateways, $2 digests. The places (from 1) of the pairs that an unfinished delivery of the gateway needs. */
export const mayDownloadStatement: PreparedStatement = {
  name: 'may-download',
  text: `
    SELECT q.place::int AS place
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS q(gateway_id, digest, place)
    WHERE EXISTS (
      SELECT 1 FROM delivery d JOIN rollout_group gr ON gr.id = d.group_id JOIN package p ON p.id = gr.package_id
      WHERE d.gateway_id = q.gateway_id AND d.state IN ('offered', 'downloading', 'installing') AND p.archive_digest = q.digest)`,
};

/** $1 rollouts, $2 ordinals. The deliveries as they are. */
export const readDeliveriesStatement: PreparedStatement = {
  name: 'read-deliveries',
  text: `
    SELECT d.rollout_id::text, d.ordinal, d.gateway_id, d.state, d.sequence
    FROM (SELECT DISTINCT * FROM unnest($1::uuid[], $2::int[]) AS u(rollout_id, ordinal)) q
    JOIN delivery d ON d.rollout_id = q.rollout_id AND d.ordinal = q.ordinal`,
};

/**
 * Changes deliveries that are still as they were read, stores their events and what their gateways have installed,
 * and counts what is left of their chunks: all of it, or nothing.
 *
 * $1 rollouts, $2 ordinals, $3 states and $4 sequences as read; $5 states and $6 sequences as they become, $7 errors
 * (JSON or null), $8 whether they have ended, $9 what is installed (JSON or null);
 * events: $10 rollouts, $11 ordinals, $12 sequences, $13 states, $14 details (JSON or null).
 *
 * A row for each delivery that was changed: the others were changed by somebody else in between. `remaining` counts the
 * deliveries of its chunk that have not ended; null when this one did not end, or has no chunk.
 */
export const storeReportsStatement: PreparedStatement = {
  name: 'store-reports',
  text: `
    WITH change AS MATERIALIZED (
      SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::int[], $5::text[], $6::int[], $7::text[], $8::bool[], $9::text[])
        AS c(rollout_id, ordinal, state_before, sequence_before, state, sequence, error, ended, installed)
    ), locked AS MATERIALIZED (
      -- In the order of the key: two batches cannot wait for each other.
      SELECT d.rollout_id, d.ordinal, d.state, d.sequence, d.ended_at IS NOT NULL AS had_ended
      FROM delivery d JOIN change c ON c.rollout_id = d.rollout_id AND c.ordinal = d.ordinal
      ORDER BY d.rollout_id, d.ordinal FOR UPDATE OF d
    ), changed AS (
      UPDATE delivery d SET state = c.state, sequence = c.sequence, updated_at = now(),
        error = coalesce(c.error::jsonb, d.error),
        ended_at = CASE WHEN c.ended THEN coalesce(d.ended_at, now()) END
      FROM change c JOIN locked l ON l.rollout_id = c.rollout_id AND l.ordinal = c.ordinal
      WHERE d.rollout_id = c.rollout_id AND d.ordinal = c.ordinal
        AND l.state = c.state_before AND l.sequence = c.sequence_before
      RETURNING d.rollout_id, d.ordinal, d.gateway_id, d.chunk, d.slot, c.installed, c.ended AND NOT l.had_ended AS ends
    ), events AS (
      INSERT INTO delivery_event (rollout_id, ordinal, sequence, state, detail)
      SELECT e.rollout_id, e.ordinal, e.sequence, e.state, e.detail::jsonb
      FROM unnest($10::uuid[], $11::int[], $12::int[], $13::text[], $14::text[]) AS e(rollout_id, ordinal, sequence, state, detail)
      JOIN changed USING (rollout_id, ordinal)
      ON CONFLICT (rollout_id, ordinal, sequence) DO NOTHING
    ), installed AS (
      -- Paper, III-D: what was provisioned is stored in the gateway repository.
      UPDATE gateway g SET installed = changed.installed::jsonb
      FROM changed WHERE g.id = changed.gateway_id AND changed.installed IS NOT NULL
    ), left_over AS MATERIALIZED (
      -- The deliveries are as they were when the statement began: what it ends itself is still counted, and taken off.
      SELECT k.rollout_id, k.chunk, count(*) - k.ends AS remaining
      FROM (SELECT rollout_id, chunk, count(*) AS ends FROM changed WHERE ends AND chunk IS NOT NULL GROUP BY rollout_id, chunk) k
      JOIN delivery d ON d.rollout_id = k.rollout_id AND d.chunk = k.chunk AND d.ended_at IS NULL
      GROUP BY k.rollout_id, k.chunk, k.ends
    )
    SELECT changed.rollout_id::text, changed.ordinal, changed.chunk, changed.slot, left_over.remaining::int AS remaining
    FROM changed LEFT JOIN left_over ON changed.ends AND left_over.rollout_id = changed.rollout_id AND left_over.chunk = changed.chunk`,
};
