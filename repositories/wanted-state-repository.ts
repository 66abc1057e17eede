import type { Strategy } from '../domain/campaign/strategy.js';
import { LeonoreError } from '../domain/errors.js';
import { standings, type StandingName } from '../domain/wanted-state/judge.js';
import { Prisma, type WantedState as WantedStateRow } from '../prisma/generated/client.js';
import { inTransaction, json, type Database, type Transaction } from './database.js';
import type { FleetScope } from './fleet-scope.js';
import { pageOf } from './page.js';

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

/** Wanted states as they were asked for and as people see them; what keeps them is in wanted-member-repository.ts. */
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
