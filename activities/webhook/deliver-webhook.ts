import type { WebhookAddresses } from '../../connectivity/webhook-addresses.js';
import { LeonoreError } from '../../domain/errors.js';
import { webhookPlace } from '../../repositories/webhook-repository.js';
import type { SecretBox } from '../../repositories/secret-box.js';
import type {
  AttemptOutcome,
  DueDelivery,
  WebhookWorkRepository,
} from '../../repositories/webhook-work-repository.js';
import { webhookHeaders } from '../../trust/sign-webhook.js';
import type { WebhookActivities } from '../../workflows/activity-types.js';
import { withHeartbeat } from '../heartbeat.js';
import { sendWebhook } from './send-webhook.js';

export interface WebhookDependencies {
  readonly webhookWork: WebhookWorkRepository;
  readonly secrets: Pick<SecretBox, 'open'>;
  readonly addresses: WebhookAddresses;
}

/** Then others have their turn; what is left is due at once. */
const turnMs = 30_000;

/** The activities of webhooks, which the coordinator has. */
export function webhookActivities(deps: WebhookDependencies): WebhookActivities {
  const { webhookWork } = deps;
  return {
    deliverWebhook: ({ webhookId }) =>
      withHeartbeat(async (signal) => {
        const untilMs = performance.now() + turnMs;
        let delivered = 0;
        let problem: string | null = null;
        while (problem === null && performance.now() < untilMs) {
          signal.throwIfAborted();
          const due = await webhookWork.next(webhookId);
          if (due === null || 'restMs' in due) {
            await webhookWork.forget(webhookId);
            return { delivered, problem, nextInMs: due?.restMs ?? null };
          }
          const outcome = await attempt(deps, webhookId, due, signal);
          await webhookWork.attempted(webhookId, due.id, outcome);
          ({ problem } = outcome);
          if (problem === null) delivered += 1;
        }
        // How long it rests after a failure is in the database by now.
        return { delivered, problem, nextInMs: 0 };
      }),
  };
}

async function attempt(
  { secrets, addresses }: WebhookDependencies,
  webhookId: string,
  { id, type, data, occurredAt, url, secrets: sealed }: DueDelivery,
  signal: AbortSignal,
): Promise<AttemptOutcome> {
  const body = JSON.stringify({ type, timestamp: occurredAt.toISOString(), data });
  let opened: string[];
  try {
    opened = sealed.map((secret) => secrets.open(secret, webhookPlace(webhookId)));
  } catch (error) {
    if (!(error instanceof LeonoreError)) throw error;
    return { status: null, problem: error.message };
  }
  const headers = webhookHeaders(opened, { id, atSeconds: Math.floor(Date.now() / 1_000), body });
  return sendWebhook(addresses, { url, headers, body }, signal);
}
