import type { StrategyName } from '../domain/balancer/strategies.js';
import type { Plan } from '../domain/plan/plan.js';
import { LeonoreError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import {
  emptyCounts,
  openOf,
  rolloutOutcome,
  type DeliveryCounts,
  type RolloutState,
} from '../domain/rollout/state.js';
import { targetText, type RolloutTarget } from '../domain/rollout/target.js';
import { requestedName } from '../domain/plan/request.js';
import type { RolloutEventKind } from '../domain/rollout/events.js';
import type { Step } from '../domain/rollout/steps.js';
import { Prisma } from '../prisma/generated/client.js';
import { inTransaction, json, jsonText, type Database } from './database.js';
import { isForeignKeyViolation, isUniqueViolation } from './database-errors.js';
import { noDeployment } from './deployment-repository.js';
import type { FleetScope } from './fleet-scope.js';
import type { RepeatedRequestRepository } from './repeated-request-repository.js';
import { targetColumns, toTarget } from './rollout-target-columns.js';
import {
  channelsOf,
  countsOf,
  countsOfMany,
  recount,
  type ChannelCounts,
} from './delivery/delivery-counts.js';
import { pageOf } from './page.js';
import { tellRolloutEnded } from './tell-rollout-ended.js';
import {
  afterWork,
  workFacets,
  workOrder,
  type WorkFacetRow,
  type WorkFacets,
  type WorkFilter,
} from './work-filter.js';

export interface RolloutOptions {
  /** Seconds from the offer until a silent gateway counts as lost. */
  readonly deadlineSeconds: number;
  /** Strategy by which the rollout's gateways are spread over the nodes first; absent: they stay where they are. */
  readonly balancer?: StrategyName;
  /** Whether newer versions may take away what was asked for before; absent: they may not. */
  readonly allowRemove?: true;
  /** Whether what was asked for may come in an older version than the gateway has; absent: it may not. */
  readonly allowDowngrade?: true;
}

export interface Rollout {
  readonly id: string;
  /** `NAME` or `NAME@RANGE`. */
  readonly requests: readonly string[];
  /** Whom it goes to, as people read it; {@link RolloutRepository.target} has the whole of it. */
  readonly deployment: string;
  readonly state: RolloutState;
  readonly options: RolloutOptions;
  /** Name of the principal that asked for it; null when nobody is known. */
  readonly createdBy: string | null;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
  readonly failure: unknown;
  /** What it waits for besides gateways; null when for nothing. */
  readonly waitingFor: string | null;
  /** The campaign that it belongs to. */
  readonly campaignId: string | null;
}

/** What the coordinator needs of a rollout that has not ended, to hold it against its workflow. */
export interface OpenRollout extends Rollout {
  readonly cancelRequested: boolean;
  readonly workflowStarted: boolean;
  readonly startAttempts: number;
}

export interface RolloutEvent {
  readonly kind: RolloutEventKind;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly at: Date;
}

export interface RolloutStep {
  readonly step: Step;
  readonly nodeId: string;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
}

/** One plan tried by the package builder. */
export interface BuildAttempt {
  readonly planIndex: number;
  readonly outcome: 'built' | 'reused' | 'failed';
  readonly packageId: string | null;
  readonly error: string | null;
  /** Tail of the build's output. */
  readonly log: string;
}

export interface RolloutGroup {
  readonly id: string;
  readonly nodeId: string;
  readonly state: 'planned' | 'built' | 'failed' | 'incompatible';
  readonly gateways: number;
  readonly plans: readonly Plan[];
  readonly planIndex: number | null;
  readonly packageId: string | null;
  readonly attempts: readonly BuildAttempt[];
  readonly explanation: string | null;
}

/** What people want of a rollout that runs. */
export interface RolloutWishes {
  readonly cancel: boolean;
}

/** Rollouts whose outcome is told anew by one call. */
const settledAtOnce = 200;

/** Which rollouts are asked for. */
export interface RolloutFilter extends WorkFilter {
  readonly campaignId?: string | undefined;
}

const listed = { table: 'rollout', alias: 'r' } as const;
const newestFirst = workOrder(listed);

function chosen({ state, text, createdBy, campaignId }: RolloutFilter): Prisma.Sql {
  const conditions = [
    ...(state === undefined ? [] : [Prisma.sql`r.state = ${state}`]),
    ...(createdBy === undefined ? [] : [Prisma.sql`r.created_by = ${createdBy}`]),
    ...(campaignId === undefined ? [] : [Prisma.sql`r.campaign_id = ${campaignId}::uuid`]),
    ...(text === undefined
      ? []
      : [
          Prisma.sql`strpos(lower(concat_ws(' ', r.id, array_to_string(r.requests, ' '), r.target, r.created_by)),
            lower(${text}::text)) > 0`,
        ]),
    Prisma.sql`true`,
  ];
  return Prisma.join(conditions, ' AND ', '(', ')');
}

export class RolloutRepository {
  constructor(
    private readonly database: Database,
    private readonly repeated: RepeatedRequestRepository,
    private readonly fleet: FleetScope,
  ) {}

  /**
   * Records a rollout. The same idempotency key gives the same rollout, whoever comes second.
   * @throws LeonoreError IDEMPOTENCY_KEY_REUSED when the key was used for another request; DEPLOYMENT_NOT_FOUND
   */
  async create(request: {
    requests: readonly string[];
    target: RolloutTarget;
    options: RolloutOptions;
    idempotencyKey: string | null;
    requestDigest: string;
    /** Name of the principal that asks for it. */
    createdBy?: string;
  }): Promise<{ id: string; created: boolean }> {
    const { requests, target, options, idempotencyKey, requestDigest, createdBy = null } = request;
    const known = await this.repeated.resultOf(request);
    if (known !== null) return { id: known, created: false };
    try {
      const { id } = await this.database.rollout.create({
        data: {
          requests: [...requests],
          names: [...new Set(requests.map(requestedName))],
          ...(await targetColumns(this.database, target)),
          options: json(options),
          idempotencyKey,
          requestDigest,
          createdBy,
          scopes: [...this.fleet.column],
        },
        select: { id: true },
      });
      return { id, created: true };
    } catch (error) {
      // The deployment was removed between the two statements.
      if (isForeignKeyViolation(error)) throw noDeployment(targetText(target));
      if (!isUniqueViolation(error)) throw error;
      const winner = await this.repeated.resultOf(request);
      if (winner === null) throw error;
      return { id: winner, created: false };
    }
  }

  /** @throws LeonoreError ROLLOUT_NOT_FOUND */
  async get(id: string): Promise<Rollout> {
    const row = await this.database.rollout.findUnique({ where: { id }, omit: { gatewayIds: true } });
    if (row?.action !== 'install' || !(await this.isWithin(id))) throw notFound(id);
    return toRollout(row);
  }

  private async isWithin(id: string): Promise<boolean> {
    if (this.fleet.scope === 'fleet') return true;
    const [found] = await this.database.$queryRaw<object[]>`
      SELECT FROM rollout r WHERE r.id = ${id}::uuid AND ${this.fleet.rollout}`;
    return found !== undefined;
  }

  /** Whom it goes to, which may be many by name. @throws LeonoreError ROLLOUT_NOT_FOUND */
  async target(id: string): Promise<RolloutTarget> {
    const row = await this.database.rollout.findUnique({
      where: { id },
      select: { target: true, gatewayIds: true, selector: true, campaignId: true, phase: true },
    });
    if (row === null) throw notFound(id);
    return toTarget(row);
  }

  /** A page at a time, newest first unless the oldest are wanted; the cursor is the last id of the page before. */
  async list(
    limit: number,
    cursor: string | null,
    filter: RolloutFilter = {},
  ): Promise<{ items: Rollout[]; nextCursor: string | null }> {
    const found = await this.found(
      Prisma.sql`${chosen(filter)} AND ${afterWork(listed, cursor, filter.oldestFirst)}`,
      limit + 1,
      workOrder(listed, filter.oldestFirst),
    );
    return pageOf(found, limit, ({ id }) => id);
  }

  /** What there is to choose among in the list; the most frequent first. */
  async facets(filter: RolloutFilter): Promise<WorkFacets> {
    return workFacets(
      await this.database.$queryRaw<WorkFacetRow[]>`
        SELECT r.state, r.created_by AS "createdBy", count(*)::int AS count FROM rollout r
        WHERE r.action = 'install' AND ${chosen(filter)} AND ${this.fleet.rollout} GROUP BY 1, 2`,
    );
  }

  /** Those that run, and those that ended a short while ago, with their deliveries by state; those that run first. */
  async lately(
    limit: number,
    endedWithinSeconds: number,
  ): Promise<{ rollout: Rollout; counts: DeliveryCounts }[]> {
    const rollouts = await this.found(
      Prisma.sql`(r.ended_at IS NULL OR r.ended_at > now() - ${endedWithinSeconds}::int * interval '1 second')`,
      limit,
      Prisma.sql`(r.ended_at IS NULL) DESC, ${newestFirst}`,
    );
    const counts = await countsOfMany(
      this.database,
      rollouts.map(({ id }) => id),
    );
    return rollouts.map((rollout) => ({ rollout, counts: counts.get(rollout.id) ?? emptyCounts() }));
  }

  private async found(condition: Prisma.Sql, limit: number, order: Prisma.Sql): Promise<Rollout[]> {
    const ids = await this.database.$queryRaw<{ id: string }[]>`
      SELECT r.id::text FROM rollout r WHERE r.action = 'install' AND ${condition} AND ${this.fleet.rollout}
      ORDER BY ${order} LIMIT ${limit}`;
    if (ids.length === 0) return [];
    const rows = await this.database.rollout.findMany({
      where: { id: { in: ids.map(({ id }) => id) } },
      omit: { gatewayIds: true },
    });
    const byIds = new Map(rows.map((row) => [row.id, row]));
    return ids.flatMap(({ id }) => {
      const row = byIds.get(id);
      return row === undefined ? [] : [toRollout(row)];
    });
  }

  /** What the workflow before it waited for, this one has not met yet. */
  async workflowStarted(id: string): Promise<void> {
    await this.database.$executeRaw`
      UPDATE rollout SET workflow_started_at = coalesce(workflow_started_at, now()), start_attempts = 0, waiting_for = NULL
      WHERE id = ${id}::uuid`;
  }

  /** Its workflow could not be started. @returns how often that was so in a row */
  async startFailed(id: string): Promise<number> {
    const [row] = await this.database.$queryRaw<{ attempts: number }[]>`
      UPDATE rollout SET start_attempts = start_attempts + 1 WHERE id = ${id}::uuid RETURNING start_attempts AS attempts`;
    return row?.attempts ?? 0;
  }

  /**
   * Rollouts that have not ended, those first that were not compared with their workflows for the longest; they count as
   * compared from now on.
   * @param restMs not those that were compared, or recorded, a shorter time ago
   */
  async takeToCompare(limit: number, restMs: number): Promise<OpenRollout[]> {
    const taken = await this.database.$queryRaw<{ id: string }[]>`
      UPDATE rollout SET compared_at = now() WHERE id IN (
        SELECT id FROM rollout WHERE ended_at IS NULL AND action = 'install'
          AND coalesce(compared_at, created_at) < now() - ${restMs} * interval '1 millisecond'
        ORDER BY coalesce(compared_at, created_at) LIMIT ${limit} FOR UPDATE SKIP LOCKED) RETURNING id::text`;
    const rows = await this.database.rollout.findMany({
      where: { id: { in: taken.map(({ id }) => id) } },
      omit: { gatewayIds: true },
    });
    return rows.map((row) => ({
      ...toRollout(row),
      cancelRequested: row.cancelRequestedAt !== null,
      workflowStarted: row.workflowStartedAt !== null,
      startAttempts: row.startAttempts,
    }));
  }

  /** Those among the given that are recorded and have not ended. */
  async openAmong(ids: readonly string[]): Promise<Set<string>> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT id::text FROM rollout WHERE id = ANY(${ids}::uuid[]) AND ended_at IS NULL`;
    return new Set(rows.map((row) => row.id));
  }

  /** A rollout that began to run; one that is being cancelled stays so. */
  async running(id: string): Promise<void> {
    await this.database
      .$executeRaw`UPDATE rollout SET state = 'running' WHERE id = ${id}::uuid AND state = 'requested'`;
  }

  /**
   * Notes the wish to cancel: the workflow reads it at each step, a signal only wakes it.
   * @throws LeonoreError ROLLOUT_NOT_FOUND; ROLLOUT_ENDED
   */
  async requestCancel(id: string): Promise<void> {
    if (await this.noteCancel(id)) return;
    const { state } = await this.get(id);
    throw new LeonoreError('ROLLOUT_ENDED', `rollout ${id} has ended: ${state}`);
  }

  /** @returns false when there is no such rollout, or it has ended */
  async noteCancel(id: string): Promise<boolean> {
    const rows = await this.database.$executeRaw`
      UPDATE rollout r SET state = 'cancelling', cancel_requested_at = coalesce(cancel_requested_at, now())
      WHERE r.id = ${id}::uuid AND r.action = 'install' AND r.ended_at IS NULL AND ${this.fleet.rollout}`;
    return rows > 0;
  }

  /** What people want of a rollout besides what it was asked for at first. @throws LeonoreError ROLLOUT_NOT_FOUND */
  async wishes(id: string): Promise<RolloutWishes> {
    const [row] = await this.database.$queryRaw<RolloutWishes[]>`
      SELECT cancel_requested_at IS NOT NULL AS cancel FROM rollout WHERE id = ${id}::uuid`;
    if (row === undefined) throw notFound(id);
    return row;
  }

  /** What it waits for, in words; null: for nothing but its gateways. */
  async waitsFor(id: string, waitingFor: string | null): Promise<void> {
    await this.database.$executeRaw`
      UPDATE rollout SET waiting_for = ${waitingFor} WHERE id = ${id}::uuid AND waiting_for IS DISTINCT FROM ${waitingFor}`;
  }

  /**
   * Ends a rollout, if none of its deliveries is open; a rollout ends once.
   * @returns the state that it has then, and how many deliveries are open
   */
  async end(
    id: string,
    failure: unknown,
  ): Promise<{ state: RolloutState; open: number; counts: DeliveryCounts }> {
    return inTransaction(this.database, async (tx) => {
      const [row] = await tx.$queryRaw<{ state: RolloutState; cancel: boolean; ended: boolean }[]>`
        SELECT state, cancel_requested_at IS NOT NULL AS cancel, ended_at IS NOT NULL AS ended
        FROM rollout WHERE id = ${id}::uuid FOR NO KEY UPDATE`;
      if (row === undefined) throw notFound(id);
      const counts = await recount(tx, id);
      const open = openOf(counts);
      if (row.ended || open > 0) return { state: row.state, open, counts };
      const state = rolloutOutcome(counts, row.cancel);
      await tx.$executeRaw`
        UPDATE rollout SET state = ${state}, ended_at = now(), waiting_for = NULL, outcome_stale = false,
          failure = ${failure === null ? null : jsonText(failure)}::jsonb WHERE id = ${id}::uuid`;
      await tellRolloutEnded(tx, id, counts, false);
      return { state, open, counts };
    });
  }

  /** Tells the outcome of rollouts anew whose deliveries were corrected after the end. @returns those that changed */
  async settle(): Promise<{ id: string; state: RolloutState }[]> {
    const stale = await this.database.$queryRaw<{ id: string }[]>`
      SELECT id::text FROM rollout WHERE outcome_stale ORDER BY id LIMIT ${settledAtOnce}`;
    const changed: { id: string; state: RolloutState }[] = [];
    for (const { id } of stale) {
      const state = await inTransaction(this.database, async (tx) => {
        const [row] = await tx.$queryRaw<{ state: RolloutState; cancel: boolean; ended: boolean }[]>`
          UPDATE rollout SET outcome_stale = false WHERE id = ${id}::uuid AND outcome_stale
          RETURNING state, cancel_requested_at IS NOT NULL AS cancel, ended_at IS NOT NULL AS ended`;
        if (row?.ended !== true) return null;
        const counts = await countsOf(tx, id);
        const outcome = rolloutOutcome(counts, row.cancel);
        if (outcome === row.state) return null;
        await tx.$executeRaw`UPDATE rollout SET state = ${outcome} WHERE id = ${id}::uuid`;
        await tellRolloutEnded(tx, id, counts, true);
        return outcome;
      });
      if (state !== null) changed.push({ id, state });
    }
    return changed;
  }

  /** Deliveries by state, as they were counted when they changed. */
  counts(id: string): Promise<DeliveryCounts> {
    return countsOf(this.database, id);
  }

  /** Deliveries by protocol and strategy: counted when asked. */
  channels(id: string): Promise<ChannelCounts[]> {
    return channelsOf(this.database, id);
  }

  /** Notes what happened to a rollout; beyond a number that no rollout comes to in order, nothing more is noted. */
  async note(id: string, kind: RolloutEventKind, detail: Readonly<Record<string, unknown>>): Promise<void> {
    await this.database.$executeRaw`
      INSERT INTO rollout_event (rollout_id, kind, detail) SELECT ${id}::uuid, ${kind}, ${jsonText(detail)}::jsonb
      WHERE (SELECT count(*) FROM rollout_event WHERE rollout_id = ${id}::uuid) < ${limits.rolloutEvents}
        AND EXISTS (SELECT 1 FROM rollout WHERE id = ${id}::uuid)`;
  }

  /** Notes that a node was lost at a step, with the deliveries that it had in hand: those that it was to plan. */
  async noteLost(id: string, nodeId: string, detail: Readonly<Record<string, unknown>>): Promise<void> {
    await this.database.$executeRaw`
      INSERT INTO rollout_event (rollout_id, kind, detail, members)
      SELECT s.rollout_id, 'node-lost', ${jsonText({ nodeId, ...detail })}::jsonb, s.members FROM rollout_step s
      WHERE s.rollout_id = ${id}::uuid AND s.step = 'iv' AND s.node_id = ${nodeId}
        AND (SELECT count(*) FROM rollout_event WHERE rollout_id = ${id}::uuid) < ${limits.rolloutEvents}`;
  }

  /** How often database and Temporal had to be brought together. */
  async mends(): Promise<number> {
    return this.database.rolloutEvent.count({ where: { kind: 'mended' } });
  }

  /** In order; see {@link note}. */
  async events(id: string): Promise<RolloutEvent[]> {
    const rows = await this.database.rolloutEvent.findMany({
      where: { rolloutId: id },
      orderBy: { id: 'asc' },
    });
    return rows.map(({ kind, detail, at }) => ({
      kind: kind as RolloutEventKind,
      detail: detail as Record<string, unknown>,
      at,
    }));
  }

  /** Notes that a step began; a step that is tried again keeps its first beginning. */
  async stepStarted(id: string, step: Step, nodeId = ''): Promise<void> {
    await this.database.$executeRaw`
      INSERT INTO rollout_step (rollout_id, step, node_id) SELECT id, ${step}, ${nodeId} FROM rollout WHERE id = ${id}::uuid
      ON CONFLICT (rollout_id, step, node_id) DO NOTHING`;
  }

  /** Notes which deliveries a node plans from now on: those that have no place yet. */
  async taken(id: string, nodeId: string): Promise<void> {
    await this.database.$executeRaw`
      UPDATE rollout_step SET members = (
        SELECT range_agg(int4range(ordinal, ordinal + 1)) FROM delivery
        WHERE rollout_id = ${id}::uuid AND node_id = ${nodeId} AND chunk IS NULL AND ended_at IS NULL)
      WHERE rollout_id = ${id}::uuid AND step = 'iv' AND node_id = ${nodeId}`;
  }

  async stepEnded(id: string, step: Step, nodeId = ''): Promise<void> {
    await this.database.$executeRaw`
      UPDATE rollout_step SET ended_at = now() WHERE rollout_id = ${id}::uuid AND step = ${step} AND node_id = ${nodeId}`;
  }

  /** True when a step that no single node does has ended. */
  async hasEnded(id: string, step: Step): Promise<boolean> {
    const row = await this.database.rolloutStep.findFirst({
      where: { rolloutId: id, step, nodeId: '', endedAt: { not: null } },
      select: { step: true },
    });
    return row !== null;
  }

  /** Step vii of a node ended when the last of its chunks did. */
  async acknowledgementsEnded(id: string): Promise<void> {
    await this.database.$executeRaw`
      UPDATE rollout_step s SET ended_at = coalesce(
        (SELECT max(c.ended_at) FROM rollout_chunk c WHERE c.rollout_id = s.rollout_id AND c.node_id = s.node_id), now())
      WHERE s.rollout_id = ${id}::uuid AND s.step = 'vii'`;
  }

  async steps(id: string): Promise<RolloutStep[]> {
    const rows = await this.database.rolloutStep.findMany({
      where: { rolloutId: id },
      orderBy: [{ startedAt: 'asc' }, { step: 'asc' }, { nodeId: 'asc' }],
    });
    return rows.map(({ step, nodeId, startedAt, endedAt }) => ({
      step: step as Step,
      nodeId,
      startedAt,
      endedAt,
    }));
  }

  /** The groups of a rollout, largest first; at most `limit`. */
  async groups(id: string, limit: number): Promise<RolloutGroup[]> {
    const rows = await this.database.rolloutGroup.findMany({
      where: { rolloutId: id },
      // Not what there is one of for each gateway: a large rollout that is watched is read again and again.
      omit: { startStates: true },
      orderBy: [{ gateways: 'desc' }, { id: 'asc' }],
      take: limit,
    });
    return rows.map((row) => ({
      id: row.id,
      nodeId: row.nodeId,
      state: row.state as RolloutGroup['state'],
      gateways: row.gateways,
      plans: row.plans as unknown as Plan[],
      planIndex: row.planIndex,
      packageId: row.packageId,
      attempts: row.attempts as unknown as BuildAttempt[],
      explanation: row.explanation,
    }));
  }
}

function toRollout(row: {
  id: string;
  requests: string[];
  target: string | null;
  state: string;
  options: unknown;
  createdBy: string | null;
  createdAt: Date;
  endedAt: Date | null;
  failure: unknown;
  waitingFor: string | null;
  campaignId: string | null;
}): Rollout {
  return {
    id: row.id,
    requests: row.requests,
    deployment: row.target ?? '',
    state: row.state as RolloutState,
    options: row.options as RolloutOptions,
    createdBy: row.createdBy,
    createdAt: row.createdAt,
    endedAt: row.endedAt,
    failure: row.failure,
    waitingFor: row.waitingFor,
    campaignId: row.campaignId,
  };
}

function notFound(id: string): LeonoreError {
  return new LeonoreError('ROLLOUT_NOT_FOUND', `there is no rollout ${id}`);
}
