/**
 * The one writer of deliveries. Whatever changes one goes through here or through store-reports.ts beside it: the
 * state with its event in the delivery's history, what is left of its chunk, and the rollout's numbers, by one
 * statement.
 *
 * INVARIANTS
 * - A state changes only along the events of domain/delivery/events.ts; a row in another state is left as it is.
 * - `rollout_chunk.open` is the number of its deliveries that have not ended; the sum of `rollout_count` by state is
 *   the number of deliveries in it. A statement that dies changes none of the three.
 * - Rows are locked in the order deliveries (by rollout, ordinal), chunks, counts: two statements cannot wait for each
 *   other.
 * - A gateway's node is told, in the same transaction, of whatever changes what the gateway is to be told.
 */
import { deliveryEvents, type DeliveryEvent } from '../../domain/delivery/events.js';
import type { ReportableState } from '../../domain/delivery/state.js';
import { limits } from '../../domain/limits.js';
import { Prisma } from '../../prisma/generated/client.js';
import { inTransaction, jsonText, withoutDeadlock, type Database, type Transaction } from '../database.js';
import type { OrderChanges } from './delivery-repository.js';
import { sqlFrom, sqlStateOf } from './sql-states.js';

/** Deliveries that one statement changes at most. */
const batchSize = 5_000;

/** What ends deliveries without a report of their gateways. */
export type EndingEvent = Exclude<DeliveryEvent, 'offered' | ReportableState>;

/** Which deliveries an event happens to, and what is stored with it. */
export interface Happening {
  /** Condition on the delivery `d` and its chunk `c`; null columns of `c` when it has none. */
  readonly where: Prisma.Sql;
  /** Further rows that condition and error refer to. */
  readonly join?: Prisma.Sql;
  /** The problem that is shown with the delivery, as jsonb. */
  readonly error?: Prisma.Sql;
  /** Further facts for the history. */
  readonly detail?: unknown;
  /** The group that the delivery belongs to from now on. */
  readonly groupId?: string;
}

/** Deliveries of one rollout that are offered again after their gateways refused them. */
export interface Anew {
  readonly rolloutId: string;
  /** The group that they belong to from now on; null for an order. */
  readonly groupId: string | null;
  readonly members: readonly AnewMember[];
}

/** A gateway's part in an order. */
export interface OrderMember {
  readonly gatewayId: string;
  /** Digest of the state that it is meant for; null when that makes no difference, or the gateway names none. */
  readonly startState: string | null;
  readonly changes: OrderChanges;
}

export interface AnewMember {
  readonly ordinal: number;
  /** Digest of the state that it was planned for; null when the gateway names none. */
  readonly startState: string | null;
  /** What an order says of this gateway alone. */
  readonly changes?: OrderChanges;
}

export class DeliveryWriter {
  constructor(
    private readonly database: Database,
    /** Names the process in the rows that it counts in. */
    readonly writer: string,
  ) {}

  /**
   * Lets an event happen to all deliveries that are meant and in a state that allows it, in batches.
   * @param tx a transaction, when it belongs to more; else each batch is one
   * @returns how many it happened to
   */
  async happen(event: EndingEvent, happening: Happening, tx?: Transaction): Promise<number> {
    for (let sum = 0; ;) {
      const { changed, missed } =
        tx === undefined
          ? await withoutDeadlock(() => this.happenToBatch(event, happening, this.database))
          : await this.happenToBatch(event, happening, tx);
      sum += changed;
      if (changed < batchSize && missed === 0) return sum;
    }
  }

