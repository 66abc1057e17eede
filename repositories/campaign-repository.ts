import { newCampaignStatus, type CampaignStatus, type Wish } from '../domain/campaign/facts.js';
import { campaignVerbs, type CampaignState, type CampaignVerb } from '../domain/campaign/state.js';
import type { Strategy } from '../domain/campaign/strategy.js';
import { LeonoreError } from '../domain/errors.js';
import { campaignEventType } from '../domain/webhook/campaign-event.js';
import type { WebhookEvent } from '../domain/webhook/events.js';
import { limits } from '../domain/limits.js';
import { targetText, type NamedTarget } from '../domain/rollout/target.js';
import { Prisma } from '../prisma/generated/client.js';
import { isUniqueViolation } from './database-errors.js';
import { inTransaction, json, jsonText, type Database, type Transaction } from './database.js';
import type { RolloutOptions } from './rollout-repository.js';
import type { FleetScope } from './fleet-scope.js';
import { tellWebhooks } from './webhook-outbox.js';
import {
  afterWork,
  workFacets,
  workOrder,
  type WorkFacetRow,
  type WorkFacets,
  type WorkFilter,
} from './work-filter.js';
import { pageOf } from './page.js';

export interface Campaign {
  readonly id: string;
  /** `NAME` or `NAME@RANGE`, as asked for. */
  readonly requests: readonly string[];
  /** `NAME@VERSION` that these selected when it was started: all phases get the same versions. */
  readonly selected: readonly string[];
  readonly target: NamedTarget;
  /** The target as people read it. */
  readonly deployment: string;
  readonly strategy: Strategy;
  readonly options: RolloutOptions;
  readonly state: CampaignState;
  /** Why it is in this state; null when that needs no saying. */
  readonly reason: string | null;
  /** Name of who asked for it; null when nobody is known. */
  readonly createdBy: string | null;
  /** Within which scopes it was asked for: selectors of which any must match; none: the whole fleet. */
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly endedAt: Date | null;
  readonly membersChosen: boolean;
  /** What it remembers between decisions. */
  readonly status: CampaignStatus;
}

/** What the coordinator needs of a campaign that has not ended, to hold it against its workflow. */
export interface OpenCampaign extends Campaign {
  readonly workflowStarted: boolean;
}

interface CampaignEvent {
  readonly kind: string;
  /** Who did it; null: the campaign itself. */
  readonly who: string | null;
  readonly why: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly at: Date;
}

/** A person's word on a campaign, kept with it. */
interface Said {
  readonly who: string;
  readonly why: string | null;
}

const listed = { table: 'campaign', alias: 'k' } as const;
const newestFirst = workOrder(listed);

function chosen({ state, text, createdBy }: WorkFilter): Prisma.Sql {
  const conditions = [
    ...(state === undefined ? [] : [Prisma.sql`k.state = ${state}`]),
    ...(createdBy === undefined ? [] : [Prisma.sql`k.created_by = ${createdBy}`]),
    ...(text === undefined
      ? []
      : [
          Prisma.sql`strpos(lower(concat_ws(' ', k.id, array_to_string(k.requests, ' '), array_to_string(k.selected, ' '),
            k.deployment_name, k.selector, k.created_by)), lower(${text}::text)) > 0`,
        ]),
    Prisma.sql`true`,
  ];
  return Prisma.join(conditions, ' AND ', '(', ')');
}

/** The campaigns as they were asked for, what people want of them since, and what happened to them. */
export class CampaignRepository {
  constructor(
    private readonly database: Database,
    private readonly fleet: FleetScope,
  ) {}

  /**
   * Records a campaign, in a transaction that keeps what it was asked by.
   * @param scopes within which it is asked for; those of the repository when not given
   * @throws LeonoreError CAMPAIGN_EXISTS when there is one of that id
   */
  async create(
    {
      id,
      requests,
      selected,
      target,
      strategy,
      options,
    }: Pick<Campaign, 'id' | 'requests' | 'selected' | 'target' | 'strategy' | 'options'>,
    { who, why }: Said,
    tx: Transaction,
    scopes: readonly string[] = this.fleet.column,
  ): Promise<void> {
    const { priority, skip } = strategy;
    // That it did not wait as others do is to be seen later.
    const detail = priority === 'emergency' ? { priority, ...(skip === undefined ? {} : { skip }) } : {};
    const recorded = tx.campaign.create({
      data: {
        id,
        requests: [...requests],
        selected: [...selected],
        deploymentName: 'deployment' in target ? target.deployment : null,
        gatewayIds: 'gateways' in target ? [...target.gateways] : [],
        selector: 'select' in target ? target.select : null,
        strategy: json(strategy),
        options: json(options),
        status: json(newCampaignStatus),
        createdBy: who,
        scopes: [...scopes],
        events: { create: { kind: 'started', who, why, detail } },
      },
    });
    const row = await recorded.catch((error: unknown) => {
      if (!isUniqueViolation(error)) throw error;
      throw new LeonoreError('CAMPAIGN_EXISTS', `there is a campaign ${id} already`);
    });
    await tellCampaign(tx, toCampaign(row), 'campaign.started', { by: who, why });
  }

