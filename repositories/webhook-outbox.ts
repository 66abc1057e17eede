/**
 * How webhooks are told: rows for each of them that wants to hear of it, written with what makes it true. Where nobody wants
 * to, nothing is written.
 *
 * INVARIANT: a webhook is told of what whoever made it could see: within a scope, of its gateways, and of what is about no other.
 */
import type { ToldEventType } from '../domain/webhook/event-types.js';
import { gatewaysOfMessage, type WebhookEvent } from '../domain/webhook/events.js';
import { Prisma } from '../prisma/generated/client.js';
import { jsonText, type Database, type Transaction } from './database.js';
import { FleetScope, scopeOfColumn, wholeFleet } from './fleet-scope.js';

/** Who is to be told of one type of event: the parts of the fleet that webhooks are told of, the whole one among them. */
export type WebhookAudience = readonly FleetScope[];

/** Looks up who is to be told of an event. */
export async function webhookAudience(
  database: Database | Transaction,
  type: ToldEventType,
): Promise<WebhookAudience> {
  const rows = await database.$queryRaw<{ scopes: string[] }[]>`
    SELECT DISTINCT w.scopes FROM webhook w
    WHERE w.scopes <> '{}' AND ${type} = ANY(w.events) AND w.gone_at IS NULL`;
  return [wholeFleet, ...rows.map(({ scopes }) => new FleetScope(scopeOfColumn(scopes)))];
}

/**
 * Tells what a transaction makes true.
 * @param isVisible from where, and whether, somebody sees what it is about: `FROM ... WHERE ...`
 */
export async function tellWebhooks(
  tx: Transaction,
  { type, data }: WebhookEvent & { readonly type: ToldEventType },
  isVisible: (fleet: FleetScope) => Prisma.Sql,
): Promise<void> {
  const audience = await webhookAudience(tx, type);
  const events = (fleet: FleetScope) =>
    Prisma.sql`SELECT ${jsonText(data)}::jsonb AS data ${isVisible(fleet)}`;
  await tx.$executeRaw(outboxSql(type, audience, events));
}

/**
 * Tells what a statement makes true, as a part of it.
 * @param events query of one column `data`, a row for each message to who is told of a part of the fleet
 */
export function outboxSql(
  type: ToldEventType,
  audience: WebhookAudience,
  events: (fleet: FleetScope) => Prisma.Sql,
): Prisma.Sql {
  const told = audience.map(
    (fleet) => Prisma.sql`
    SELECT w.id, ${type}::text, e.data FROM webhook w CROSS JOIN (${events(fleet)}) e
    WHERE ${type} = ANY(w.events) AND w.gone_at IS NULL AND w.scopes = ${[...fleet.column]}::text[]`,
  );
  return Prisma.sql`INSERT INTO webhook_delivery (webhook_id, type, data) ${Prisma.join(told, ' UNION ALL ')}`;
}

/**
 * Messages that name gateways, each some of them.
 * @param gateways query of the columns `id`, `gateway` (what is said of it, as jsonb), and `about`: what else the message
 *   says, as jsonb; gateways of which something else is said are in another message
 * @param fleet of which gateways it is told
 */
export function gatewayMessagesSql(gateways: Prisma.Sql, fleet: FleetScope): Prisma.Sql {
  const within =
    fleet.scope === 'fleet'
      ? Prisma.empty
      : Prisma.sql`WHERE EXISTS (SELECT FROM gateway g WHERE g.id = n.id AND ${fleet.gateway})`;
  return Prisma.sql`
    SELECT m.about || jsonb_build_object('gateways', jsonb_agg(m.gateway ORDER BY m.id)) AS data
    FROM (SELECT n.*, (row_number() OVER (PARTITION BY n.about ORDER BY n.id) - 1) / ${gatewaysOfMessage} AS part
          FROM (${gateways}) n ${within}) m
    GROUP BY m.about, m.part`;
}

/** A column of the type timestamptz, as messages have instants. */
export function instantSql(column: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
