/** The statements that every gateway's way goes through, in SQL. Each does its work for a whole batch. */
import type { PreparedStatement } from '../database.js';
import { chunkChanges, countDeltas } from './delivery-writer.js';
import { isEndedSql, stateOf } from './sql-states.js';

/** $1 ids of gateways. One row for each that is known, with the first of what it is to do. */
export const pollStatement: PreparedStatement = {
  name: 'poll',
  text: `
    SELECT g.id AS gateway_id, g.token_hash, g.key_secret, g.node_id, g.state,
           -- No EXISTS: that may be planned as a table of all such orders, which is looked through for it.
           g.profile_wanted OR coalesce((
             SELECT true FROM delivery d JOIN rollout r ON r.id = d.rollout_id AND r.action = 'profile'
             JOIN rollout_chunk c ON c.rollout_id = d.rollout_id AND c.chunk = d.chunk AND c.deadline_at > now()
             WHERE d.gateway_id = g.id AND d.ended_at IS NULL LIMIT 1), false) AS profile_wanted,
           t.rollout_id, t.ordinal, t.attempt, t.sequence, t.start_state, t.action, t.artifact, t.deadline_at, t.changes,
           t.switch_windows,
           t.package_id, t.archive_digest, t.size_bytes, t.installed_bytes, t.declared_values,
           CASE WHEN t.declared_values <> '[]' THEN (
             SELECT jsonb_agg(jsonb_build_object('key', w ->> 'key', 'value', v.value, 'sealed', encode(v.sealed, 'base64'),
                                                 'shared', v.shared_id))
             FROM jsonb_array_elements(t.declared_values) w, leonore_nearest_value(g.id, w ->> 'key') v) END AS own_values
    FROM gateway g
    LEFT JOIN LATERAL (
      SELECT d.rollout_id, d.ordinal, d.attempt, d.sequence, d.start_state, d.replan, c.deadline_at,
             -- What a rollout has to do where all but the values is there already is an order as well.
             CASE WHEN d.changes ? 'configure' THEN 'configure' ELSE r.action END AS action,
             coalesce(d.changes ->> 'configure', r.artifact) AS artifact,
             coalesce(d.changes, gr.changes) AS changes,
             CASE WHEN r.campaign_id IS NOT NULL THEN (
               SELECT w.windows FROM rollout_window w
               WHERE w.rollout_id = r.id AND (w.value = '' OR g.labels ->> w.label = w.value)
               ORDER BY w.value DESC LIMIT 1) END AS switch_windows,
             p.id AS package_id, p.archive_digest, p.size_bytes, p.installed_bytes,
             CASE WHEN d.changes ? 'configure' OR r.action = 'configure' THEN (
               SELECT a.manifest -> 'values' FROM jsonb_array_elements(g.installed) i
               JOIN artifact a ON a.name = i ->> 'name' AND a.version = i ->> 'version'
               WHERE i ->> 'name' = coalesce(d.changes ->> 'configure', r.artifact)) ELSE p.declared_values END AS declared_values
      FROM delivery d
      JOIN rollout_chunk c ON c.rollout_id = d.rollout_id AND c.chunk = d.chunk AND c.offered_at IS NOT NULL
      JOIN rollout r ON r.id = d.rollout_id
      LEFT JOIN rollout_group gr ON gr.id = d.group_id
      LEFT JOIN package p ON p.id = gr.package_id
      WHERE d.gateway_id = g.id AND d.ended_at IS NULL AND r.action <> 'profile'
        AND CASE WHEN r.action = 'install' THEN p.id IS NOT NULL OR d.changes ? 'configure' ELSE c.deadline_at > now() END
      -- What is being installed is finished; what is urgent overtakes the rest.
      ORDER BY d.state = 'installing' DESC, r.urgent DESC, r.created_at, r.id LIMIT 1
    -- What is planned anew keeps its turn: what was asked for later may build on it.
    ) t ON NOT t.replan
    WHERE g.id = ANY($1::text[])`,
};

/** $1 ids of gateways, $2 digests. The places (from 1) of the pairs that an open delivery of the gateway needs. */
export const mayDownloadStatement: PreparedStatement = {
  name: 'may-download',
  text: `
    SELECT q.place::int AS place
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS q(gateway_id, digest, place)
    JOIN LATERAL (
      SELECT FROM delivery d
      JOIN rollout_chunk c ON c.rollout_id = d.rollout_id AND c.chunk = d.chunk AND c.offered_at IS NOT NULL
      JOIN rollout_group gr ON gr.id = d.group_id JOIN package p ON p.id = gr.package_id
      WHERE d.gateway_id = q.gateway_id AND d.ended_at IS NULL AND p.archive_digest = q.digest LIMIT 1
    ) needed ON true`,
};

