import { LeonoreError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { webhookTestType } from '../domain/webhook/event-types.js';
import type { WebhookEventData } from '../domain/webhook/events.js';
import type { WebhookDeliveryState } from '../domain/webhook/retry.js';
import { Prisma } from '../prisma/generated/client.js';
import { jsonText, type Database, type Transaction } from './database.js';
import type { FleetScope } from './fleet-scope.js';
import { pageOf, type Page } from './page.js';

export interface NewWebhook {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly events: readonly string[];
  /** Sealed for {@link webhookPlace}. */
  readonly secret: Uint8Array;
  readonly createdBy: string;
}

export interface Webhook extends Omit<NewWebhook, 'secret'> {
  readonly createdAt: Date;
  /** Selectors of which any matches the gateways that it is told of; none: the whole fleet. */
  readonly scopes: readonly string[];
  /** Until when the secret before this one signs too; null when none does. */
  readonly previousUntil: Date | null;
  readonly waiting: number;
  readonly dead: number;
  /** Deliveries that went unmade because there were too many. */
  readonly dropped: number;
  /** Attempts in a row that failed, and until when it is left alone after them. */
  readonly failures: number;
  readonly restsUntil: Date | null;
  /** When its receiver answered that it is no more; it is told nothing since. */
  readonly goneAt: Date | null;
}

/** What webhooks were not told yet, or are not told any more. */
export interface WebhookBacklog {
  readonly waiting: number;
  readonly dead: number;
  /** Deliveries that went unmade because there were too many, of the webhooks that there are. */
  readonly dropped: number;
  /** Seconds for which the delivery that waits longest has waited. */
  readonly longestWaitSeconds: number;
  /** Webhooks whose receivers are no more. */
  readonly gone: number;
}

export interface WebhookDelivery {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly occurredAt: Date;
  readonly state: WebhookDeliveryState;
  readonly attempts: number;
  /** When it is tried again; null when it is not. */
  readonly dueAt: Date | null;
  readonly triedAt: Date | null;
  /** What was answered to the last attempt; null when nothing was. */
  readonly status: number | null;
  /** Why that does not count; null when it does, or nothing was tried. */
  readonly problem: string | null;
}

interface DeliveryRow extends WebhookDelivery {
  readonly place: string;
}

const deliveryColumns = Prisma.sql`d.id::text, d.type, d.data, d.occurred_at AS "occurredAt", d.state, d.attempts,
  CASE WHEN d.state = 'waiting' THEN d.due_at END AS "dueAt", d.tried_at AS "triedAt", d.status, d.problem`;

/** What a secret of a webhook is sealed for. */
export function webhookPlace(id: string): string {
  return `webhook ${id}`;
}

/** Webhooks as people have them: those that were made within their part of the fleet, and are told of that. */
export class WebhookRepository {
  constructor(
    private readonly database: Database,
    private readonly fleet: FleetScope,
  ) {}

  /** As part of a transaction. @throws LeonoreError WEBHOOK_EXISTS; TOO_LARGE when there are too many */
  async createIn(tx: Transaction, { id, name, url, events, secret, createdBy }: NewWebhook): Promise<void> {
    const scopes = [...this.fleet.column];
    const isScoped = scopes.length > 0;
    const ofScope = isScoped ? await tx.webhook.count({ where: { scopes: { equals: scopes } } }) : 0;
    if (ofScope >= limits.webhooksOfScope)
      throw new LeonoreError(
        'TOO_LARGE',
        `there are at most ${limits.webhooksOfScope} webhooks of one scope; remove some`,
      );
    if ((await tx.webhook.count()) >= limits.webhooks)
      throw new LeonoreError('TOO_LARGE', `there are at most ${limits.webhooks} webhooks; remove some`);
    const rows = await tx.$executeRaw`
      INSERT INTO webhook (id, name, url, events, secret, created_by, scopes)
      VALUES (${id}::uuid, ${name}, ${url}, ${[...events]}::text[], ${secret}, ${createdBy}, ${scopes}::text[])
      ON CONFLICT (name) DO NOTHING`;
    if (rows === 0) throw new LeonoreError('WEBHOOK_EXISTS', `there is a webhook "${name}" already`);
  }

  /** @throws LeonoreError WEBHOOK_NOT_FOUND */
  async get(name: string): Promise<Webhook> {
    const [found] = await this.found(Prisma.sql`w.name = ${name}`);
    if (found === undefined) throw notFound(name);
    return found;
  }

  /** By name; there are few. */
  list(): Promise<Webhook[]> {
    return this.found(Prisma.sql`true`);
  }

  private async found(condition: Prisma.Sql): Promise<Webhook[]> {
    const rows = await this.database.$queryRaw<(Omit<Webhook, 'dropped'> & { dropped: bigint })[]>`
      SELECT w.id::text, w.name, w.url, w.events, w.created_by AS "createdBy", w.created_at AS "createdAt",
             CASE WHEN w.previous_until > now() THEN w.previous_until END AS "previousUntil", w.dropped, w.failures,
             CASE WHEN w.rests_until > now() THEN w.rests_until END AS "restsUntil", w.gone_at AS "goneAt", w.scopes,
             (SELECT count(*) FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = 'waiting')::int AS waiting,
             (SELECT count(*) FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = 'dead')::int AS dead
      FROM webhook w WHERE ${condition} AND ${this.fleet.webhook} ORDER BY w.name LIMIT ${limits.webhooks}`;
    return rows.map(({ dropped, ...row }) => ({ ...row, dropped: Number(dropped) }));
  }

  /** What it was to be told goes with it. @throws LeonoreError WEBHOOK_NOT_FOUND */
  async remove(name: string): Promise<void> {
    const rows = await this.database.$executeRaw`
      DELETE FROM webhook w WHERE w.name = ${name} AND ${this.fleet.webhook}`;
    if (rows === 0) throw notFound(name);
  }

  /**
   * Gives it another secret; the one that it has signs too for a while.
   * @param seal seals the new one for the webhook of that id
   * @throws LeonoreError WEBHOOK_NOT_FOUND
   */
  async rotate(name: string, seal: (id: string) => Uint8Array, overlapSeconds: number): Promise<void> {
    const { id } = await this.get(name);
    const rows = await this.database.$executeRaw`
      UPDATE webhook SET previous_secret = secret, secret = ${seal(id)},
        previous_until = now() + ${overlapSeconds}::int * interval '1 second'
      WHERE id = ${id}::uuid`;
    if (rows === 0) throw notFound(name);
  }

  /** Tells it a message to try it by. @returns the id of the delivery. @throws LeonoreError WEBHOOK_NOT_FOUND */
  async test(name: string, sentBy: string): Promise<string> {
    const data: WebhookEventData<typeof webhookTestType> = { webhook: name, sentBy };
    const [row] = await this.database.$queryRaw<{ id: string }[]>`
      INSERT INTO webhook_delivery (webhook_id, type, data)
      SELECT w.id, ${webhookTestType}, ${jsonText(data)}::jsonb FROM webhook w
      WHERE w.name = ${name} AND ${this.fleet.webhook} RETURNING id::text`;
    if (row === undefined) throw notFound(name);
    // Who tries it does not wait for a receiver that was away until now.
    await this.useAgain(name);
    return row.id;
  }

  /**
   * Deliveries that were given up are tried anew, as often as at first.
   * @param ids those among them; null: all
   * @returns how many there were. @throws LeonoreError WEBHOOK_NOT_FOUND
   */
  async retry(name: string, ids: readonly string[] | null): Promise<number> {
    const { id } = await this.get(name);
    const chosen = ids === null ? Prisma.sql`true` : Prisma.sql`d.id = ANY(${[...ids]}::uuid[])`;
    const retried = await this.database.$executeRaw`
      UPDATE webhook_delivery d SET state = 'waiting', attempts = 0, due_at = now()
      WHERE d.webhook_id = ${id}::uuid AND d.state = 'dead' AND ${chosen}`;
    if (retried > 0) await this.useAgain(name);
    return retried;
  }

  /** A receiver that was left alone, or was no more, is sent to again. */
  private async useAgain(name: string): Promise<void> {
    await this.database.$executeRaw`
      UPDATE webhook SET rests_until = NULL, woken_at = NULL, gone_at = NULL WHERE name = ${name}`;
  }

  /** How much all webhooks were not told. */
  async backlog(): Promise<WebhookBacklog> {
    const [row] = await this.database.$queryRaw<(WebhookBacklog & { dropped: bigint })[]>`
      SELECT d.waiting, d.dead, d."longestWaitSeconds", w.dropped, w.gone FROM (
        SELECT count(*) FILTER (WHERE state = 'waiting')::int AS waiting, count(*) FILTER (WHERE state = 'dead')::int AS dead,
               coalesce(extract(epoch FROM now() - min(occurred_at) FILTER (WHERE state = 'waiting')), 0)::float8
                 AS "longestWaitSeconds"
        FROM webhook_delivery WHERE state <> 'delivered'
      ) d CROSS JOIN (
        SELECT coalesce(sum(dropped), 0)::bigint AS dropped, count(gone_at)::int AS gone FROM webhook
      ) w`;
    if (row === undefined) throw new Error('a query of counts has one row');
    return { ...row, dropped: Number(row.dropped) };
  }

  /**
   * What it is to be told, and was; the latest first, a page at a time. The cursor is that of the page before.
   * @throws LeonoreError WEBHOOK_NOT_FOUND
   */
  async deliveries(
    name: string,
    state: WebhookDeliveryState | null,
    limit: number,
    cursor: string | null,
  ): Promise<Page<WebhookDelivery>> {
    const { id } = await this.get(name);
    const rows = await this.database.$queryRaw<DeliveryRow[]>`
      SELECT ${deliveryColumns}, d.place::text FROM webhook_delivery d
      WHERE d.webhook_id = ${id}::uuid AND (${state}::text IS NULL OR d.state = ${state}::text)
        AND (${cursor}::bigint IS NULL OR d.place < ${cursor}::bigint)
      ORDER BY d.place DESC LIMIT ${limit + 1}`;
    return pageOf(rows, limit, ({ place }) => place);
  }

  /** @throws LeonoreError WEBHOOK_NOT_FOUND when there is no such webhook, or no such delivery of it */
  async delivery(name: string, deliveryId: string): Promise<WebhookDelivery> {
    const { id } = await this.get(name);
    const [row] = await this.database.$queryRaw<WebhookDelivery[]>`
      SELECT ${deliveryColumns} FROM webhook_delivery d WHERE d.id = ${deliveryId}::uuid AND d.webhook_id = ${id}::uuid`;
    if (row === undefined)
      throw new LeonoreError('WEBHOOK_NOT_FOUND', `the webhook "${name}" has no delivery ${deliveryId}`);
    return row;
  }
}

function notFound(name: string): LeonoreError {
  return new LeonoreError('WEBHOOK_NOT_FOUND', `there is no webhook "${name}"`);
}
