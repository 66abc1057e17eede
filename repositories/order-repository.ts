import type { DeliveryState } from '../domain/delivery/state.js';
import type { ErrorCode } from '../domain/error-kinds.js';
import { LeonoreError } from '../domain/errors.js';
import type { GatewayProfile, Installed } from '../domain/gateway/profile.js';
import type { OrderedAction } from '../domain/order/ordered-action.js';
import { Prisma } from '../prisma/generated/client.js';
import { inTransaction, jsonText, type Database } from './database.js';
import { isUniqueViolation } from './database-errors.js';
import type { AnewMember, DeliveryWriter, OrderMember } from './delivery/delivery-writer.js';
import type { OrderChanges } from './delivery/delivery-repository.js';
import { sqlStateOf } from './delivery/sql-states.js';
import type { FleetScope } from './fleet-scope.js';
import type { RepeatedRequestRepository } from './repeated-request-repository.js';
import type { RolloutRepository } from './rollout-repository.js';
import { pageOf } from './page.js';

export interface NewOrder {
  readonly action: OrderedAction;
  /** Name of the artifact; empty when it is about all of a gateway. */
  readonly artifact: string;
  readonly deadlineSeconds: number;
  readonly idempotencyKey: string | null;
  readonly requestDigest: string;
  /** Name of the principal that gives it. */
  readonly createdBy?: string;
}

/** One gateway's part in an order, for people. */
export interface GatewayOrder {
  readonly orderId: string;
  readonly ordinal: number;
  readonly gatewayId: string;
  readonly action: OrderedAction;
  readonly artifact: string;
  readonly state: DeliveryState;
  readonly error: unknown;
  /** Name of who gave it; null when nobody is known, or LEONORE did. */
  readonly createdBy: string | null;
  readonly createdAt: Date;
  readonly deadlineAt: Date;
  readonly endedAt: Date | null;
}

export interface OrderFilter {
  readonly orderId?: string | undefined;
  readonly gatewayId?: string | undefined;
}

/** A gateway's part in an order that it refused. */
export interface RefusedOrder {
  readonly orderId: string;
  readonly ordinal: number;
  readonly gatewayId: string;
  readonly artifact: string;
  readonly changes: OrderChanges | null;
  readonly profile: GatewayProfile;
}

/** Refused parts of orders that are seen to by one call. */
const refusedAtOnce = 200;
/** Orders whose end is told by one call. */
const endedAtOnce = 200;

/**
 * Orders: uninstall, start or stop an artifact on gateways that have it, wipe them, or have their profiles. An order is a rollout of another action: it
 * needs no plan and no workflow, so its deliveries are offered as it is given. States, reports and deadlines are those of
 * all deliveries.
 */
export class OrderRepository {
  constructor(
    private readonly database: Database,
    private readonly deliveries: DeliveryWriter,
    private readonly rollouts: RolloutRepository,
    private readonly repeated: RepeatedRequestRepository,
    private readonly fleet: FleetScope,
  ) {}

  /**
   * Records an order for gateways, each once, which are told at their next contact; push gateways are woken.
   * @returns its id, and how many gateways have it; the same idempotency key gives the same order
   * @throws LeonoreError IDEMPOTENCY_KEY_REUSED when the key was used for another request
   */
  async add(order: NewOrder, members: readonly OrderMember[]): Promise<{ id: string; gateways: number }> {
    const { action, artifact, deadlineSeconds, idempotencyKey, requestDigest, createdBy } = order;
    try {
      return await inTransaction(this.database, async (tx) => {
        const [row] = await tx.$queryRaw<{ id: string }[]>`
          INSERT INTO rollout (requests, action, artifact, state, idempotency_key, request_digest, options, scopes, created_by,
                               workflow_started_at)
          VALUES ('{}', ${action}, ${artifact}, 'running', ${idempotencyKey}, ${requestDigest},
                  ${jsonText({ deadlineSeconds })}::jsonb, ${[...this.fleet.column]}::text[], ${createdBy ?? null}, now())
          RETURNING id::text`;
        const id = row?.id ?? '';
        return { id, gateways: await this.deliveries.addOffered(tx, id, members, deadlineSeconds) };
      });
    } catch (error) {
      const known = isUniqueViolation(error) ? await this.repeated.resultOf(order) : null;
      if (known === null) throw error;
      return { id: known, gateways: await this.size(known) };
    }
  }

  /** Gateways that got an order. */
  async size(id: string): Promise<number> {
    return Object.values(await this.rollouts.counts(id)).reduce((sum, count) => sum + count, 0);
  }

