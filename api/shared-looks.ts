import { setTimeout as delay } from 'node:timers/promises';

/** One thing that is looked at, and for how many. */
interface Watched<T> {
  watchers: number;
  lookedAtMs: number;
  /** The look that is under way, or about to be. */
  next: Promise<T> | null;
}

/**
 * Looks at things again and again for whoever watches them: one look serves all that watch the same thing, however many
 * they are, and what nobody watches is not looked at.
 */
export class SharedLooks<T> {
  private readonly watched = new Map<string, Watched<T>>();

  /**
   * @param look one look at a thing
   * @param restMs from one look at a thing to the next; each rest is up to a fifth longer or shorter, so that the looks of
   *   several processes, and at several things, do not fall together
   */
  constructor(
    private readonly look: (id: string) => Promise<T>,
    private readonly restMs: number,
  ) {}

  /**
   * What each look found, from now on and without an end. The caller leaves the loop.
   * @throws what a look throws; the signal's reason when it is aborted
   */
  async *follow(id: string, signal: AbortSignal): AsyncGenerator<T> {
    const watched = this.watched.get(id) ?? { watchers: 0, lookedAtMs: -Infinity, next: null };
    this.watched.set(id, watched);
    watched.watchers += 1;
    const { promise: aborted, reject } = deferred();
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    try {
      for (;;) {
        signal.throwIfAborted();
        yield await Promise.race([this.nextLook(id, watched), aborted]);
      }
    } finally {
      signal.removeEventListener('abort', abort);
      watched.watchers -= 1;
      if (watched.watchers === 0) this.watched.delete(id);
    }
  }

  private nextLook(id: string, watched: Watched<T>): Promise<T> {
    watched.next ??= this.lookAfterRest(id, watched).finally(() => (watched.next = null));
    return watched.next;
  }

  private async lookAfterRest(id: string, watched: Watched<T>): Promise<T> {
    const restMs = this.restMs * (0.8 + 0.4 * Math.random()) - (performance.now() - watched.lookedAtMs);
    if (restMs > 0) await delay(restMs);
    try {
      return await this.look(id);
    } finally {
      watched.lookedAtMs = performance.now();
    }
  }
}

/** A promise that can only fail; nobody has to wait for it. */
function deferred(): { promise: Promise<never>; reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<never>((_resolve, refuse) => (reject = refuse));
  promise.catch(() => undefined);
  return { promise, reject };
}
