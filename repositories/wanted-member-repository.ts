import type { DeliveryState } from '../domain/delivery/state.js';
import { parseRequest } from '../domain/plan/request.js';
import { targetText } from '../domain/rollout/target.js';
import type { Attempt, Standing, StandingBefore, WantedGateway } from '../domain/wanted-state/judge.js';
import { Prisma } from '../prisma/generated/client.js';
import { inTransaction, jsonText, type Database, type Transaction } from './database.js';
import { sqlEndedBadly, sqlStateOf } from './delivery/sql-states.js';
import type { FleetScope } from './fleet-scope.js';
import { gatewayMessagesSql, outboxSql, webhookAudience } from './webhook-outbox.js';

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
 * How gateways stand to wanted states, as their keeper judges it, and the rollouts that bring them there.
 *
 * INVARIANT: rollouts are started under the lock of their wanted state, together with the standing of their gateways:
 * whoever comes second finds nobody due.
 */
export class WantedMemberRepository {
  constructor(private readonly database: Database) {}

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
    const messages = (broken: boolean, fleet: FleetScope) =>
      gatewayMessagesSql(
        Prisma.sql`
        SELECT s.gateway_id AS id, jsonb_build_object('id', s.gateway_id, 'standing', s.standing, 'reason', s.reason) AS gateway,
               jsonb_build_object('wantedState',
                 jsonb_build_object('id', w.id, 'requests', w.requests, 'deployment', w.deployment)) AS about
        FROM stored s JOIN wanted_state w ON w.id = s.wanted_state_id
        -- As it was before.
        LEFT JOIN wanted_member o ON o.wanted_state_id = s.wanted_state_id AND o.gateway_id = s.gateway_id
        WHERE s.broken = ${broken} AND coalesce(o.broken, false) <> ${broken} AND ${fleet.wantedState}`,
        fleet,
      );
    const told = async (type: 'wanted-state.broken' | 'wanted-state.kept') =>
      outboxSql(type, await webhookAudience(this.database, type), (fleet) =>
        messages(type === 'wanted-state.broken', fleet),
      );
    const [broken, kept] = [await told('wanted-state.broken'), await told('wanted-state.kept')];
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
      ), told AS (${broken})
      ${kept}`;
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
