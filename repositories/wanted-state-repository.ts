import type { Strategy } from '../domain/campaign/strategy.js';
import { LeonoreError } from '../domain/errors.js';
import type { DeliveryState } from '../domain/delivery/state.js';
import { parseRequest } from '../domain/plan/request.js';
import { targetText } from '../domain/rollout/target.js';
import {
  standings,
  type Attempt,
  type Standing,
  type StandingBefore,
  type StandingName,
  type WantedGateway,
} from '../domain/wanted-state/judge.js';
import { Prisma, type WantedState as WantedStateRow } from '../prisma/generated/client.js';
import { inTransaction, json, jsonText, type Database, type Transaction } from './database.js';
import { sqlEndedBadly, sqlStateOf } from './delivery/sql-states.js';
import type { FleetScope } from './fleet-scope.js';
import { pageOf } from './page.js';
import { gatewayMessagesSql, outboxSql } from './webhook-outbox.js';

export interface NewWantedState {
  readonly requests: readonly string[];
  readonly deployment: string;
  readonly automatic: boolean;
  /** How new versions go through the gateways, by campaigns; null: to all at once. */
  readonly strategy: Strategy | null;
  /** Seconds that gateways of a rollout have from the offer until they count as lost. */
  readonly deadlineSeconds: number;
  /** `name@version`, one for each request. */
  readonly versions: readonly string[];
  /** How many changes of the catalog there had been before those were chosen. */
  readonly catalogChanges: bigint;
}

export interface WantedState extends Pick<
  NewWantedState,
  'requests' | 'deployment' | 'automatic' | 'strategy' | 'deadlineSeconds' | 'versions'
