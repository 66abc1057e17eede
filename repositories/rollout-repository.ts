import type { StrategyName } from '../domain/balancer/strategies.js';
import type { Plan } from '../domain/plan/plan.js';
import { LeonoreError } from '../domain/errors.js';
import {
  emptyCounts,
  isRolloutEnded,
  type DeliveryCounts,
  type RolloutState,
} from '../domain/rollout/state.js';
import type { Step } from '../domain/rollout/steps.js';
import type { DeliveryState } from '../domain/delivery/state.js';
import { isUniqueViolation, json, jsonText, type Database } from './database.js';

export interface RolloutOptions {
  /** Seconds from the offer until a silent gateway counts as lost. */
  readonly deadlineSeconds: number;
  /** Strategy by which the rollout's gateways are spread over the nodes first; absent: they stay where they are. */
  readonly balancer?: StrategyName;
}

export interface Rollout {
  readonly id: string;
  /** `NAME` or `NAME@RANGE`. */
  readonly requests: readonly string[];
  readonly deployment: string;
  readonly state: RolloutState;
  readonly options: RolloutOptions;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
  readonly failure: unknown;
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

export class RolloutRepository {
  constructor(private readonly database: Database) {}

  /**
   * Records a rollout. The same idempotency key gives the same rollout, whoever comes second.
   * @throws LeonoreError IDEMPOTENCY_KEY_REUSED when the key was used for another request
   */
  async create(request: {
    requests: readonly string[];
    deploymentId: string;
    options: RolloutOptions;
    idempotencyKey: string | null;
    requestDigest: string;
  }): Promise<{ id: string; created: boolean }> {
    const known = await this.byIdempotencyKey(request.idempotencyKey, request.requestDigest);
    if (known !== null) return { id: known, created: false };
    try {
      const { id } = await this.database.rollout.create({
        data: { ...request, requests: [...request.requests], options: json(request.options) },
        select: { id: true },
      });
      return { id, created: true };
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      const winner = await this.byIdempotencyKey(request.idempotencyKey, request.requestDigest);
      if (winner === null) throw error;
      return { id: winner, created: false };
    }
  }

  private async byIdempotencyKey(key: string | null, requestDigest: string): Promise<string | null> {
    if (key === null) return null;
    const row = await this.database.rollout.findUnique({ where: { idempotencyKey: key } });
    if (row === null) return null;
    if (row.requestDigest !== requestDigest) {
      throw new LeonoreError(
        'IDEMPOTENCY_KEY_REUSED',
        `the key belongs to rollout ${row.id}, which asked for something else`,
      );
    }
    return row.id;
  }

  /** @throws LeonoreError ROLLOUT_NOT_FOUND */
  async get(id: string): Promise<Rollout> {
    const row = await this.database.rollout.findUnique({
      where: { id },
      include: { deployment: { select: { name: true } } },
    });
    if (row === null) throw new LeonoreError('ROLLOUT_NOT_FOUND', `there is no rollout ${id}`);
    return toRollout(row);
  }

  /** Newest first, a page at a time; the cursor is the last id of the page before. */
  async list(limit: number, cursor: string | null): Promise<{ items: Rollout[]; nextCursor: string | null }> {
    const rows = await this.database.rollout.findMany({
      ...(cursor === null ? {} : { cursor: { id: cursor }, skip: 1 }),
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit + 1,
      include: { deployment: { select: { name: true } } },
    });
    const items = rows.slice(0, limit).map(toRollout);
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  async workflowStarted(id: string): Promise<void> {
    await this.database.$executeRaw`
      UPDATE rollout SET workflow_started_at = coalesce(workflow_started_at, now()) WHERE id = ${id}::uuid`;
  }

  /** Rollouts that were recorded but whose workflow was not started: the process died in between. */
  async unstarted(): Promise<Rollout[]> {
    const rows = await this.database.rollout.findMany({
      where: { workflowStartedAt: null, createdAt: { lt: new Date(Date.now() - 5_000) } },
      orderBy: { createdAt: 'asc' },
      take: 100,
      include: { deployment: { select: { name: true } } },
    });
    return rows.map(toRollout);
  }

  /** A rollout that began to run; one that is being cancelled stays so. */
  async running(id: string): Promise<void> {
    await this.database
      .$executeRaw`UPDATE rollout SET state = 'running' WHERE id = ${id}::uuid AND state = 'requested'`;
  }

  /**
   * Notes the wish to cancel.
   * @throws LeonoreError ROLLOUT_NOT_FOUND; ROLLOUT_ENDED
   */
  async requestCancel(id: string): Promise<void> {
    const { state } = await this.get(id);
    if (isRolloutEnded(state)) throw new LeonoreError('ROLLOUT_ENDED', `rollout ${id} has ended: ${state}`);
    await this.database.$executeRaw`
      UPDATE rollout SET state = 'cancelling', cancel_requested_at = coalesce(cancel_requested_at, now())
      WHERE id = ${id}::uuid AND state IN ('requested', 'running')`;
  }

  /** Ends the rollout; a rollout ends once. */
  async end(id: string, state: RolloutState, failure: unknown): Promise<void> {
    await this.database.$executeRaw`
      UPDATE rollout SET state = ${state}, ended_at = now(), failure = ${failure === null ? null : jsonText(failure)}::jsonb
      WHERE id = ${id}::uuid AND state IN ('requested', 'running', 'cancelling')`;
  }

  /** Deliveries by state. */
  async counts(id: string): Promise<DeliveryCounts> {
    const rows = await this.database.$queryRaw<{ state: DeliveryState; count: number }[]>`
      SELECT state, count(*)::int AS count FROM delivery WHERE rollout_id = ${id}::uuid GROUP BY state`;
    const counts = emptyCounts();
    for (const row of rows) counts[row.state] = row.count;
    return counts;
  }

  /** Notes that a step began; a step that is tried again keeps its first beginning. */
  async stepStarted(id: string, step: Step, nodeId = ''): Promise<void> {
    await this.database.$executeRaw`
      INSERT INTO rollout_step (rollout_id, step, node_id) VALUES (${id}::uuid, ${step}, ${nodeId})
      ON CONFLICT (rollout_id, step, node_id) DO NOTHING`;
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

  /** Step vii of a node ended when the last of its deliveries did. */
  async acknowledgementsEnded(id: string): Promise<void> {
    await this.database.$executeRaw`
      UPDATE rollout_step s SET ended_at = coalesce(
        (SELECT max(d.ended_at) FROM delivery d WHERE d.rollout_id = s.rollout_id AND d.node_id = s.node_id), now())
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
  state: string;
  options: unknown;
  createdAt: Date;
  endedAt: Date | null;
  failure: unknown;
  deployment: { name: string };
}): Rollout {
  return {
    id: row.id,
    requests: row.requests,
    deployment: row.deployment.name,
    state: row.state as RolloutState,
    options: row.options as RolloutOptions,
    createdAt: row.createdAt,
    endedAt: row.endedAt,
    failure: row.failure,
  };
}
