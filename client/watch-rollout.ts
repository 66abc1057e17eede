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
}

const defaultPatienceMs = 120_000;
const firstWaitMs = 250;
const longestWaitMs = 5_000;

/**
 * The progress of a rollout, whenever it changes, until it has ended. A connection that breaks is opened again: every
 * event tells the whole state, so nothing is lost in between.
 * @throws ClientError what the API refused, or UNREACHABLE when it stayed away for too long
 */
export async function* watchEvents(
  open: OpenEvents,
  { signal, patienceMs = defaultPatienceMs }: WatchOptions = {},
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
      const refused = error instanceof ClientError && !error.facts.retryable;
      if (refused || performance.now() - aliveAtMs > patienceMs) throw error;
    }
    await delay(waitMs, undefined, signal === undefined ? {} : { signal });
    waitMs = Math.min(2 * waitMs, longestWaitMs);
  }
}
