/**
 * How webhooks are told: rows for each of them that wants to hear of it, written with what makes it true. Where nobody wants
 * to, nothing is written.
 */
import { gatewaysOfMessage, type ToldEventType, type WebhookEvent } from '../domain/webhook/events.js';
import { Prisma } from '../prisma/generated/client.js';
import { jsonText, type Transaction } from './database.js';

/** Tells what a transaction makes true. */
export async function tellWebhooks(
  tx: Transaction,
  { type, data }: WebhookEvent & { readonly type: ToldEventType },
): Promise<void> {
  await tx.$executeRaw(outboxSql(type, Prisma.sql`SELECT ${jsonText(data)}::jsonb AS data`));
}

/**
 * Tells what a statement makes true, as a part of it.
 * @param events query of one column `data`, a row for each message
 */
export function outboxSql(type: ToldEventType, events: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`INSERT INTO webhook_delivery (webhook_id, type, data)
    SELECT w.id, ${type}, e.data FROM webhook w CROSS JOIN (${events}) e WHERE ${type} = ANY(w.events)`;
}

/**
 * Messages that name gateways, each some of them.
 * @param gateways query of the columns `id`, `gateway` (what is said of it, as jsonb), and `about`: what else the message
 *   says, as jsonb; gateways of which something else is said are in another message
 */
export function gatewayMessagesSql(gateways: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    SELECT m.about || jsonb_build_object('gateways', jsonb_agg(m.gateway ORDER BY m.id)) AS data
    FROM (SELECT g.*, (row_number() OVER (PARTITION BY g.about ORDER BY g.id) - 1) / ${gatewaysOfMessage} AS part
          FROM (${gateways}) g) m
    GROUP BY m.about, m.part`;
}

/** A column of the type timestamptz, as messages have instants. */
export function instantSql(column: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
