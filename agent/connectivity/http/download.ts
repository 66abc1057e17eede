/**
 * Downloads of packages: resumed after a cut, verified while they stream, never held in memory.
 *
 * INVARIANTS
 *  - A sink never holds more than `sizeBytes` bytes: an endless body is cut off at the first byte too many.
 *  - Bytes are appended only when the server says that they continue the same archive (206 to If-Range, with the
 *    expected offset); otherwise the sink is emptied first.
 *  - `download` returns only when the digest of all bytes in the sink is the promised one.
 */
import { createHash, type Hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { Backoff } from '../backoff.js';
import { DeviceError, IntegrityError } from '../device-error.js';
import type { DeviceSession, DownloadSink } from '../connectivity.js';
import type { DeviceClient } from './device-client.js';
import { dropBody, transportFailure } from './response.js';

/** A sink that only counts and digests: for gateways without a disk. */
export class DigestSink implements DownloadSink {
  received = 0;
  #hash: Hash = createHash('sha256');

  write(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.received += chunk.length;
  }

  reset(): void {
    this.#hash = createHash('sha256');
    this.received = 0;
  }

  digest(): string {
    return this.#hash.copy().digest('hex');
  }
}

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Attempts in a row that bring nothing before it is given up. */
  readonly attempts?: number;
  /** Waits between attempts. */
  readonly backoff?: Backoff;
  /** An attempt that brings fewer than `leastBytes` within `windowMs` is ended and counts as bringing nothing. */
  readonly leastBytes?: number;
  readonly windowMs?: number;
}

/** Whole downloads that turned out wrong before the package is given up. */
const integrityAttempts = 3;

/**
 * Downloads a package into a sink, starting with what the sink holds already.
 *
 * @throws IntegrityError when the bytes are not those of the digest, repeatedly; DeviceError when the node cannot
 *   be reached, refuses, or does not know the gateway (the sink keeps what it has for another attempt); whatever
 *   the sink throws, such as ENOSPC
 */
export async function download(
  client: DeviceClient,
  session: DeviceSession,
  wanted: { readonly digest: string; readonly sizeBytes: number },
  sink: DownloadSink,
  options: DownloadOptions = {},
): Promise<void> {
  const { attempts = 6, signal } = options;
  const backoff = options.backoff ?? new Backoff({ firstMs: 500, mostMs: 30_000 });
  let fruitless = 0;
  let corrupt = 0;
  while (sink.received !== wanted.sizeBytes || sink.digest() !== wanted.digest) {
    if (sink.received >= wanted.sizeBytes) {
      await sink.reset();
      corrupt += 1;
      if (corrupt >= integrityAttempts) {
        throw new IntegrityError(`The archive has not the promised digest ${wanted.digest.slice(0, 12)}.`);
      }
    }
    const before = sink.received;
    try {
      await attempt(client, session, wanted, sink, options);
    } catch (error) {
      if (error instanceof IntegrityError) {
        await sink.reset();
        corrupt += 1;
        if (corrupt >= integrityAttempts) throw error;
      } else if (!(error instanceof DeviceError) || !worthRepeating(error)) {
        throw error;
      } else {
        fruitless = sink.received > before && !(error instanceof TooSlow) ? 1 : fruitless + 1;
        if (fruitless >= attempts) throw error;
      }
      const retryAfterMs = error instanceof DeviceError ? error.retryAfterMs : 0;
      await sleep(backoff.next(retryAfterMs), undefined, signal === undefined ? {} : { signal });
    }
  }
}

function worthRepeating(error: DeviceError): boolean {
  return error.failure === 'unreachable' || error.failure === 'unavailable' || error.failure === 'malformed';
}

class TooSlow extends DeviceError {}

async function attempt(
  client: DeviceClient,
  session: DeviceSession,
  wanted: { readonly digest: string; readonly sizeBytes: number },
  sink: DownloadSink,
  options: DownloadOptions,
): Promise<void> {
  const response = await client.openPackage(session, wanted.digest, sink.received, options.signal);
  if (response.statusCode === 416) {
    await dropBody(response, options.signal);
    await sink.reset();
    throw new DeviceError('unavailable', 'The node has no such part of the package.');
  }
  if (!continues(response, sink.received)) await sink.reset();
  await receive(response, wanted.sizeBytes, sink, options);
  if (sink.received < wanted.sizeBytes) {
    throw new DeviceError('unreachable', `The download ended after ${sink.received} bytes.`);
  }
}

function continues(response: Dispatcher.ResponseData, offset: number): boolean {
  if (offset === 0) return response.statusCode !== 206;
  const range = response.headers['content-range'];
  return response.statusCode === 206 && typeof range === 'string' && range.startsWith(`bytes ${offset}-`);
}

async function receive(
  response: Dispatcher.ResponseData,
  sizeBytes: number,
  sink: DownloadSink,
  options: DownloadOptions,
): Promise<void> {
  const { leastBytes = 4_096, windowMs = 60_000 } = options;
  const { body } = response;
  const window = { startMs: performance.now(), bytes: 0, tooSlow: false };
  const watch = setInterval(
    () => {
      if (performance.now() - window.startMs < windowMs) return;
      window.tooSlow = window.bytes < leastBytes;
      if (window.tooSlow) body.destroy();
      window.startMs = performance.now();
      window.bytes = 0;
    },
    Math.min(windowMs, 1_000),
  );
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (sink.received + chunk.length > sizeBytes) {
        throw new IntegrityError(`The archive is longer than the promised ${sizeBytes} bytes.`);
      }
      window.bytes += chunk.length;
      await writeTo(sink, chunk);
    }
  } catch (error) {
    if (window.tooSlow) throw new TooSlow('unreachable', 'The download is too slow.');
    // A failure of the sink, a full disk for instance, is not one of the network: no use in another attempt.
    if (error instanceof SinkFailure) throw error.cause;
    if (error instanceof IntegrityError) throw error;
    throw transportFailure(error, options.signal);
  } finally {
    clearInterval(watch);
    body.destroy();
  }
}

class SinkFailure extends Error {}

async function writeTo(sink: DownloadSink, chunk: Uint8Array): Promise<void> {
  try {
    await sink.write(chunk);
  } catch (error) {
    throw new SinkFailure('the sink failed', { cause: error });
  }
}
