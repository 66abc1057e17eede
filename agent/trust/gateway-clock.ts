import type { GatewayTrust } from './gateway-trust.js';

/**
 * What time it is, for windows. The device's own clock may be wrong by years: what was signed counts where signatures do,
 * else what the node says, each with what has passed since.
 */
export class GatewayClock {
  #told: { readonly atMs: number; readonly seenMs: number } | null = null;

  constructor(private readonly trust: Pick<GatewayTrust, 'isPinned' | 'signedNowMs'>) {}

  /** Takes note of the date of a node's answer, in milliseconds since 1970. */
  hear(dateMs: number): void {
    this.#told = { atMs: dateMs, seenMs: performance.now() };
  }

  /** Milliseconds since 1970; 0 while nobody who counts has said anything since the agent has started. */
  get nowMs(): number {
    if (this.trust.isPinned) return this.trust.signedNowMs ?? 0;
    return this.#told === null ? 0 : this.#told.atMs + performance.now() - this.#told.seenMs;
  }
}
