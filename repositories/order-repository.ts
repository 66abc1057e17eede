import type { OrderAction, Report } from '../domain/agent-protocol/messages.js';
import { applyReports } from '../domain/delivery/apply-reports.js';
import { isEnded, type DeliveryState } from '../domain/delivery/state.js';
import { LeonoreError } from '../domain/errors.js';
import { inTransaction, jsonText, type Database, type Transaction } from './database.js';
import type { ReportResult } from './delivery-repository.js';

export interface NewOrder {
  /** Id of the order, chosen by the caller: the same id is the same order. */
  readonly id: string;
  readonly action: OrderAction;
  /** Name of the artifact. */
  readonly artifact: string;
  readonly deadlineSeconds: number;
}

/** One gateway's part in an order, for people. */
export interface GatewayOrder {
  readonly orderId: string;
  readonly number: bigint;
  readonly gatewayId: string;
  readonly action: OrderAction;
  readonly artifact: string;
  readonly state: DeliveryState;
  readonly error: unknown;
  readonly createdAt: Date;
  readonly deadlineAt: Date;
  readonly updatedAt: Date;
  readonly endedAt: Date | null;
}

export interface OrderFilter {
  readonly orderId?: string | undefined;
  readonly gatewayId?: string | undefined;
}

/**
 * Orders: uninstall, start or stop an artifact on gateways that have it.
 *
 * INVARIANTS
 * - A gateway is in an order once at most, so recording it again changes nothing.
 * - A state changes only along the transition table of domain/delivery/state.ts.
 */
export class OrderRepository {
  constructor(private readonly database: Database) {}

  /**
   * Records an order for gateways, which are told at their next contact; push gateways are woken.
   * @returns how many parts are new
   * @throws LeonoreError IDEMPOTENCY_KEY_REUSED when the id belongs to an order of another content
   */
  async add(order: NewOrder, gatewayIds: readonly string[]): Promise<number> {
    const { id, action, artifact, deadlineSeconds } = order;
    return inTransaction(this.database, async (tx) => {
      const [other] = await tx.$queryRaw<unknown[]>`
        SELECT 1 FROM gateway_order WHERE order_id = ${id}::uuid AND (action, artifact) <> (${action}, ${artifact}) LIMIT 1`;
      if (other !== undefined) {
        throw new LeonoreError('IDEMPOTENCY_KEY_REUSED', 'the key belongs to an order of another content');
      }
      const added = await tx.$queryRaw<{ gateway_id: string }[]>`
        INSERT INTO gateway_order (order_id, gateway_id, action, artifact, deadline_at)
        SELECT ${id}::uuid, q.id, ${action}, ${artifact}, now() + make_interval(secs => ${deadlineSeconds})
        FROM unnest(${gatewayIds}::text[]) AS q(id)
        ON CONFLICT (order_id, gateway_id) DO NOTHING RETURNING gateway_id`;
      await tx.$executeRaw`
        UPDATE gateway SET wake = true WHERE id = ANY(${added.map((row) => row.gateway_id)}::text[])`;
      return added.length;
    });
  }

  /** Parts of orders, oldest first, a page at a time; the cursor is the last number of the page before. */
  async list(
    filter: OrderFilter,
    limit: number,
    cursor: string | null,
  ): Promise<{ items: GatewayOrder[]; nextCursor: string | null }> {
    const rows = await this.database.gatewayOrder.findMany({
      where: {
        ...(filter.orderId === undefined ? {} : { orderId: filter.orderId }),
        ...(filter.gatewayId === undefined ? {} : { gatewayId: filter.gatewayId }),
        ...(cursor === null ? {} : { number: { gt: BigInt(cursor) } }),
      },
      orderBy: { number: 'asc' },
      take: limit + 1,
    });
    const items = rows.slice(0, limit).map((row) => ({
      ...row,
      action: row.action as OrderAction,
      state: row.state as DeliveryState,
    }));
    return { items, nextCursor: rows.length > limit ? String(items.at(-1)?.number) : null };
  }

  /**
   * Withdraws an order from the gateways that have not begun with it.
   * @returns from how many
   * @throws LeonoreError ORDER_NOT_FOUND
   */
  async cancel(id: string): Promise<number> {
    const known = await this.database.gatewayOrder.count({ where: { orderId: id } });
    if (known === 0) throw new LeonoreError('ORDER_NOT_FOUND', `there is no order ${id}`);
    return this.database.$executeRaw`
      UPDATE gateway_order SET state = 'cancelled', updated_at = now(), ended_at = now()
      WHERE order_id = ${id}::uuid AND state = 'offered'`;
  }

  /** Ends what gateways said nothing of within its time; a late report corrects it. */
  async expire(): Promise<void> {
    await this.database.$executeRaw`
      UPDATE gateway_order SET state = 'lost', updated_at = now(), ended_at = now()
      WHERE ended_at IS NULL AND deadline_at <= now()`;
  }

  /** Applies a gateway's reports of its part in an order, each once. */
  async report(gatewayId: string, number: bigint, reports: readonly Report[]): Promise<ReportResult> {
    return inTransaction(this.database, async (tx) => {
      const [row] = await tx.$queryRaw<{ state: DeliveryState; sequence: number }[]>`
        SELECT state, sequence FROM gateway_order WHERE number = ${number} AND gateway_id = ${gatewayId} FOR UPDATE`;
      if (row === undefined) return { outcomes: reports.map(() => 'unknown'), state: null };
      const { progress, outcomes, applied } = applyReports(row, reports);
      if (progress.sequence > row.sequence) await store(tx, number, progress, applied);
      const installed = applied.at(-1)?.installed;
      if (installed !== undefined) {
        await tx.$executeRaw`
          UPDATE gateway SET installed = ${jsonText(installed)}::jsonb WHERE id = ${gatewayId}`;
      }
      return { outcomes, state: progress.state };
    });
  }
}

async function store(
  tx: Transaction,
  number: bigint,
  { state, sequence }: { readonly state: DeliveryState; readonly sequence: number },
  applied: readonly Report[],
): Promise<void> {
  const error = applied.at(-1)?.error;
  await tx.$executeRaw`
    UPDATE gateway_order SET state = ${state}, sequence = ${sequence}, updated_at = now(),
      error = ${error === undefined ? null : jsonText(error)}::jsonb,
      ended_at = CASE WHEN ${isEnded(state)} THEN coalesce(ended_at, now()) ELSE NULL END
    WHERE number = ${number}`;
}
