/** Reading answers of the device API without trusting them: bounded, validated, failures sorted. */
import type { Dispatcher } from 'undici';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { messageOf } from '../../state/system-error.js';
import { DeviceError, failureOfStatus } from '../device-error.js';

/** Tasks and registrations are a few kilobytes; 1 MiB leaves room and bounds memory. */
const answerBytes = 1024 * 1024;
/** A server that asks for more patience than this is asked again after it all the same. */
const longestRetryAfterMs = 3_600_000;

/**
 * Reads a JSON answer of the given shape.
 *
 * @throws DeviceError malformed when it is too large, no JSON, or of another shape; unreachable when it was cut off
 */
export async function readAnswer<T extends TSchema>(
  response: Dispatcher.ResponseData,
  schema: T,
  signal: AbortSignal | undefined,
  mostBytes = answerBytes,
): Promise<Static<T>> {
  const text = await readBounded(response, mostBytes, signal);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DeviceError('malformed', 'The answer is not JSON.');
  }
  if (!Value.Check(schema, value)) {
    const [first] = Value.Errors(schema, value);
    throw new DeviceError(
      'malformed',
      `The answer has not the agreed shape: ${first?.instancePath ?? ''} ${first?.message ?? ''}`,
    );
  }
  return value;
}

/**
 * Reads a text.
 *
 * @throws DeviceError malformed when it is larger, unreachable when it was cut off
 */
export async function readBounded(
  response: Dispatcher.ResponseData,
  mostBytes: number,
  signal: AbortSignal | undefined,
): Promise<string> {
  return readText(response, mostBytes).catch((error: unknown) => {
    throw transportFailure(error, signal);
  });
}

/**
 * Reads a body that says nothing to its end: an answer that was cut off is none.
 *
 * @throws DeviceError unreachable when it was cut off
 */
export async function dropBody(
  response: Dispatcher.ResponseData,
  signal: AbortSignal | undefined,
): Promise<void> {
  await readText(response).catch((error: unknown) => {
    throw transportFailure(error, signal);
  });
}

/** Whatever the transport throws is an unreachable server, except that the caller's own abort stays one. */
export function transportFailure(error: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted === true || error instanceof DeviceError) return error;
  return new DeviceError('unreachable', messageOf(error), 0, undefined, undefined, {
    cause: error,
  });
}

/** Turns an answer that is not a success into a DeviceError; consumes its body. */
export async function failureOf(response: Dispatcher.ResponseData): Promise<DeviceError> {
  const { statusCode } = response;
  let problem: Record<string, unknown> = {};
  try {
    const value: unknown = JSON.parse(await readText(response));
    if (typeof value === 'object' && value !== null) problem = { ...value };
  } catch {
    // The status says enough.
  }
  const told = [problem['title'], problem['detail']].filter((part) => typeof part === 'string').join(': ');
  return new DeviceError(
    failureOfStatus(statusCode),
    `HTTP ${statusCode}${told === '' ? '' : ` ${told.slice(0, 500)}`}`,
    retryAfterMs(response.headers),
    typeof problem['code'] === 'string' ? problem['code'] : undefined,
    lastCounterOf(problem['details']),
  );
}

/** A gateway counts on from it, so it must leave room for a life of registrations. */
function lastCounterOf(details: unknown): number | undefined {
  const told =
    typeof details === 'object' && details !== null && 'lastCounter' in details
      ? details.lastCounter
      : undefined;
  return typeof told === 'number' && Number.isInteger(told) && told > 0 && told <= 2 ** 52 ? told : undefined;
}

/** What 202 to a registration means: a person has to approve the gateway first. Consumes the body. */
export async function pendingOf(
  response: Dispatcher.ResponseData,
  signal: AbortSignal | undefined,
): Promise<DeviceError> {
  await dropBody(response, signal);
  return new DeviceError(
    'unavailable',
    'A person has to approve this gateway.',
    retryAfterMs(response.headers),
  );
}

/**
 * RFC 9110, section 10.2.3. A date is compared with the answer's own Date, because the gateway's clock may be wrong
 * by years.
 */
function retryAfterMs(headers: Dispatcher.ResponseData['headers']): number {
  const value = headers['retry-after'];
  if (typeof value !== 'string') return 0;
  let waitMs = Number(value) * 1_000;
  if (Number.isNaN(waitMs)) {
    const now = typeof headers['date'] === 'string' ? Date.parse(headers['date']) : Number.NaN;
    waitMs = Date.parse(value) - now;
  }
  return Number.isFinite(waitMs) ? Math.min(Math.max(waitMs, 0), longestRetryAfterMs) : 0;
}

async function readText(response: Dispatcher.ResponseData, mostBytes = answerBytes): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBytes) throw new DeviceError('malformed', 'The answer is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