  /**
   * Parts of orders, oldest order first, a page at a time.
   * @param cursor what the page before said
   * @throws LeonoreError MALFORMED_INPUT when the cursor is not one of this list
   */
  async list(
    filter: OrderFilter,
    limit: number,
    cursor: string | null,
  ): Promise<{ items: GatewayOrder[]; nextCursor: string | null }> {
    const after = parseCursor(cursor);
    const items = await this.database.$queryRaw<GatewayOrder[]>`
      SELECT r.id::text AS "orderId", d.ordinal, d.gateway_id AS "gatewayId", r.action, r.artifact, ${sqlStateOf} AS state,
             d.error, r.created_by AS "createdBy", r.created_at AS "createdAt", c.deadline_at AS "deadlineAt", d.ended_at AS "endedAt"
      FROM rollout r JOIN delivery d ON d.rollout_id = r.id
      JOIN rollout_chunk c ON c.rollout_id = d.rollout_id AND c.chunk = d.chunk
      JOIN gateway g ON g.id = d.gateway_id
      WHERE r.action <> 'install' AND ${this.fleet.gateway}
        AND (${filter.orderId ?? null}::uuid IS NULL OR r.id = ${filter.orderId ?? null}::uuid)
        AND (${filter.gatewayId ?? null}::text IS NULL OR d.gateway_id = ${filter.gatewayId ?? null})
        AND ${
          after === null
            ? Prisma.sql`true`
            : Prisma.sql`(r.created_at, r.id, d.ordinal) > (
                (SELECT created_at FROM rollout WHERE id = ${after.orderId}::uuid), ${after.orderId}::uuid, ${after.ordinal})`
        }
      ORDER BY r.created_at, r.id, d.ordinal LIMIT ${limit + 1}`;
    return pageOf(items, limit, ({ orderId, ordinal }) => `${orderId}.${ordinal}`);
  }

  /**
   * Withdraws an order from the gateways that have not begun to carry it out.
   * @returns from how many
   * @throws LeonoreError ORDER_NOT_FOUND
   */
  async cancel(id: string): Promise<number> {
    const rows = await this.database.$executeRaw`
      UPDATE rollout r SET cancel_requested_at = coalesce(cancel_requested_at, now())
      WHERE r.id = ${id}::uuid AND r.action <> 'install' AND ${this.fleet.rollout}`;
    if (rows === 0) throw new LeonoreError('ORDER_NOT_FOUND', `there is no order ${id}`);
    return this.deliveries.happen('cancelled', {
      where: Prisma.sql`d.rollout_id = ${id}::uuid AND d.ended_at IS NULL`,
    });
  }

  /** Parts of orders that gateways refused because they were meant for another state of theirs, with what these have now. */
  async refused(): Promise<RefusedOrder[]> {
    const rows = await this.database.$queryRaw<
      (RefusedOrder & { readonly labels: Record<string, string>; readonly installed: Installed[] })[]
    >`
      SELECT d.rollout_id::text AS "orderId", d.ordinal, d.gateway_id AS "gatewayId", r.artifact, d.changes,
             g.profile, g.labels, g.installed
      FROM delivery d JOIN rollout r ON r.id = d.rollout_id JOIN gateway g ON g.id = d.gateway_id
      WHERE d.replan AND d.ended_at IS NULL AND r.action <> 'install' AND r.cancel_requested_at IS NULL
      ORDER BY d.rollout_id, d.ordinal LIMIT ${refusedAtOnce}`;
    return rows.map(({ labels, installed, ...row }) => ({
      ...row,
      profile: { ...row.profile, labels, installed },
    }));
  }

  /** Offers a gateway its part of an order again, meant for the state that it is in now. */
  async offerAnew(orderId: string, member: AnewMember): Promise<void> {
    await inTransaction(this.database, (tx) =>
      this.deliveries.offerAnew(tx, { rolloutId: orderId, groupId: null, members: [member] }),
    );
  }

  /** What an order was given for does not hold any more: it ends, with the reason. */
  async endRefused(
    { orderId, ordinal }: RefusedOrder,
    reason: { readonly code: ErrorCode; readonly message: string } | 'nothing to do',
  ): Promise<void> {
    const where = Prisma.sql`d.rollout_id = ${orderId}::uuid AND d.ordinal = ${ordinal} AND d.replan`;
    if (reason === 'nothing to do') {
      await this.deliveries.happen('satisfiedNow', { where, detail: 'it is not installed any more' });
    } else {
      await this.deliveries.happen('unservedNow', {
        where,
        error: Prisma.sql`${jsonText(reason)}::jsonb`,
        detail: reason.message,
      });
    }
  }

  /** Tells the end of orders of which no gateway's part is open any more. @returns how many */
  async endFinished(): Promise<number> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT id::text FROM rollout r
      WHERE ended_at IS NULL AND action <> 'install'
        AND NOT EXISTS (SELECT 1 FROM rollout_chunk c WHERE c.rollout_id = r.id AND c.ended_at IS NULL)
      ORDER BY created_at LIMIT ${endedAtOnce}`;
    for (const { id } of rows) await this.rollouts.end(id, null);
    return rows.length;
  }
}

const cursorPattern = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(\d{1,9})$/;

function parseCursor(cursor: string | null): { orderId: string; ordinal: number } | null {
  if (cursor === null) return null;
  const match = cursorPattern.exec(cursor);
  if (match?.[1] === undefined)
    throw new LeonoreError('MALFORMED_INPUT', 'the cursor is not one of this list');
  return { orderId: match[1], ordinal: Number(match[2]) };
}
