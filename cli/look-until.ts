import { setTimeout as delay } from 'node:timers/promises';
import { ClientError } from '../client/client-error.js';
import { patienceMs } from '../client/watch-rollout.js';
import { awaitedBy } from '../domain/error-kinds.js';

const longestRestMs = 10_000;

export interface LookOptions {
  /** Milliseconds between two looks. */
  readonly everyMs: number;
  /** Told in words what is away, each time that it is. */
  readonly onAway?: (what: string) => void;
}

/**
 * Looks again and again, for as long as the caller goes on. What is away is waited for: as long as a rollout that is watched
 * waits for it.
 * @throws ClientError what the API refused, or the last failure when it, or what it needs, stayed away for too long
 */
export async function* looks<T>(
  look: () => Promise<T>,
  { everyMs, onAway }: LookOptions,
): AsyncGenerator<T, void, void> {
  let aliveAtMs = performance.now();
  let restMs = everyMs;
  for (;;) {
    try {
      const seen = await look();
      aliveAtMs = performance.now();
      restMs = everyMs;
      yield seen;
    } catch (error) {
      if (!(error instanceof ClientError) || !error.facts.retryable) throw error;
      if (performance.now() - aliveAtMs > patienceMs(error)) throw error;
      onAway?.(awaitedBy(error.code) ?? 'an answer of the API');
      restMs = Math.min(restMs * 2, longestRestMs);
    }
    // Up to a fifth earlier or later: those that were cut off together do not come back together.
    await delay(restMs * (0.8 + 0.4 * Math.random()));
  }
}
