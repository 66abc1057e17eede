import { Agent, request, type Dispatcher } from 'undici';
import type { WebhookAddresses } from '../../connectivity/webhook-addresses.js';
import { LeonoreError } from '../../domain/errors.js';
import { cleanText } from '../../domain/text.js';
import { askedRestMs } from '../../domain/webhook/retry.js';
import { withinTime } from '../../process/within-time.js';
import type { AttemptOutcome } from '../../repositories/webhook-work-repository.js';

/** A receiver that has not answered by then counts as away: it is to take a message, and work on it later. */
const answeredWithinMs = 10_000;
/** Of an answer status and Retry-After count; more than this of the rest is never read. */
const answerBytes = 4_096;
const problemLength = 300;
/** By which a receiver says that it wants nothing any more (RFC 9110, section 15.5.11). */
const goneStatus = 410;

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Sends a message to a receiver once. Redirects are not followed: the receiver that an admin named is the one that is told.
 * @param signal ends it when the work is given up
 * @returns what came of it. @throws what `signal` says
 */
export async function sendWebhook(
  addresses: WebhookAddresses,
  message: WebhookRequest,
  signal: AbortSignal,
  timeoutMs = answeredWithinMs,
): Promise<AttemptOutcome> {
  return withinTime(timeoutMs, signal, (ended) => sendOnce(addresses, message, { signal, ended, timeoutMs }));
}

async function sendOnce(
  addresses: WebhookAddresses,
  { url: address, headers, body }: WebhookRequest,
  {
    signal,
    ended,
    timeoutMs,
  }: { readonly signal: AbortSignal; readonly ended: AbortSignal; readonly timeoutMs: number },
): Promise<AttemptOutcome> {
  let dispatcher: Agent | null = null;
  try {
    const { url, lookup } = addresses.open(address);
    // Not kept for the next one: what the name stands for is judged for each message.
    dispatcher = new Agent({ connect: { lookup, timeout: timeoutMs }, headersTimeout: timeoutMs });
    const answer = await request(url, {
      method: 'POST',
      dispatcher,
      signal: ended,
      headers: { ...headers, 'content-type': 'application/json', 'user-agent': 'LEONORE' },
      body,
    });
    await answer.body.dump({ limit: answerBytes, signal: ended }).catch(() => undefined);
    return outcomeOf(answer);
  } catch (error) {
    signal.throwIfAborted();
    return {
      status: null,
      problem: cleanText(problemOf(error, ended.aborted ? timeoutMs : null), problemLength),
    };
  } finally {
    await dispatcher?.destroy();
  }
}

function outcomeOf({
  statusCode: status,
  headers,
}: Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'>): AttemptOutcome {
  if (status >= 200 && status < 300) return { status, problem: null };
  if (status >= 300 && status < 400)
    return { status, problem: `it answered ${status}: redirects are not followed` };
  if (status === goneStatus)
    return { status, problem: `it answered ${status}: it is told nothing any more`, isGone: true };
  const restMs = askedRestMs(textOf(headers['retry-after']), textOf(headers.date));
  return { status, problem: `it answered ${status}`, restMs };
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

function problemOf(error: unknown, lateAfterMs: number | null): string {
  if (error instanceof LeonoreError) return error.message;
  if (lateAfterMs !== null) return `no answer within ${lateAfterMs / 1_000} s`;
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  // Where several addresses were tried in vain the message is empty.
  return [message, code].find((text) => typeof text === 'string' && text !== '')?.toString() ?? String(error);
}