  private async happenToBatch(
    event: EndingEvent,
    { where, join = Prisma.empty, error = Prisma.sql`NULL::jsonb`, detail, groupId }: Happening,
    db: Database | Transaction,
  ): Promise<{ changed: number; missed: number }> {
    const { to } = deliveryEvents[event];
    const entry = jsonText(detail === undefined ? { event } : { event, detail });
    const [row] = await db.$queryRaw<{ changed: number; missed: number }[]>`
      WITH target AS MATERIALIZED (
        SELECT d.rollout_id, d.ordinal, ${sqlStateOf} AS state, ${error} AS error,
               -- It came into a chunk while its lock was awaited: this statement cannot see that chunk, the next one can.
               d.chunk IS DISTINCT FROM c.chunk AS missed
        FROM delivery d LEFT JOIN rollout_chunk c ON c.rollout_id = d.rollout_id AND c.chunk = d.chunk ${join}
        WHERE ${where} AND ${sqlStateOf} IN ${sqlFrom(event)}
        ORDER BY d.rollout_id, d.ordinal LIMIT ${batchSize} FOR NO KEY UPDATE OF d
      ), changed AS (
        UPDATE delivery d SET state = ${to}, error = coalesce(t.error, d.error), updated_at = now(),
          group_id = coalesce(${groupId ?? null}::uuid, d.group_id),
          history = d.history || (jsonb_build_object('at', now()) || ${entry}::jsonb),
          ended_at = now()
        FROM target t WHERE d.rollout_id = t.rollout_id AND d.ordinal = t.ordinal AND NOT t.missed
        RETURNING d.rollout_id, d.gateway_id, d.chunk, t.state AS before, d.state AS after, true AS ends
      ), ${this.countChanges()}
      SELECT count(*)::int AS changed, (SELECT count(*)::int FROM target WHERE missed) AS missed,
             -- Who had a task, though it be for a moment, is to be told that it is gone.
             leonore_tell_nodes(array_agg(m.gateway_id) FILTER (WHERE e.offered_at IS NOT NULL)) AS announcements
      FROM changed m LEFT JOIN chunk_ends e ON e.rollout_id = m.rollout_id AND e.chunk = m.chunk`;
    return row ?? { changed: 0, missed: 0 };
  }

  /**
   * The statement's last parts: what is left of the chunks, and the rollouts' numbers, given `changed` with the
   * columns rollout_id, chunk, before, after, ends.
   */
  private countChanges(): Prisma.Sql {
    return Prisma.sql`${Prisma.raw(chunkChanges)}, ${Prisma.raw(countDeltas)}, counted AS (
        INSERT INTO rollout_count AS k (rollout_id, writer, state, count)
        SELECT rollout_id, ${this.writer}, state, change FROM deltas ORDER BY rollout_id, state
        ON CONFLICT (rollout_id, writer, state) DO UPDATE SET count = k.count + EXCLUDED.count
      )`;
  }

