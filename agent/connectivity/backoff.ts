/** How long to wait before the next attempt: grows from `firstMs` to `mostMs`, doubled each time. */
export interface BackoffOptions {
  readonly firstMs: number;
  readonly mostMs: number;
  /** Source of jitter in [0, 1). */
  readonly random?: () => number;
}

/**
 * Exponential backoff with jitter: thousands of gateways that lost their node at one moment must not come back at
 * one moment. Each wait is drawn from the upper half of the doubled interval, so that it still grows surely.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  #attempts = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /**
   * Milliseconds to wait now.
   *
   * @param retryAfterMs what the server asked for; never undercut, and jitter is added on top
   */
  next(retryAfterMs = 0): number {
    const random = this.#options.random ?? Math.random;
    const interval = Math.min(this.#options.firstMs * 2 ** this.#attempts, this.#options.mostMs);
    this.#attempts = Math.min(this.#attempts + 1, 30);
    const drawn = interval * (0.5 + random() / 2);
    return retryAfterMs > 0 ? retryAfterMs + drawn / 2 : drawn;
  }

  /** After a success the next wait is short again. */
  reset(): void {
    this.#attempts = 0;
  }
}

/** A period with jitter of a fifth to either side, so that gateways started together drift apart. */
export function jittered(periodMs: number, random: () => number = Math.random): number {
  return periodMs * (0.8 + 0.4 * random());
}