> {
  readonly id: string;
  /** Not all of its gateways have been looked at yet. */
  readonly lookingAtAll: boolean;
  /** Why a newer version is not brought out, in words; null: it is, or there is none. */
  readonly problem: string | null;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

/** What the keeper needs of one that has not ended. */
export interface OpenWantedState extends WantedState, Pick<NewWantedState, 'catalogChanges'> {
  /** Up to which id all gateways have been looked at; null when that is not under way. */
  readonly lookedAfter: string | null;
  /** A campaign brings the first version: nothing else is started before that has ended well. */
  readonly isHeldBack: boolean;
  /** When a campaign was last tried in vain. */
  readonly problemAt: Date | null;
}

/** How many gateways stand how. */
export type Compliance = Readonly<Record<StandingName, number>>;

export interface WantedMember {
  readonly gatewayId: string;
  readonly standing: StandingName;
  readonly reason: string | null;
  readonly attempts: number;
  readonly dueAt: Date | null;
  readonly rolloutId: string | null;
  readonly changedAt: Date;
}

/** A gateway that is to be looked at. */
export interface LookedAt extends WantedGateway {
  readonly id: string;
}

/** How a gateway stood to a wanted state, and what came of its last rollout. */
export interface KnownStanding {
  readonly wantedStateId: string;
  readonly gatewayId: string;
  readonly before: StandingBefore;
  readonly attempt: Attempt | null;
}

export interface NewStanding {
  readonly wantedStateId: string;
  readonly gatewayId: string;
  readonly standing: Standing;
}

/** Gateways of one rollout: what a rollout may name. */
const startedAtOnce = 10_000;
/** Rollouts that one wanted state starts at once: one for each target, and most gateways have the same. */
const targetsAtOnce = 16;
const markedAtOnce = 5_000;

/**
 * Wanted states, and how gateways stand to them.
 *
 * INVARIANTS
 * - What a keeper has to look at is marked in `gateway.mark`; the mark is taken away by whoever looked, and only if it is
 *   still the one that was read. A keeper that is killed leaves marks, and two that look at the same write the same.
 * - Rollouts are started under the lock of their wanted state, together with the standing of their gateways: whoever comes
 *   second finds nobody due.
 */
export class WantedStateRepository {
  constructor(
    private readonly database: Database,
    private readonly fleet: FleetScope,
  ) {}

  /** Records a wanted state. @param within the transaction that it is part of. @returns its id */
  async create(
    { requests, versions, strategy, catalogChanges, ...wanted }: NewWantedState,
    within?: Transaction,
  ): Promise<string> {
    const { id } = await (within ?? this.database).wantedState.create({
      data: {
        ...wanted,
        requests: [...requests],
        versions: [...versions],
        // What its first campaign brings is looked for as if the catalog had changed.
        ...(strategy === null
          ? { catalogChanges }
          : { strategy: json(strategy), heldBack: true, catalogChanges: -1n }),
      },
      select: { id: true },
    });
    return id;
  }

  /** @throws LeonoreError WANTED_STATE_NOT_FOUND */
  async get(id: string): Promise<WantedState> {
    const [found] = await this.seen(Prisma.sql`w.id = ${id}::uuid`, 1);
    if (found === undefined) throw notFound(id);
    return found;
  }

  /** Newest first, a page at a time; the cursor is the last id of the page before. */
  async list(
    limit: number,
    cursor: string | null,
  ): Promise<{ items: WantedState[]; nextCursor: string | null }> {
    const after =
      cursor === null
        ? Prisma.sql`true`
        : Prisma.sql`(w.created_at, w.id) < (SELECT created_at, id FROM wanted_state WHERE id = ${cursor}::uuid)`;
    return pageOf(await this.seen(after, limit + 1), limit, ({ id }) => id);
  }

  /** Those within the scope that a condition holds for, newest first. */
  private async seen(condition: Prisma.Sql, limit: number): Promise<WantedState[]> {
    const ids = await this.database.$queryRaw<{ id: string }[]>`
      SELECT w.id::text FROM wanted_state w WHERE ${condition} AND ${this.fleet.wantedState}
      ORDER BY w.created_at DESC, w.id DESC LIMIT ${limit}`;
    const rows = await this.database.wantedState.findMany({
      where: { id: { in: ids.map(({ id }) => id) } },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    });
    return rows.map(toOpen);
  }

  /** Those that have not ended, the oldest first. */
  async open(): Promise<OpenWantedState[]> {
    const rows = await this.database.wantedState.findMany({
      where: { endedAt: null },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    });
    return rows.map(toOpen);
  }

  /**
   * Ends a wanted state: nothing is started for it any more, and nothing is taken back. Done again it changes nothing.
   * Others that contradicted it are looked at anew.
   * @throws LeonoreError WANTED_STATE_NOT_FOUND
   */
  async end(id: string): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      const rows = await tx.$executeRaw`
        UPDATE wanted_state w SET ended_at = coalesce(ended_at, now())
        WHERE w.id = ${id}::uuid AND ${this.fleet.wantedState}`;
      if (rows === 0) throw notFound(id);
      await tx.$executeRaw`
        UPDATE gateway SET mark = nextval('gateway_mark') WHERE id IN (
          SELECT o.gateway_id FROM wanted_member own JOIN wanted_member o USING (gateway_id)
          WHERE own.wanted_state_id = ${id}::uuid AND o.wanted_state_id <> ${id}::uuid)`;
      await tx.$executeRaw`UPDATE wanted_member SET due_at = NULL WHERE wanted_state_id = ${id}::uuid AND due_at IS NOT NULL`;
    });
  }

  /** How many gateways stand how to a wanted state. */
  async compliance(id: string): Promise<Compliance> {
    const rows = await this.database.$queryRaw<{ standing: StandingName; count: number }[]>`
      SELECT m.standing, count(*)::int AS count FROM wanted_member m JOIN gateway g ON g.id = m.gateway_id
      WHERE m.wanted_state_id = ${id}::uuid AND ${this.fleet.gateway} GROUP BY 1`;
    const counted = new Map(rows.map(({ standing, count }) => [standing, count]));
    return Object.fromEntries(standings.map((standing) => [standing, counted.get(standing) ?? 0])) as Record<
      StandingName,
      number
    >;
  }

  /** How gateways stand, by id, a page at a time; the cursor is the last id of the page before. */
  async members(
    id: string,
    standing: StandingName | null,
    limit: number,
    cursor: string | null,
  ): Promise<{ items: WantedMember[]; nextCursor: string | null }> {
    const rows = await this.database.$queryRaw<WantedMember[]>`
      SELECT m.gateway_id AS "gatewayId", m.standing, m.reason, m.attempts, m.due_at AS "dueAt",
             m.rollout_id::text AS "rolloutId", m.changed_at AS "changedAt"
      FROM wanted_member m JOIN gateway g ON g.id = m.gateway_id
      WHERE m.wanted_state_id = ${id}::uuid AND m.gateway_id > ${cursor ?? ''}
        AND (${standing}::text IS NULL OR m.standing = ${standing}) AND ${this.fleet.gateway}
      ORDER BY m.gateway_id LIMIT ${limit + 1}`;
    return pageOf(rows, limit, ({ gatewayId }) => gatewayId);
  }

  /**
   * Takes its turn, or goes on with it: one keeper looks at gateways at a time.
   * @param seconds after which another may take over from one that is gone
   * @returns false while it is another's turn
   */
  async takeTurn(keeper: string, seconds: number): Promise<boolean> {
    const rows = await this.database.$executeRaw`
      UPDATE wanted_keeper SET keeper = ${keeper}, kept_until = now() + ${seconds} * interval '1 second'
      WHERE keeper IS NULL OR keeper = ${keeper} OR kept_until < now()`;
    return rows > 0;
  }

  /** Another keeper need not wait for the end of its turn. */
  async endTurn(keeper: string): Promise<void> {
    await this.database.$executeRaw`UPDATE wanted_keeper SET keeper = NULL WHERE keeper = ${keeper}`;
  }

  /** Counts changes of the catalog: what could not be planned may be planned after one. */
  async catalogChanges(): Promise<bigint> {
    const [row] = await this.database.$queryRaw<{ changes: bigint }[]>`
      SELECT catalog_changes AS changes FROM wanted_keeper`;
    return row?.changes ?? 0n;
  }

  /** Gateways that have changed, with their marks. */
  async marked(limit: number): Promise<{ id: string; mark: bigint }[]> {
    return this.database.$queryRaw`
      SELECT id, mark FROM gateway WHERE mark IS NOT NULL ORDER BY mark LIMIT ${limit}`;
  }

  /** Takes away the marks of gateways that have been looked at, unless something has changed again. */
  async unmark(looked: readonly { readonly id: string; readonly mark: bigint }[]): Promise<void> {
    await this.database.$executeRaw`
      WITH looked AS MATERIALIZED (
        -- Who is at work on one of them is not waited for: it is looked at once more.
        SELECT g.id FROM gateway g
        JOIN unnest(${looked.map(({ id }) => id)}::text[], ${looked.map(({ mark }) => String(mark))}::bigint[]) AS l(id, mark)
          ON g.id = l.id AND g.mark = l.mark
        FOR NO KEY UPDATE OF g SKIP LOCKED
      )
      UPDATE gateway g SET mark = NULL FROM looked l WHERE g.id = l.id`;
  }

  /** Gateways of the fleet after an id, in its order. */
  async idsAfter(after: string, limit: number): Promise<string[]> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT id FROM gateway WHERE id > ${after} ORDER BY id LIMIT ${limit}`;
    return rows.map(({ id }) => id);
  }

  /** The next gateways of the slow round over all, which finds what nobody told. */
  async nextOfRound(limit: number): Promise<string[]> {
    const [row] = await this.database.$queryRaw<
      { after: string }[]
    >`SELECT looked_after AS after FROM wanted_keeper`;
    const ids = await this.idsAfter(row?.after ?? '', limit);
    const last = ids.length < limit ? '' : (ids.at(-1) ?? '');
    await this.database
      .$executeRaw`UPDATE wanted_keeper SET looked_after = ${last} WHERE looked_after <> ${last}`;
    return ids;
  }

  /** Those among gateways that are in service, as they are now. */
  async look(ids: readonly string[]): Promise<LookedAt[]> {
    return this.database.$queryRaw<LookedAt[]>`
      SELECT g.id, g.installed, coalesce(g.profile #> '{state,damaged}', '[]') AS damaged,
             (extract(epoch FROM g.last_seen_at) * 1000)::float8 AS "lastSeenAtMs",
             md5(concat_ws(' ', leonore_lasting(g.profile) - ARRAY['installed', 'damaged', 'labels'], g.labels,
               (SELECT concat(count(*), '/', sum(version)) FROM gateway_value v WHERE v.gateway_id = g.id),
               (SELECT concat(count(*), '/', sum(s.version)) FROM inherited_value i JOIN shared_value s ON s.id = i.shared_value_id
                WHERE i.gateway_id = g.id),
               fleet.versions, fleet.changes)) AS basis
      FROM gateway g, (
        SELECT (SELECT concat(count(*), '/', sum(version)) FROM shared_value WHERE selector IS NULL) AS versions,
               (SELECT catalog_changes FROM wanted_keeper) AS changes) fleet
      WHERE g.id = ANY(${[...ids]}::text[]) AND g.state = 'active'`;
  }

  /** How gateways stood, in all wanted states that have not ended. */
  async standings(ids: readonly string[]): Promise<KnownStanding[]> {
    const rows = await this.database.$queryRaw<StandingRow[]>`
      SELECT m.wanted_state_id::text AS "wantedStateId", m.gateway_id AS "gatewayId", m.standing, m.reason, m.target, m.settled,
             m.basis, m.attempts, m.due_at AS "dueAt", m.changed_at AS "changedAt", d.ended_at AS "endedAt",
             -- A rollout that nobody has looked into yet has no delivery for it: it is under way.
             CASE WHEN m.rollout_id IS NULL THEN NULL WHEN d.rollout_id IS NOT NULL THEN ${sqlStateOf}
                  WHEN r.ended_at IS NOT NULL THEN 'failed' WHEN r.id IS NULL THEN 'cancelled' ELSE 'pending' END AS "deliveryState",
             CASE WHEN r.id IS NULL THEN now() ELSE r.ended_at END AS "rolloutEndedAt",
             coalesce(d.error ->> 'message', gr.explanation, r.failure ->> 'message') AS problem
      FROM wanted_member m JOIN wanted_state w ON w.id = m.wanted_state_id AND w.ended_at IS NULL
      LEFT JOIN rollout r ON r.id = m.rollout_id
      LEFT JOIN delivery d ON d.rollout_id = m.rollout_id AND d.gateway_id = m.gateway_id
      LEFT JOIN rollout_chunk c ON c.rollout_id = d.rollout_id AND c.chunk = d.chunk
      LEFT JOIN rollout_group gr ON gr.id = d.group_id
      WHERE m.gateway_id = ANY(${[...ids]}::text[])`;
    return rows.map(toKnown);
  }

  /** Writes how gateways stand, of wanted states that have not ended, and tells webhooks what is broken by that, or kept again. */
  async store(changes: readonly NewStanding[]): Promise<void> {
    if (changes.length === 0) return;
    const rows = changes.map(({ wantedStateId, gatewayId, standing: { dueAtMs, ...rest } }) => ({
      wanted_state_id: wantedStateId,
      gateway_id: gatewayId,
      due_at: dueAtMs === null ? null : new Date(dueAtMs).toISOString(),
      ...rest,
    }));
    const messages = (broken: boolean) =>
      gatewayMessagesSql(Prisma.sql`
        SELECT s.gateway_id AS id, jsonb_build_object('id', s.gateway_id, 'standing', s.standing, 'reason', s.reason) AS gateway,
               jsonb_build_object('wantedState',
                 jsonb_build_object('id', w.id, 'requests', w.requests, 'deployment', w.deployment)) AS about
        FROM stored s JOIN wanted_state w ON w.id = s.wanted_state_id
        -- As it was before.
        LEFT JOIN wanted_member o ON o.wanted_state_id = s.wanted_state_id AND o.gateway_id = s.gateway_id
        WHERE s.broken = ${broken} AND coalesce(o.broken, false) <> ${broken}`);
    await this.database.$executeRaw`
      WITH stored AS (
      INSERT INTO wanted_member AS m (wanted_state_id, gateway_id, standing, reason, target, settled, basis, attempts, due_at, broken)
      SELECT n.wanted_state_id, n.gateway_id, n.standing, n.reason, n.target, n.settled, n.basis, n.attempts, n.due_at,
             n.standing IN ('cannot', 'conflict')
      FROM jsonb_to_recordset(${jsonText(rows)}::jsonb) AS n(wanted_state_id uuid, gateway_id text, standing text, reason text,
        target text[], settled text[], basis text, attempts int, due_at timestamptz)
      JOIN wanted_state w ON w.id = n.wanted_state_id AND w.ended_at IS NULL
      JOIN gateway g ON g.id = n.gateway_id
      ORDER BY n.wanted_state_id, n.gateway_id
      ON CONFLICT (wanted_state_id, gateway_id) DO UPDATE SET standing = EXCLUDED.standing, reason = EXCLUDED.reason,
        target = EXCLUDED.target, settled = EXCLUDED.settled, basis = EXCLUDED.basis, attempts = EXCLUDED.attempts,
        due_at = EXCLUDED.due_at,
        broken = CASE WHEN EXCLUDED.standing = 'held' THEN false
          WHEN EXCLUDED.broken OR m.standing = 'held' AND EXCLUDED.standing = 'drifted' THEN true ELSE m.broken END,
        changed_at = CASE WHEN m.standing = EXCLUDED.standing THEN m.changed_at ELSE now() END
      -- A rollout may have been started for it since it was read: that is judged when it has ended.
      WHERE m.standing <> 'moving' OR EXCLUDED.standing <> 'drifted' OR EXISTS (
        SELECT FROM rollout r LEFT JOIN delivery d ON d.rollout_id = r.id AND d.gateway_id = m.gateway_id
        WHERE r.id = m.rollout_id AND (d.ended_at IS NOT NULL OR r.ended_at IS NOT NULL))
      RETURNING m.wanted_state_id, m.gateway_id, m.standing, m.reason, m.broken
      ), told AS (${outboxSql('wanted-state.broken', messages(true))})
      ${outboxSql('wanted-state.kept', messages(false))}`;
  }

  /** Gateways that do not belong to a wanted state any more. */
  async forget(
    members: readonly { readonly wantedStateId: string; readonly gatewayId: string }[],
  ): Promise<void> {
    if (members.length === 0) return;
    await this.database.$executeRaw`
      DELETE FROM wanted_member m
      USING unnest(${members.map(({ wantedStateId }) => wantedStateId)}::uuid[], ${members.map(({ gatewayId }) => gatewayId)}::text[])
        AS gone(wanted_state_id, gateway_id)
      WHERE m.wanted_state_id = gone.wanted_state_id AND m.gateway_id = gone.gateway_id`;
  }

  /** Other versions count as newest: all gateways are to be looked at. */
  async lookAtAll(
    id: string,
    { versions, catalogChanges }: Pick<OpenWantedState, 'versions' | 'catalogChanges'>,
  ): Promise<void> {
    await this.database.$executeRaw`
      UPDATE wanted_state SET versions = ${[...versions]}, looked_after = '', catalog_changes = ${catalogChanges},
        held_back = false, problem = NULL, problem_at = NULL
      WHERE id = ${id}::uuid`;
  }

  /** The catalog is another, and nothing newer counts: those are marked that could not be brought there. */
  async tryAnew(id: string, catalogChanges: bigint): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      await tx.$executeRaw`
        UPDATE gateway SET mark = nextval('gateway_mark') WHERE id IN (
          SELECT gateway_id FROM wanted_member WHERE wanted_state_id = ${id}::uuid AND standing = 'cannot')`;
      await tx.$executeRaw`UPDATE wanted_state SET catalog_changes = ${catalogChanges} WHERE id = ${id}::uuid`;
    });
  }

  /** @param after null: all have been looked at */
  async looked(id: string, before: string, after: string | null): Promise<void> {
    await this.database.$executeRaw`
      UPDATE wanted_state SET looked_after = ${after} WHERE id = ${id}::uuid AND looked_after = ${before}`;
  }

  /** Marks gateways of which something is to be learned: their rollout has ended for them, or they were heard of again. */
  async markEnded(): Promise<void> {
    await this.database.$executeRaw`
      UPDATE gateway SET mark = nextval('gateway_mark') WHERE mark IS NULL AND id IN (
        SELECT m.gateway_id FROM wanted_rollout w JOIN delivery d ON d.rollout_id = w.rollout_id AND d.state IN ${sqlEndedBadly}
        JOIN wanted_member m ON m.wanted_state_id = w.wanted_state_id AND m.gateway_id = d.gateway_id
          AND m.rollout_id = w.rollout_id AND m.standing = 'moving'
        WHERE NOT w.settled
        LIMIT ${markedAtOnce})`;
    await this.database.$executeRaw`
      UPDATE gateway SET mark = nextval('gateway_mark') WHERE mark IS NULL AND id IN (
        SELECT m.gateway_id FROM wanted_state w JOIN wanted_member m ON m.wanted_state_id = w.id AND m.standing = 'silent'
        JOIN gateway g ON g.id = m.gateway_id AND g.last_seen_at > m.changed_at
        WHERE w.ended_at IS NULL LIMIT ${markedAtOnce})`;
    await inTransaction(this.database, async (tx) => {
      const over = await tx.$queryRaw<{ id: string }[]>`
        SELECT w.rollout_id::text AS id FROM wanted_rollout w JOIN rollout r ON r.id = w.rollout_id
        WHERE NOT w.settled AND r.ended_at IS NOT NULL ORDER BY 1 FOR UPDATE OF w SKIP LOCKED`;
      if (over.length === 0) return;
      const ids = over.map(({ id }) => id);
      await tx.$executeRaw`
        UPDATE gateway SET mark = nextval('gateway_mark') WHERE id IN (
          SELECT gateway_id FROM wanted_member WHERE rollout_id = ANY(${ids}::uuid[]) AND standing = 'moving')`;
      await tx.$executeRaw`UPDATE wanted_rollout SET settled = true WHERE rollout_id = ANY(${ids}::uuid[])`;
    });
  }

  /**
   * Starts rollouts for the gateways that are due, once they have gathered: each for many, one for each target.
   * @param gather how long the first of them has waited, in milliseconds; longer when something was started a short while ago
   * @returns the ids of the rollouts that were recorded
   */
  async startDue(
    id: string,
    gather: { readonly firstMs: number; readonly againMs: number },
  ): Promise<string[]> {
    return inTransaction(this.database, async (tx) => {
      const [ready] = await tx.$queryRaw<{ deadlineSeconds: number }[]>`
        SELECT w.deadline_seconds AS "deadlineSeconds" FROM wanted_state w
        WHERE w.id = ${id}::uuid AND w.ended_at IS NULL AND EXISTS (
          SELECT FROM wanted_member m WHERE m.wanted_state_id = w.id AND m.due_at < now() - interval '1 millisecond' *
            CASE WHEN w.started_at > now() - interval '1 minute' THEN ${gather.againMs}::float8 ELSE ${gather.firstMs}::float8 END)
        FOR UPDATE OF w SKIP LOCKED`;
      if (ready === undefined) return [];
      const due = await tx.$queryRaw<{ gatewayId: string; target: string[] }[]>`
        SELECT m.gateway_id AS "gatewayId", m.target FROM wanted_member m JOIN gateway g ON g.id = m.gateway_id AND g.state = 'active'
        WHERE m.wanted_state_id = ${id}::uuid AND m.due_at <= now() ORDER BY m.due_at, m.gateway_id LIMIT ${startedAtOnce}`;
      const targets = [...new Set(due.map(({ target }) => target.join(' ')))].slice(0, targetsAtOnce);
      const byTarget = targets.map((target) => due.filter((member) => member.target.join(' ') === target));
      const started: string[] = [];
      for (const members of byTarget) started.push(await startOne(tx, id, members, ready.deadlineSeconds));
      await tx.$executeRaw`UPDATE wanted_state SET started_at = now() WHERE id = ${id}::uuid`;
      return started;
    });
  }

  /** Rollouts that a wanted state has started, newest first; at most `limit`. */
  async rollouts(
    id: string,
    limit: number,
  ): Promise<{ id: string; gateways: number; state: string; createdAt: Date }[]> {
    return this.database.$queryRaw`
      SELECT r.id::text, w.gateways, r.state, r.created_at AS "createdAt" FROM wanted_rollout w JOIN rollout r ON r.id = w.rollout_id
      WHERE w.wanted_state_id = ${id}::uuid ORDER BY r.created_at DESC, r.id LIMIT ${limit}`;
  }
}

async function startOne(
  tx: Transaction,
  wantedStateId: string,
  members: readonly { readonly gatewayId: string; readonly target: readonly string[] }[],
  deadlineSeconds: number,
): Promise<string> {
  const ids = members.map(({ gatewayId }) => gatewayId);
  const requests = [...(members[0]?.target ?? [])];
  const names = [...new Set(requests.map((text) => parseRequest(text).name))];
  const [rollout] = await tx.$queryRaw<{ id: string }[]>`
    INSERT INTO rollout (requests, names, target, gateway_ids, request_digest, options, scopes)
    VALUES (${requests}, ${names}, ${targetText({ gateways: ids })}, ${ids}, ${`wanted ${wantedStateId}`}, ${jsonText({ deadlineSeconds })}::jsonb,
      coalesce((SELECT d.scopes FROM deployment d JOIN wanted_state w ON w.deployment = d.name WHERE w.id = ${wantedStateId}::uuid), '{}'))
    RETURNING id::text`;
  const id = rollout?.id ?? '';
  await tx.$executeRaw`
    INSERT INTO wanted_rollout (rollout_id, wanted_state_id, gateways) VALUES (${id}::uuid, ${wantedStateId}::uuid, ${ids.length})`;
  await tx.$executeRaw`
    UPDATE wanted_member SET standing = 'moving', due_at = NULL, rollout_id = ${id}::uuid, changed_at = now()
    WHERE wanted_state_id = ${wantedStateId}::uuid AND gateway_id = ANY(${ids}::text[])`;
  return id;
}

interface StandingRow extends Omit<Standing, 'dueAtMs'> {
  readonly wantedStateId: string;
  readonly gatewayId: string;
  readonly dueAt: Date | null;
  readonly changedAt: Date;
  readonly deliveryState: DeliveryState | null;
  readonly endedAt: Date | null;
  readonly rolloutEndedAt: Date | null;
  readonly problem: string | null;
}

function toKnown(row: StandingRow): KnownStanding {
  const { wantedStateId, gatewayId, standing, reason, target, settled, basis, attempts, dueAt, changedAt } =
    row;
  const { deliveryState: state, problem } = row;
  const endedAt = row.endedAt ?? row.rolloutEndedAt;
  return {
    wantedStateId,
    gatewayId,
    before: {
      standing,
      reason,
      target,
      settled,
      basis,
      attempts,
      dueAtMs: dueAt?.getTime() ?? null,
      changedAtMs: changedAt.getTime(),
    },
    attempt: state === null ? null : { state, endedAtMs: endedAt?.getTime() ?? null, reason: problem },
  };
}

function toOpen(row: WantedStateRow): OpenWantedState {
  const { id, requests, deployment, automatic, deadlineSeconds, versions, createdAt, endedAt } = row;
  const { catalogChanges, lookedAfter, heldBack, problem, problemAt } = row;
  return {
    id,
    requests,
    deployment,
    automatic,
    strategy: row.strategy as unknown as Strategy | null,
    deadlineSeconds,
    versions,
    createdAt,
    endedAt,
    catalogChanges,
    lookedAfter,
    isHeldBack: heldBack,
    problem,
    problemAt,
    lookingAtAll: lookedAfter !== null,
  };
}

function notFound(id: string): LeonoreError {
  return new LeonoreError('WANTED_STATE_NOT_FOUND', `there is no wanted state ${id}`);
}
