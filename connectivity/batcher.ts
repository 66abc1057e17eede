import { LeonoreError } from '../domain/errors.js';

export interface BatcherOptions {
  /** Items that one batch holds at most. */
  readonly maxSize: number;
  /** Batches under way at once. */
  readonly concurrency: number;
  /** Items that may wait; more are refused, so that memory stays bounded under any load. */
  readonly maxQueued: number;
  /** Between the beginnings of two batches, unless as many wait as one holds; absent: none. */
  readonly gatherMs?: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Gathers requests that arrive while a batch is under way, or shortly after it began, into the next one: an idle system
 * answers at once, a busy one gathers more, and the database sees one statement a batch.
 *
 * A batch that fails by one of its members is halved and run again, down to the one that it fails by: only that is refused.
 */
export class Batcher<Item, Result> {
  private readonly queue: Waiting<Item, Result>[] = [];
  private running = 0;
  private begunAtMs = -Infinity;
  private gathering: NodeJS.Timeout | null = null;

  /**
   * @param run answers a batch: one result an item, in order. Run again with the same items, as after a failure, it
   *   changes nothing more
   */
  constructor(
    private readonly run: (items: Item[]) => Promise<readonly Result[]>,
    private readonly options: BatcherOptions,
  ) {}

  /** Items that wait for a batch. */
  get waiting(): number {
    return this.queue.length;
  }

  /** @throws LeonoreError TOO_MANY_REQUESTS when too many wait; whatever `run` throws */
  submit(item: Item): Promise<Result> {
    if (this.queue.length >= this.options.maxQueued) {
      return Promise.reject(
        new LeonoreError('TOO_MANY_REQUESTS', `${this.queue.length} requests are waiting already`),
      );
    }
    return new Promise((resolve, reject) => {
      this.queue.push({ item, resolve, reject });
      // Requests that were read from the sockets in the same turn of the event loop belong together.
      if (this.running < this.options.concurrency) setImmediate(() => this.start());
    });
  }

  private start(): void {
    const { concurrency, maxSize, gatherMs = 0 } = this.options;
    if (this.running >= concurrency || this.queue.length === 0) return;
    const waitMs = this.begunAtMs + gatherMs - performance.now();
    if (waitMs > 0 && this.queue.length < maxSize) {
      this.gathering ??= setTimeout(() => {
        this.gathering = null;
        this.start();
      }, waitMs);
      return;
    }
    const batch = this.queue.splice(0, maxSize);
    this.begunAtMs = performance.now();
    this.running += 1;
    void this.answer(batch).finally(() => {
      this.running -= 1;
      this.start();
    });
  }

  private async answer(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.run(batch.map((waiting) => waiting.item));
      for (const [index, waiting] of batch.entries()) waiting.resolve(results[index] as Result);
    } catch (error) {
      if (batch.length === 1 || isForAll(error)) {
        for (const waiting of batch) waiting.reject(error);
        return;
      }
      const half = Math.ceil(batch.length / 2);
      await this.answer(batch.slice(0, half));
      await this.answer(batch.slice(half));
    }
  }
}

/** True when what failed, such as the way to the database, would fail each member by itself as well. */
function isForAll(error: unknown): boolean {
  return error instanceof LeonoreError && error.retryable;
}
