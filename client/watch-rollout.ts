import { setTimeout as delay } from 'node:timers/promises';
import { ClientError } from './client-error.js';
import { readEvents } from './event-stream.js';
import type { RolloutProgress } from './resources.js';

/** Opens the stream of events once. */
export type OpenEvents = (signal: AbortSignal | undefined) => Promise<AsyncIterable<Uint8Array>>;

export interface WatchOptions {
  readonly signal?: AbortSignal;
  /** How long the server may be away before watching fails; default 2 minutes. */
  readonly patienceMs?: number;
  /** How long it may be there and say that something that it needs is not; default 15 minutes. */
  readonly awayPatienceMs?: number;
  /** Told of each try that came to nothing; the next one follows. */
  readonly onAway?: (error: ClientError) => void;
}

const defaultPatienceMs = 120_000;
const defaultAwayPatienceMs = 15 * 60_000;

/** How long a failure of that kind is borne, in milliseconds: longer while the server says that something that it needs is away. */
export function patienceMs({ facts }: ClientError): number {
  return facts.status === 503 ? defaultAwayPatienceMs : defaultPatienceMs;
}

const firstWaitMs = 250;
const longestWaitMs = 5_000;

/**
 * The progress of a rollout, whenever it changes, until it has ended. A connection that breaks is opened again: every
 * event tells the whole state, so nothing is lost in between.
 * @throws ClientError what the API refused, or the last failure when it, or what it needs, stayed away for too long
 */
export async function* watchEvents(
  open: OpenEvents,
  {
    signal,
    patienceMs = defaultPatienceMs,
    awayPatienceMs = defaultAwayPatienceMs,
    onAway,
  }: WatchOptions = {},
): AsyncGenerator<RolloutProgress> {
  let aliveAtMs = performance.now();
  let waitMs = firstWaitMs;
  for (;;) {
    try {
      for await (const { event, data } of readEvents(await open(signal))) {
        aliveAtMs = performance.now();
        waitMs = firstWaitMs;
        const progress = JSON.parse(data) as RolloutProgress;
        yield progress;
        if (event === 'end') return;
      }
    } catch (error) {
      signal?.throwIfAborted();
      const told = error instanceof ClientError ? error : null;
      const longestMs = told?.facts.status === 503 ? awayPatienceMs : patienceMs;
      if (told?.facts.retryable === false || performance.now() - aliveAtMs > longestMs) throw error;
      if (told !== null) onAway?.(told);
    }
    // Up to a fifth earlier or later: those that were cut off together do not come back together.
    const jitteredMs = waitMs * (0.8 + 0.4 * Math.random());
    await delay(jitteredMs, undefined, signal === undefined ? {} : { signal });
    waitMs = Math.min(2 * waitMs, longestWaitMs);
  }
}
