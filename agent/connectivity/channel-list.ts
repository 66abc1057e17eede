import type { ToldEndpoint } from '../../domain/agent-protocol/messages.js';

/** How long a gateway stays with a channel that is not its first before it tries that again. */
const backAfterMs = 5 * 60_000;

/** The channels that a gateway was told with its registration, and which of them it uses. */
export class ChannelList {
  #endpoints: readonly ToldEndpoint[] = [];
  #place = 0;
  #leftFirstAtMs = 0;

  /** @param spoken protocols that the gateway speaks: what it was told of others is left out */
  constructor(
    private readonly spoken: readonly string[],
    endpoints: readonly ToldEndpoint[] = [],
  ) {
    this.replace(endpoints);
  }

  get length(): number {
    return this.#endpoints.length;
  }

  /** What a registration brought: its first is used from now on. */
  replace(endpoints: readonly ToldEndpoint[]): void {
    // Push and pull at one address are one way to lose.
    const known = new Set<string>();
    this.#endpoints = endpoints.filter(({ protocol, address }) => {
      const isNew = this.spoken.includes(protocol) && !known.has(`${protocol} ${address}`);
      known.add(`${protocol} ${address}`);
      return isNew;
    });
    this.#place = 0;
  }

  /** The channel to use; undefined when none was told. @param nowMs of a clock that only grows */
  current(nowMs: number): ToldEndpoint | undefined {
    if (this.#place > 0 && nowMs - this.#leftFirstAtMs >= backAfterMs) this.#place = 0;
    return this.#endpoints[this.#place];
  }

  /** The channel is lost: the next is used, after the last the first again. */
  lost(endpoint: ToldEndpoint | undefined, nowMs: number): void {
    // Somebody else may have found out before.
    if (endpoint === undefined || endpoint !== this.#endpoints[this.#place]) return;
    if (this.#place === 0) this.#leftFirstAtMs = nowMs;
    this.#place = (this.#place + 1) % this.#endpoints.length;
  }
}