  /** @throws LeonoreError CAMPAIGN_NOT_FOUND */
  async get(id: string): Promise<Campaign> {
    const [found] = await this.found(Prisma.sql`k.id = ${id}::uuid`, newestFirst, 1);
    if (found === undefined) throw notFound(id);
    return found;
  }

  /** Whether there is such a campaign. */
  async sees(id: string): Promise<boolean> {
    const [found] = await this.database.$queryRaw<object[]>`
      SELECT FROM campaign k WHERE k.id = ${id}::uuid AND ${this.fleet.campaign}`;
    return found !== undefined;
  }

  /**
   * A page at a time, newest first unless the oldest are wanted; the cursor is the last id of the page before.
   */
  async list(
    limit: number,
    cursor: string | null,
    filter: WorkFilter = {},
  ): Promise<{ items: Campaign[]; nextCursor: string | null }> {
    const found = await this.found(
      Prisma.sql`${chosen(filter)} AND ${afterWork(listed, cursor, filter.oldestFirst)}`,
      workOrder(listed, filter.oldestFirst),
      limit + 1,
    );
    return pageOf(found, limit, ({ id }) => id);
  }

  /** What there is to choose among in the list; the most frequent first. */
  async facets(filter: WorkFilter): Promise<WorkFacets> {
    return workFacets(
      await this.database.$queryRaw<WorkFacetRow[]>`
        SELECT k.state, k.created_by AS "createdBy", count(*)::int AS count FROM campaign k
        WHERE ${chosen(filter)} AND ${this.fleet.campaign} GROUP BY 1, 2`,
    );
  }

  /** Those that run, and those that ended a short while ago; those that run first. */
  async lately(limit: number, endedWithinSeconds: number): Promise<Campaign[]> {
    return this.found(
      Prisma.sql`(k.ended_at IS NULL OR k.ended_at > now() - ${endedWithinSeconds}::int * interval '1 second')`,
      Prisma.sql`(k.ended_at IS NULL) DESC, ${newestFirst}`,
      limit,
    );
  }

  private async found(condition: Prisma.Sql, order: Prisma.Sql, limit: number): Promise<Campaign[]> {
    const ids = await this.database.$queryRaw<{ id: string }[]>`
      SELECT k.id::text FROM campaign k WHERE ${condition} AND ${this.fleet.campaign} ORDER BY ${order} LIMIT ${limit}`;
    if (ids.length === 0) return [];
    const rows = await this.database.campaign.findMany({ where: { id: { in: ids.map(({ id }) => id) } } });
    const byIds = new Map(rows.map((row) => [row.id, row]));
    return ids.flatMap(({ id }) => {
      const row = byIds.get(id);
      return row === undefined ? [] : [toCampaign(row)];
    });
  }

  /** What happened to it, in order. */
  async events(id: string): Promise<CampaignEvent[]> {
    const rows = await this.database.campaignEvent.findMany({
      where: { campaignId: id },
      orderBy: { id: 'asc' },
    });
    return rows.map(({ kind, who, why, detail, at }) => ({
      kind,
      who,
      why,
      detail: detail as Record<string, unknown>,
      at,
    }));
  }

  /** Notes what a campaign did by itself; beyond a number that none comes to in order, nothing more is noted. */
  async note(id: string, kind: string, detail: Readonly<Record<string, unknown>>): Promise<void> {
    await this.database.$executeRaw`
      INSERT INTO campaign_event (campaign_id, kind, detail) SELECT ${id}::uuid, ${kind}, ${jsonText(detail)}::jsonb
      WHERE (SELECT count(*) FROM campaign_event WHERE campaign_id = ${id}::uuid) < ${limits.campaignEvents}`;
  }

  /** Its workflow runs. */
  async workflowStarted(id: string): Promise<void> {
    await this.database.$executeRaw`
      UPDATE campaign SET workflow_started_at = coalesce(workflow_started_at, now())
      WHERE id = ${id}::uuid`;
  }

  /**
   * Campaigns that have not ended, those first that were not compared with their workflows for the longest; they count as
   * compared from now on.
   * @param restMs not those that were compared, or recorded, a shorter time ago
   */
  async takeToCompare(limit: number, restMs: number): Promise<OpenCampaign[]> {
    const taken = await this.database.$queryRaw<{ id: string }[]>`
      UPDATE campaign SET compared_at = now() WHERE id IN (
        SELECT id FROM campaign WHERE ended_at IS NULL
          AND coalesce(compared_at, created_at) < now() - ${restMs} * interval '1 millisecond'
        ORDER BY coalesce(compared_at, created_at) LIMIT ${limit} FOR UPDATE SKIP LOCKED) RETURNING id::text`;
    const rows = await this.database.campaign.findMany({ where: { id: { in: taken.map(({ id }) => id) } } });
    return rows.map((row) => ({ ...toCampaign(row), workflowStarted: row.workflowStartedAt !== null }));
  }