  /**
   * Step ii: a delivery for each gateway that is meant and has none yet, in the order of their ids. Done again, it adds
   * who has come since.
   * @param members condition on the gateway `g`
   */
  async add(rolloutId: string, members: Prisma.Sql): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      // One at a time, should an activity that was given up be at work still: ordinals are counted on. Rows that refer
      // to the rollout may be inserted meanwhile.
      await tx.$queryRaw`SELECT 1 FROM rollout WHERE id = ${rolloutId}::uuid FOR NO KEY UPDATE`;
      await tx.$executeRaw`
        WITH base AS MATERIALIZED (
          SELECT coalesce(max(ordinal), -1) AS last FROM delivery WHERE rollout_id = ${rolloutId}::uuid
        ), added AS (
          INSERT INTO delivery (rollout_id, ordinal, gateway_id, node_id, protocol, strategy)
          SELECT ${rolloutId}::uuid, base.last + row_number() OVER (ORDER BY g.id), g.id, g.node_id, g.protocol, g.strategy
          FROM gateway g, base
          WHERE ${members}
            AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.rollout_id = ${rolloutId}::uuid AND d.gateway_id = g.id)
          RETURNING 1
        )
        INSERT INTO rollout_count AS k (rollout_id, writer, state, count)
        SELECT ${rolloutId}::uuid, ${this.writer}, 'pending', count(*)::int FROM added HAVING count(*) > 0
        ON CONFLICT (rollout_id, writer, state) DO UPDATE SET count = k.count + EXCLUDED.count`;
    });
  }

  /**
   * An order is offered as it is given: its deliveries come into chunks at once.
   * @returns how many gateways got it
   */
  async addOffered(
    tx: Transaction,
    orderId: string,
    members: readonly OrderMember[],
    deadlineSeconds: number,
  ): Promise<number> {
    const [row] = await tx.$queryRaw<{ added: number }[]>`
      WITH member AS MATERIALIZED (
        SELECT g.id, g.node_id, g.protocol, g.strategy, m.start_state, m.changes::jsonb AS changes,
               (row_number() OVER (ORDER BY g.id))::int - 1 AS place
        FROM unnest(${members.map(({ gatewayId }) => gatewayId)}::text[], ${members.map(({ startState }) => startState)}::text[],
                    ${members.map(({ changes }) => jsonText(changes))}::text[]) AS m(id, start_state, changes)
        JOIN gateway g ON g.id = m.id AND g.state = 'active'
      ), chunks AS (
        INSERT INTO rollout_chunk (rollout_id, chunk, node_id, size, open, offered_at, deadline_at)
        SELECT ${orderId}::uuid, place / ${limits.chunkSize}, coalesce(min(node_id), ''), count(*)::int, count(*)::int, now(),
               now() + ${deadlineSeconds} * interval '1 second'
        FROM member GROUP BY 2
      ), added AS (
        INSERT INTO delivery (rollout_id, ordinal, gateway_id, node_id, protocol, strategy, start_state, changes, values_given, chunk, slot)
        SELECT r.id, place, m.id, node_id, protocol, strategy, start_state, changes,
               CASE WHEN r.action = 'configure' THEN leonore_artifact_versions(m.id, r.artifact) END,
               place / ${limits.chunkSize}, place % ${limits.chunkSize}
        FROM member m, rollout r WHERE r.id = ${orderId}::uuid RETURNING gateway_id
      ), counted AS (
        INSERT INTO rollout_count (rollout_id, writer, state, count)
        SELECT ${orderId}::uuid, ${this.writer}, 'offered', count(*)::int FROM added HAVING count(*) > 0
      ), woken AS (
        UPDATE gateway SET wake = true WHERE id IN (SELECT id FROM member)
      )
      SELECT count(*)::int AS added, leonore_tell_nodes(array_agg(gateway_id)) AS announcements FROM added`;
    return row?.added ?? 0;
  }

  /** Step v: gives the pending deliveries of built groups their place in a chunk; see ChunkRepository.form. */
  async place(tx: Transaction, rolloutId: string, nodeId: string): Promise<void> {
    // Right after step ii the planner takes these rows for few, and would look through all of them for each.
    await tx.$executeRaw`SET LOCAL enable_nestloop = off`;
    await tx.$executeRaw`
      WITH base AS MATERIALIZED (
        SELECT coalesce(max(chunk), -1) + 1 AS next FROM rollout_chunk WHERE rollout_id = ${rolloutId}::uuid
      ), ready AS MATERIALIZED (
        SELECT g.id, g.ordinals, g.start_states, p.declared_values AS declared,
               -- Everything but the values is there already: names of the artifacts that it is about.
               CASE WHEN g.package_id IS NULL THEN ARRAY(SELECT jsonb_array_elements_text(g.changes -> 'configure')) END AS names
        FROM rollout_group g LEFT JOIN package p ON p.id = g.package_id
        WHERE g.rollout_id = ${rolloutId}::uuid AND g.node_id = ${nodeId} AND g.state = 'built' AND NOT g.placed
      ), placed_groups AS (
        UPDATE rollout_group g SET placed = true FROM ready WHERE g.id = ready.id
      ), numbered AS MATERIALIZED (
        SELECT d.ordinal, r.id AS group_id, r.declared, member.start_state,
               CASE WHEN r.names IS NOT NULL THEN coalesce(leonore_stale_artifact(d.gateway_id, r.names), r.names[1]) END AS artifact,
               (row_number() OVER (ORDER BY d.ordinal))::int - 1 AS place
        FROM ready r CROSS JOIN LATERAL ${sqlStartStates('r')}
        JOIN delivery d ON d.rollout_id = ${rolloutId}::uuid AND d.ordinal = member.ordinal
        WHERE d.state = 'pending' AND d.chunk IS NULL
      ), placed AS (
        -- What has ended meanwhile takes its place all the same: the slots of a chunk have no gaps.
        UPDATE delivery d SET group_id = n.group_id, start_state = CASE WHEN n.artifact IS NULL THEN n.start_state END,
          changes = CASE WHEN n.artifact IS NOT NULL THEN jsonb_build_object('configure', n.artifact) END,
          values_given = CASE
            WHEN n.artifact IS NOT NULL THEN leonore_artifact_versions(d.gateway_id, n.artifact)
            WHEN n.declared <> '[]' THEN leonore_value_versions(d.gateway_id, n.declared) END,
          chunk = base.next + n.place / ${limits.chunkSize}, slot = n.place % ${limits.chunkSize}
        FROM base, numbered n
        WHERE d.rollout_id = ${rolloutId}::uuid AND d.ordinal = n.ordinal
        RETURNING d.chunk, d.ended_at IS NULL AS open
      )
      INSERT INTO rollout_chunk (rollout_id, chunk, node_id, size, open, ended_at)
      SELECT ${rolloutId}::uuid, chunk, ${nodeId}, count(*)::int, (count(*) FILTER (WHERE open))::int,
             CASE WHEN NOT bool_or(open) THEN now() END
      FROM placed GROUP BY chunk`;
    await tx.$executeRaw`SET LOCAL enable_nestloop = on`;
  }

  /**
   * Step vi: the tasks of a chunk are there from now on; done again, it changes nothing.
   * @returns how many were offered now
   */
  async offer(rolloutId: string, chunk: number, nodeId: string, deadlineSeconds: number): Promise<number> {
    const [row] = await this.database.$queryRaw<{ offered: number }[]>`
      WITH offered AS (
        UPDATE rollout_chunk SET offered_at = now(), node_id = ${nodeId},
          deadline_at = now() + ${deadlineSeconds} * interval '1 second'
        WHERE rollout_id = ${rolloutId}::uuid AND chunk = ${chunk} AND offered_at IS NULL AND ended_at IS NULL RETURNING open
      ), counted AS (
        INSERT INTO rollout_count AS k (rollout_id, writer, state, count)
        SELECT ${rolloutId}::uuid, ${this.writer}, change.state, change.count
        FROM offered, LATERAL (VALUES ('offered', offered.open), ('pending', -offered.open)) AS change(state, count)
        ORDER BY change.state
        ON CONFLICT (rollout_id, writer, state) DO UPDATE SET count = k.count + EXCLUDED.count
      )
      SELECT offered.open AS offered, leonore_tell_nodes((
        SELECT array_agg(gateway_id) FROM delivery
        WHERE rollout_id = ${rolloutId}::uuid AND chunk = ${chunk} AND ended_at IS NULL)) AS announcements FROM offered`;
    return row?.offered ?? 0;
  }

  /**
   * What was refused is offered as it was planned anew: with another package, and under another id.
   * @returns to how many gateways
   */
  async offerAnew(tx: Transaction, { rolloutId, groupId, members }: Anew): Promise<number> {
    const [row] = await tx.$queryRaw<{ offered: number }[]>`
      WITH offered AS (
        UPDATE delivery d SET group_id = coalesce(${groupId}::uuid, d.group_id), start_state = m.start_state, replan = false,
          changes = coalesce(m.changes::jsonb, d.changes), updated_at = now(),
          values_given = CASE WHEN p.declared <> '[]' THEN leonore_value_versions(d.gateway_id, p.declared) END
        FROM unnest(${members.map(({ ordinal }) => ordinal)}::int[], ${members.map(({ startState }) => startState)}::text[],
                    ${members.map(({ changes = null }) => changes && jsonText(changes))}::text[]) AS m(ordinal, start_state, changes)
        LEFT JOIN (SELECT p.declared_values AS declared FROM rollout_group gr JOIN package p ON p.id = gr.package_id
                   WHERE gr.id = ${groupId}::uuid) p ON true
        WHERE d.rollout_id = ${rolloutId}::uuid AND d.ordinal = m.ordinal AND d.replan AND d.ended_at IS NULL
        RETURNING d.gateway_id
      ), woken AS (
        UPDATE gateway SET wake = true WHERE id IN (SELECT gateway_id FROM offered)
      )
      SELECT count(*)::int AS offered, leonore_tell_nodes(array_agg(gateway_id)) AS announcements FROM offered`;
    return row?.offered ?? 0;
  }

  /**
   * What was refused, and for which everything but the values is installed by now, is offered as an order to configure the
   * first of some artifacts that has not got its values.
   */
  async configureAnew(
    tx: Transaction,
    { rolloutId, groupId, members }: Anew,
    names: readonly string[],
  ): Promise<void> {
    await tx.$queryRaw`
      WITH offered AS (
        UPDATE delivery d SET group_id = ${groupId}::uuid, start_state = NULL, replan = false, updated_at = now(),
          changes = jsonb_build_object('configure', s.artifact),
          values_given = leonore_artifact_versions(d.gateway_id, s.artifact)
        FROM (
          SELECT o.ordinal, leonore_stale_artifact(o.gateway_id, ${[...names]}::text[]) AS artifact FROM delivery o
          WHERE o.rollout_id = ${rolloutId}::uuid AND o.ordinal = ANY(${members.map(({ ordinal }) => ordinal)}::int[])
        ) s
        WHERE d.rollout_id = ${rolloutId}::uuid AND d.ordinal = s.ordinal AND s.artifact IS NOT NULL
          AND d.replan AND d.ended_at IS NULL
        RETURNING d.gateway_id
      ), woken AS (
        UPDATE gateway SET wake = true WHERE id IN (SELECT gateway_id FROM offered)
      )
      SELECT leonore_tell_nodes(array_agg(gateway_id)) AS announcements FROM offered`;
  }

  /**
   * What gateways have not begun is planned anew, under another id: what it was planned by has changed. Nothing is offered
   * until then. What was planned anew too often already is left to the gateway, which refuses what does not fit.
   * @param meant condition on the delivery `d`
   * @returns the chunks whose workflows are to see to it
   */
  async planAgain(
    tx: Transaction,
    meant: Prisma.Sql,
    isChanged: Prisma.Sql,
  ): Promise<{ rolloutId: string; chunk: number }[]> {
    const rows = await tx.$queryRaw<{ rolloutId: string; chunk: number; announcements: number }[]>`
      WITH planned AS MATERIALIZED (
        SELECT d.rollout_id, d.ordinal FROM delivery d
        JOIN rollout_chunk c ON c.rollout_id = d.rollout_id AND c.chunk = d.chunk AND c.offered_at IS NOT NULL
        JOIN rollout r ON r.id = d.rollout_id AND r.action = 'install'
        WHERE ${meant} AND d.ended_at IS NULL AND d.state = 'pending' AND NOT d.replan
          AND d.attempt < ${limits.plansAnew} AND (d.changes ? 'configure') IS NOT TRUE AND ${isChanged}
        ORDER BY d.rollout_id, d.ordinal FOR NO KEY UPDATE OF d
      ), again AS (
        UPDATE delivery d SET replan = true, attempt = d.attempt + 1, updated_at = now() FROM planned p
        WHERE d.rollout_id = p.rollout_id AND d.ordinal = p.ordinal
        RETURNING d.rollout_id, d.chunk, d.gateway_id
      )
      SELECT rollout_id::text AS "rolloutId", chunk, leonore_tell_nodes(array_agg(gateway_id)) AS announcements
      FROM again GROUP BY rollout_id, chunk`;
    return rows.map(({ rolloutId, chunk }) => ({ rolloutId, chunk }));
  }

  /** Step iii: notes for the deliveries that have no place yet on which node their gateway is now. */
  async follow(rolloutId: string): Promise<void> {
    const statement = Prisma.sql`
      WITH elsewhere AS MATERIALIZED (
        -- Most are where they were a moment ago: their rows are not written again.
        SELECT d.ordinal, g.node_id FROM delivery d JOIN gateway g ON g.id = d.gateway_id
        WHERE d.rollout_id = ${rolloutId}::uuid AND d.state = 'pending' AND d.chunk IS NULL AND g.node_id IS NOT NULL
          AND d.node_id IS DISTINCT FROM g.node_id
      )
      UPDATE delivery d SET node_id = e.node_id FROM elsewhere e
      WHERE d.rollout_id = ${rolloutId}::uuid AND d.ordinal = e.ordinal AND d.state = 'pending' AND d.chunk IS NULL`;
    await withoutDeadlock(() => this.database.$executeRaw(statement));
  }
}

