/** Signatures of webhooks in the manner of Standard Webhooks (standardwebhooks.com, symmetric, version 1). */
import { createHmac, randomBytes } from 'node:crypto';

const prefix = 'whsec_';
/** The specification asks for 24 to 64. */
const secretBytes = 32;

export interface WebhookMessage {
  /** The same however often it is sent. */
  readonly id: string;
  /** Of this attempt, in seconds since 1970. */
  readonly atSeconds: number;
  readonly body: string;
}

export function newWebhookSecret(): string {
  return prefix + randomBytes(secretBytes).toString('base64');
}

/**
 * The headers by which a receiver knows that a message is of LEONORE, and not one that somebody repeats.
 * @param secrets as {@link newWebhookSecret} makes them; while one takes the place of another, both
 */
export function webhookHeaders(
  secrets: readonly string[],
  { id, atSeconds, body }: WebhookMessage,
): Record<string, string> {
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(prefix.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${atSeconds}.${body}`).digest('base64')}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': String(atSeconds),
    'webhook-signature': signatures.join(' '),
  };
}
