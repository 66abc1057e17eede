import type { Order, Task } from '../../domain/agent-protocol/messages.js';
import { LeonoreError } from '../../domain/errors.js';
import { DeviceError } from '../connectivity/device-error.js';
import type { Log } from '../state/bounded-log.js';
import { messageOf } from '../state/system-error.js';
import type { FetchMetadata, GatewayTrust } from './gateway-trust.js';

/** Between two looks at who may sign, while there are tasks: a minute is soon for a key that was taken away. */
const refreshAfterMs = 60_000;

export interface TaskJudgeOptions {
  readonly trust: GatewayTrust;
  readonly fetch: FetchMetadata;
  readonly log: Log;
}

/** Lets through what is signed by whom it must be, and looks anew who that is when something is not. */
export class TaskJudge {
  #refreshedMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: TaskJudgeOptions) {}

  /** Learns who may sign, now and then. What cannot be had, or is not to be believed, leaves what is known. */
  async refreshWhenDue(): Promise<void> {
    if (performance.now() - this.#refreshedMs >= refreshAfterMs) await this.#refresh();
  }

  /** @returns the task as it was signed, or why it is refused */
  async judge<T extends Task | Order>(
    task: T,
    gatewayId: string,
  ): Promise<{ readonly task: T } | { readonly refusal: LeonoreError }> {
    const first = await this.#accept(task, gatewayId);
    if (!('refusal' in first)) return first;
    // The keys may have changed since.
    await this.#refresh();
    return this.#accept(task, gatewayId);
  }

  async #accept<T extends Task | Order>(
    task: T,
    gatewayId: string,
  ): Promise<{ readonly task: T } | { readonly refusal: LeonoreError }> {
    try {
      return { task: await this.options.trust.accept(task, gatewayId) };
    } catch (error) {
      if (error instanceof LeonoreError && error.code === 'UNTRUSTED') return { refusal: error };
      throw error;
    }
  }

  async #refresh(): Promise<void> {
    const { trust, fetch, log } = this.options;
    this.#refreshedMs = performance.now();
    try {
      await trust.refresh(fetch);
    } catch (error) {
      const isUntrusted = error instanceof LeonoreError && error.code === 'UNTRUSTED';
      if (!isUntrusted && !(error instanceof DeviceError)) throw error;
      log('error', 'who may sign cannot be learned', { problem: messageOf(error) });
    }
  }
}
