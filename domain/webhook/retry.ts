/** States of what a webhook is told; `dead`: it was tried as often as it is tried. */
export const webhookDeliveryStates = ['waiting', 'delivered', 'dead'] as const;
export type WebhookDeliveryState = (typeof webhookDeliveryStates)[number];

/** How often a delivery is tried: over about six hours. */
export const deliveryAttempts = 8;

const firstRestMs = 5_000;
const factor = 4;
const longestRestMs = 4 * 3_600_000;
/** That a receiver is there again is to be noticed soon. */
const longestReceiverRestMs = 5 * 60_000;

/**
 * When a delivery that failed is tried again, in milliseconds.
 * @param attempts so far, from 1
 * @param random from 0 to 1: many that failed at once are not to come back at once
 */
export function deliveryRestMs(attempts: number, random: number): number {
  return restMs(attempts, random, longestRestMs);
}

/**
 * How long a receiver is left alone, in milliseconds: while it is away it is asked rarely, whatever waits for it.
 * @param failures in a row, from 1
 * @param random from 0 to 1
 */
export function receiverRestMs(failures: number, random: number): number {
  return restMs(failures, random, longestReceiverRestMs);
}

/**
 * How long a receiver asks to be left alone: `Retry-After` (RFC 9110, section 10.2.3), a number of seconds or a date.
 * @param date of the answer: the clock of a receiver may be another one
 * @returns milliseconds, no more than the longest rest between two attempts; 0 when it asks for nothing that can be read
 */
export function askedRestMs(retryAfter: string | undefined, date: string | undefined): number {
  if (retryAfter === undefined) return 0;
  const isSeconds = /^\d{1,12}$/.test(retryAfter);
  const asked = isSeconds ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - Date.parse(date ?? '');
  return Number.isNaN(asked) ? 0 : Math.min(Math.max(asked, 0), longestRestMs);
}

function restMs(times: number, random: number, longestMs: number): number {
  return Math.round(Math.min(firstRestMs * factor ** (times - 1), longestMs) * (0.75 + random / 2));
}
