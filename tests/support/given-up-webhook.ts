import type { Database } from '../../repositories/database.js';
import type { WebhookRepository } from '../../repositories/webhook-repository.js';

/** A webhook that could not be told of something. */
export async function addGivenUpWebhook(
  { database, webhooks }: { readonly database: Database; readonly webhooks: WebhookRepository },
  name: string,
  hostile: string,
): Promise<void> {
  await database.$executeRaw`
    INSERT INTO webhook (name, url, events, secret, created_by)
    VALUES (${name}, ${`https://hooks.example/${hostile}`}, '{gateway.contested}', '', 'anna')`;
  await webhooks.test(name, 'anna');
  await database.$executeRaw`
    UPDATE webhook_delivery SET state = 'dead', attempts = 8, problem = ${`it answered 500 ${hostile}`}`;
}