  /** Those among the given that are recorded and have not ended. */
  async openAmong(ids: readonly string[]): Promise<Set<string>> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT id::text FROM campaign WHERE id = ANY(${ids}::uuid[]) AND ended_at IS NULL`;
    return new Set(rows.map((row) => row.id));
  }

  /**
   * Notes what a person wishes, with who and why: the workflow takes it in at its next look.
   * @param judge says what people are told from now on; throws when the campaign is not to be asked that, and answers null
   *   when it is so already: then nothing is noted
   * @throws LeonoreError CAMPAIGN_NOT_FOUND, and whatever `judge` throws
   */
  async wish(
    id: string,
    wish: Said & { readonly verb: CampaignVerb; readonly phase?: number },
    judge: (campaign: Campaign) => { readonly state: CampaignState } | null,
  ): Promise<Campaign> {
    return inTransaction(this.database, async (tx) => {
      const campaign = toCampaign(await lockCampaign(tx, id));
      const told = judge(campaign);
      if (told === null) return campaign;
      const { verb, phase, who, why } = wish;
      const detail = phase === undefined ? {} : { phase };
      const row = await tx.campaign.update({
        where: { id },
        data: { state: told.state, events: { create: { kind: verb, who, why, detail } } },
      });
      const changed = toCampaign(row);
      const type = campaignEventType(campaign.state, changed.state, true);
      if (type !== null) await tellCampaign(tx, changed, type, { by: who, why });
      return changed;
    });
  }

  /** What people have wished so far, in order. */
  wishes(id: string): Promise<Wish[]> {
    return wishesOf(this.database, id);
  }

  /** Its phases, in order; none before the members are chosen. */
  async phases(id: string): Promise<CampaignPhase[]> {
    return this.database.campaignPhase.findMany({ where: { campaignId: id }, orderBy: { phase: 'asc' } });
  }
}

export interface CampaignPhase {
  readonly phase: number;
  readonly name: string;
  /** Gateways in it. */
  readonly size: number;
  readonly startedAt: Date | null;
  readonly lastSliceAt: Date | null;
  readonly lastRetryAt: Date | null;
  readonly askedAt: Date | null;
}

/** What people have wished of a campaign so far; ordinals count them. */
export async function wishesOf(db: Database | Transaction, id: string): Promise<Wish[]> {
  const rows = await db.campaignEvent.findMany({
    where: { campaignId: id, kind: { in: [...campaignVerbs] } },
    orderBy: { id: 'asc' },
  });
  return rows.map(({ kind, who, why, at, detail }, index) => {
    const { phase } = detail as { phase?: number };
    const verb = kind as CampaignVerb;
    return {
      ordinal: index + 1,
      verb,
      atMs: at.getTime(),
      by: [who, why].filter((part) => part !== null).join(': '),
      ...(verb === 'approve' && phase !== undefined ? { phase } : {}),
      ...(verb === 'rollback' ? { rollbackPhase: phase ?? null } : {}),
    };
  });
}

/** Locks the row of a campaign: what it is to do is decided one at a time. @throws LeonoreError CAMPAIGN_NOT_FOUND */
export async function lockCampaign(tx: Transaction, id: string): Promise<CampaignRow> {
  await tx.$queryRaw(Prisma.sql`SELECT 1 FROM campaign WHERE id = ${id}::uuid FOR NO KEY UPDATE`);
  const row = await tx.campaign.findUnique({ where: { id } });
  if (row === null) throw notFound(id);
  return row;
}

/** @param said null: it does so by itself */
export async function tellCampaign(
  tx: Transaction,
  { id, state, reason, selected, deployment, createdBy }: Campaign,
  type: Extract<WebhookEvent['type'], `campaign.${string}`>,
  said: { readonly by: string | null; readonly why: string | null },
): Promise<void> {
  const campaign = { id, state, reason, selected: [...selected], deployment, createdBy };
  await tellWebhooks(
    tx,
    { type, data: { campaign, ...said } },
    (fleet) => Prisma.sql`FROM campaign k WHERE k.id = ${id}::uuid AND ${fleet.campaign}`,
  );
}

type CampaignRow = Prisma.CampaignModel;

export function toCampaign(row: CampaignRow): Campaign {
  const target: NamedTarget =
    row.deploymentName !== null
      ? { deployment: row.deploymentName }
      : row.selector !== null
        ? { select: row.selector }
        : { gateways: row.gatewayIds };
  return {
    id: row.id,
    requests: row.requests,
    selected: row.selected,
    target,
    deployment: targetText(target),
    strategy: row.strategy as unknown as Strategy,
    options: row.options as unknown as RolloutOptions,
    state: row.state as CampaignState,
    reason: row.reason,
    createdBy: row.createdBy,
    scopes: row.scopes,
    createdAt: row.createdAt,
    endedAt: row.endedAt,
    membersChosen: row.membersChosenAt !== null,
    status: row.status as unknown as CampaignStatus,
  };
}

function notFound(id: string): LeonoreError {
  return new LeonoreError('CAMPAIGN_NOT_FOUND', `there is no campaign ${id}`);
}