/**
 * The ordinals of a group's deliveries, one a row, as `member`: compared for equality, which a hash does at once, however
 * the gateways of groups and nodes are mixed.
 * @param group alias of the row of rollout_group
 */
export function sqlMembers(group: string): Prisma.Sql {
  return Prisma.raw(
    `(SELECT generate_series(lower(span), upper(span) - 1) AS ordinal FROM unnest(${group}.ordinals) AS s(span)) AS member`,
  );
}

/** The same with the states that they were planned for. */
function sqlStartStates(group: string): Prisma.Sql {
  return Prisma.sql`(
    SELECT member.ordinal, named.start_state
    FROM (SELECT ordinal, row_number() OVER (ORDER BY ordinal) AS place FROM ${sqlMembers(group)}) AS member
    LEFT JOIN unnest(${Prisma.raw(group)}.start_states) WITH ORDINALITY AS named(start_state, place)
      ON named.place = member.place) AS member`;
}

/** Open deliveries go with their gateways to other nodes, under the locks of {@link lockOpen}. */
export async function moveOpen(
  tx: Transaction,
  gatewayIds: readonly string[],
  nodeIds: readonly string[],
): Promise<void> {
  await tx.$executeRaw`
    UPDATE delivery d SET node_id = m.node_id
    FROM unnest(${gatewayIds}::text[], ${nodeIds}::text[]) AS m(id, node_id)
    WHERE d.gateway_id = m.id AND d.ended_at IS NULL`;
}

