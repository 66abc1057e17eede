import { Prisma } from '../prisma/generated/client.js';
import type { TaskRequirement } from '../domain/agent-protocol/messages.js';
import type { ErrorCode } from '../domain/error-kinds.js';
import type { Plan } from '../domain/plan/plan.js';
import { inTransaction, jsonText, type Database, type Transaction } from './database.js';
import type { AnewMember, DeliveryWriter, EndingEvent, Happening } from './delivery/delivery-writer.js';
import { lackingValues, sqlStale, valueMissing } from './provisioning-repository.js';
import type { BuildAttempt } from './rollout-repository.js';

/** Gateways that are planned for anew together: they need the same package. */
export interface AnewGroup {
  readonly rolloutId: string;
  readonly nodeId: string;
  readonly plans: readonly Plan[];
  readonly attempts: readonly BuildAttempt[];
  readonly members: readonly AnewMember[];
}

/** A plan whose package is there. */
export interface AnewPackage {
  readonly planIndex: number;
  readonly packageId: string;
  readonly requires: readonly TaskRequirement[];
}

/**
 * Deliveries that their gateways refused because they were planned for another state. They stay in their chunk, which
 * waits for them to its deadline, and belong to a group of their own from then on.
 *
 * INVARIANT: a group is entered together with what becomes of its deliveries. Who dies before that leaves them refused,
 * and they are planned again.
 */
export class ReplanningRepository {
  constructor(
    private readonly database: Database,
    private readonly deliveries: DeliveryWriter,
  ) {}

  /** What the plans that were refused take away although an operator asked for it: that was there to be seen. */
  async consented(rolloutId: string, ordinals: readonly number[]): Promise<Map<number, readonly string[]>> {
    const rows = await this.database.$queryRaw<{ ordinal: number; consent: string[] | null }[]>`
      SELECT d.ordinal, g.plans -> g.plan_index -> 'consent' AS consent
      FROM delivery d JOIN rollout_group g ON g.id = d.group_id
      WHERE d.rollout_id = ${rolloutId}::uuid AND d.ordinal = ANY(${ordinals}::int[])`;
    return new Map(rows.map(({ ordinal, consent }) => [ordinal, consent ?? []]));
  }

  /** Offers another package; gateways that lack a value for it fail. */
  async offer(group: AnewGroup, { planIndex, packageId, requires }: AnewPackage): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      const plan = group.plans[planIndex];
      const changes = {
        remove: plan?.remove ?? [],
        removeFirst: plan?.removeFirst ?? false,
        ...(requires.length === 0 ? {} : { requires }),
      };
      const groupId = await this.enter(tx, group, 'built', { planIndex, packageId, changes });
      const lacking = lackingValues(packageId);
      await this.end(tx, group, groupId, 'unservedNow', lacking);
      await this.deliveries.offerAnew(tx, { rolloutId: group.rolloutId, groupId, members: group.members });
    });
  }

  /**
   * In the state that the gateways are in there is nothing to install. Those that have other values now than they were
   * given are configured.
   */
  async satisfied(group: AnewGroup, planIndex: number): Promise<void> {
    const names = group.plans[planIndex]?.artifacts.map(({ name }) => name) ?? [];
    const join = sqlStale(Prisma.sql`${names}::text[]`);
    await inTransaction(this.database, async (tx) => {
      const groupId = await this.enter(tx, group, 'built', { planIndex });
      const lacking = { join, where: Prisma.sql`lacking.keys IS NOT NULL`, error: valueMissing };
      await this.end(tx, group, groupId, 'unservedNow', lacking);
      const done = { join, where: Prisma.sql`stale.artifact IS NULL` };
      await this.end(tx, group, groupId, 'satisfiedNow', done, 'everything is installed already');
      await this.deliveries.configureAnew(
        tx,
        { rolloutId: group.rolloutId, groupId, members: group.members },
        names,
      );
    });
  }

  /** In the state that the gateways are in there is no plan. */
  async incompatible(group: AnewGroup, explanation: string | null): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      const groupId = await this.enter(tx, group, 'incompatible', { explanation });
      await this.end(tx, group, groupId, 'incompatibleNow');
    });
  }

  /** It was not found out whether there is a plan, or none could be built. */
  async failed(
    group: AnewGroup,
    failure: { readonly code: ErrorCode; readonly message: string },
  ): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      const groupId = await this.enter(tx, group, 'failed', { explanation: failure.message });
      await this.end(tx, group, groupId, 'unservedNow', { error: Prisma.sql`${jsonText(failure)}::jsonb` });
    });
  }

  private async enter(
    tx: Transaction,
    { rolloutId, nodeId, plans, attempts, members }: AnewGroup,
    state: 'built' | 'failed' | 'incompatible',
    facts: {
      readonly planIndex?: number;
      readonly packageId?: string;
      readonly changes?: unknown;
      readonly explanation?: string | null;
    },
  ): Promise<string> {
    const { planIndex = null, packageId = null, changes = null, explanation = null } = facts;
    const [row] = await tx.$queryRaw<{ id: string }[]>`
      INSERT INTO rollout_group (rollout_id, node_id, state, gateways, plans, attempts, explanation, plan_index, package_id,
                                 changes, ordinals, placed)
      SELECT ${rolloutId}::uuid, ${nodeId}, ${state}, count(*)::int, ${jsonText(plans)}::jsonb, ${jsonText(attempts)}::jsonb,
             ${explanation}, ${planIndex}::int, ${packageId}, ${changes === null ? null : jsonText(changes)}::jsonb,
             range_agg(int4range(ordinal, ordinal + 1)), true
      FROM unnest(${members.map(({ ordinal }) => ordinal)}::int[]) AS m(ordinal) RETURNING id::text`;
    if (row === undefined) throw new Error('a group was not entered');
    return row.id;
  }

  private async end(
    tx: Transaction,
    { rolloutId, members }: AnewGroup,
    groupId: string,
    event: EndingEvent,
    { join = Prisma.empty, where = Prisma.sql`true`, error }: Partial<Happening> = {},
    detail?: string,
  ): Promise<void> {
    const ordinals = members.map(({ ordinal }) => ordinal);
    await this.deliveries.happen(
      event,
      {
        join,
        where: Prisma.sql`d.rollout_id = ${rolloutId}::uuid AND d.ordinal = ANY(${ordinals}::int[]) AND d.replan
          AND d.ended_at IS NULL AND ${where}`,
        ...(error === undefined ? {} : { error }),
        ...(detail === undefined ? {} : { detail }),
        groupId,
      },
      tx,
    );
  }
}