/** $1 rollouts, $2 ordinals. The deliveries as they are: `stored` is the state as the row has it. */
export const readDeliveriesStatement: PreparedStatement = {
  name: 'read-deliveries',
  text: `
    SELECT d.rollout_id::text, d.ordinal, d.gateway_id, d.state AS stored, ${stateOf} AS state, d.sequence,
           d.attempt
    FROM (SELECT DISTINCT * FROM unnest($1::uuid[], $2::int[]) AS u(rollout_id, ordinal)) q
    JOIN delivery d ON d.rollout_id = q.rollout_id AND d.ordinal = q.ordinal
    LEFT JOIN rollout_chunk c ON c.rollout_id = d.rollout_id AND c.chunk = d.chunk`,
};

/**
 * Changes deliveries that are still as they were read, with their histories and what their gateways have installed, and
 * counts: all of it, or nothing.
 *
 * $1 rollouts, $2 ordinals, $3 states as stored, $4 sequences and $5 states as judged; $6 states and $7 sequences as they
 * become, $8 errors (JSON or null), $9 applied reports (a JSON array or null), $10 what is installed (JSON or null);
 * $11 digests of the gateways' states (or null), $12 whether the gateway refused it; $13 the process that counts.
 *
 * A row for each delivery that was changed: the others were changed by somebody else in between. `remaining` counts the
 * deliveries of its chunk that have not ended; null when this one did not end, or has no chunk. A rollout
 * whose delivery had ended otherwise is marked: its outcome is to be told anew.
 */
export const storeReportsStatement: PreparedStatement = {
  name: 'store-reports',
  text: `
    WITH locked AS MATERIALIZED (
      SELECT c.*, d.state AS state_now, d.sequence AS sequence_now, d.ended_at IS NOT NULL AS had_ended
      FROM unnest($1::uuid[], $2::int[], $3::text[], $4::int[], $5::text[], $6::text[], $7::int[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bool[])
        AS c(rollout_id, ordinal, stored, sequence_before, before, state, sequence, error, reports, installed, digest, refused)
      JOIN delivery d ON d.rollout_id = c.rollout_id AND d.ordinal = c.ordinal
      ORDER BY d.rollout_id, d.ordinal FOR NO KEY UPDATE OF d
    ), changed AS (
      UPDATE delivery d SET state = c.state, sequence = c.sequence, updated_at = now(),
        error = coalesce(c.error::jsonb, d.error),
        history = CASE WHEN c.reports IS NULL THEN d.history
          ELSE d.history || jsonb_build_object('at', now(), 'reports', c.reports::jsonb) END,
        ended_at = CASE WHEN ${isEndedSql('c.state')} THEN coalesce(d.ended_at, now()) END,
        attempt = d.attempt + c.refused::int, replan = d.replan OR c.refused
      FROM locked c
      WHERE d.rollout_id = c.rollout_id AND d.ordinal = c.ordinal
        AND c.state_now = c.stored AND c.sequence_now = c.sequence_before
      RETURNING d.rollout_id, d.ordinal, d.gateway_id, d.group_id, d.chunk, d.slot, c.installed, c.digest, c.refused,
        CASE WHEN c.state = 'succeeded' THEN d.values_given END AS given,
        -- What was not applied keeps the stored state: an offer stands with the chunk.
        c.before, CASE WHEN c.state = c.stored THEN c.before ELSE c.state END AS after,
        ${isEndedSql('c.state')} AND NOT c.had_ended AS ends, c.had_ended AND c.state <> c.stored AS corrects
    ), ${chunkChanges}, ${countDeltas}, counted AS (
      INSERT INTO rollout_count AS k (rollout_id, writer, state, count)
      SELECT rollout_id, $13, state, change FROM deltas ORDER BY rollout_id, state
      ON CONFLICT (rollout_id, writer, state) DO UPDATE SET count = k.count + EXCLUDED.count
    ), stale AS (
      UPDATE rollout SET outcome_stale = true WHERE id IN (SELECT rollout_id FROM changed WHERE corrects)
    ), installed AS (
      -- Paper, III-D: what was provisioned is stored in the gateway repository.
      UPDATE gateway g SET installed = coalesce(changed.installed::jsonb, g.installed),
        values_given = CASE WHEN changed.given IS NULL THEN g.values_given
          ELSE g.values_given || leonore_given(changed.rollout_id, changed.ordinal, changed.given) END,
        profile = CASE WHEN changed.digest IS NULL OR g.profile -> 'state' IS NULL THEN g.profile
          ELSE jsonb_set(g.profile, '{state,digest}', to_jsonb(changed.digest)) END
      FROM changed WHERE g.id = changed.gateway_id AND (changed.installed IS NOT NULL OR changed.given IS NOT NULL)
    )
    SELECT changed.rollout_id::text, changed.ordinal, changed.group_id IS NOT NULL AS planned, changed.chunk, changed.slot,
           CASE WHEN changed.ends THEN chunks.open END AS remaining, changed.refused
    FROM changed LEFT JOIN chunks ON chunks.rollout_id = changed.rollout_id AND chunks.chunk = changed.chunk`,
};