/** Open deliveries of gateways that registered again go to their node, and speak the channel agreed on now. */
export async function followRegistrations(tx: Transaction, rows: string): Promise<void> {
  await tx.$executeRaw`
    UPDATE delivery d SET node_id = t.node_id, protocol = t.protocol, strategy = t.strategy
    FROM jsonb_to_recordset(${rows}::jsonb) AS t(id text, node_id text, protocol text, strategy text)
    WHERE d.gateway_id = t.id AND d.ended_at IS NULL
      AND (d.node_id, d.protocol, d.strategy) IS DISTINCT FROM (t.node_id, t.protocol, t.strategy)`;
}

/** Locks the open deliveries of gateways, in the order in which everybody locks them. */
export async function lockOpen(tx: Transaction, gatewayIds: readonly string[]): Promise<void> {
  await tx.$executeRaw`
    SELECT count(*) FROM (
      SELECT 1 FROM delivery WHERE gateway_id = ANY(${gatewayIds}::text[]) AND ended_at IS NULL
      ORDER BY rollout_id, ordinal FOR NO KEY UPDATE) locked`;
}

/** Given `changed`: what ended is taken off its chunk; `chunks` has what is left of each. */
export const chunkChanges = `
  chunk_ends AS MATERIALIZED (
    SELECT c.rollout_id, c.chunk, c.offered_at, e.ends
    FROM (SELECT rollout_id, chunk, count(*)::int AS ends FROM changed WHERE ends AND chunk IS NOT NULL GROUP BY 1, 2) e
    JOIN rollout_chunk c ON c.rollout_id = e.rollout_id AND c.chunk = e.chunk
    ORDER BY 1, 2 FOR NO KEY UPDATE OF c
  ), chunks AS (
    UPDATE rollout_chunk c SET open = c.open - e.ends, ended_at = CASE WHEN c.open = e.ends THEN now() END
    FROM chunk_ends e WHERE c.rollout_id = e.rollout_id AND c.chunk = e.chunk
    RETURNING c.rollout_id, c.chunk, c.open
  )`;

/** Given `changed` and `chunk_ends`: by how much the numbers of each state change. */
export const countDeltas = `
  deltas AS MATERIALIZED (
    SELECT rollout_id, state, sum(change)::int AS change FROM (
      -- The chunk may have been offered since the statement began: it counts as it is under its lock.
      SELECT m.rollout_id, -1 AS change,
             CASE WHEN m.before = 'pending' AND e.offered_at IS NOT NULL THEN 'offered' ELSE m.before END AS state
      FROM changed m LEFT JOIN chunk_ends e ON e.rollout_id = m.rollout_id AND e.chunk = m.chunk
      UNION ALL SELECT rollout_id, 1, after FROM changed) moved
    GROUP BY 1, 2 HAVING sum(change) <> 0
  )`;
