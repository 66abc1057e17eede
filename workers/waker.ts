import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { PushNotifier } from '../connectivity/push-notifier.js';
import { LeonoreError } from '../domain/errors.js';
import type { GatewayRepository } from '../repositories/gateway-repository.js';

export interface WakerOptions {
  readonly gateways: GatewayRepository;
  readonly push: PushNotifier;
  readonly nodeId: string;
  readonly intervalMs: number;
  readonly logger: Logger;
}

/** Gateways notified in one round; the rest follow in the next. */
const roundSize = 500;
/** One that did not take a notice is tried again after so long: it may be switched off for days. */
const restMs = 30_000;

/**
 * Notifies the node's push gateways of orders and of a profile that is wanted: what no rollout tells them of. A node that
 * dies while it does so leaves the rest to its next life, and one that is not reached is tried again.
 */
export class Waker {
  private readonly timer: NodeJS.Timeout;
  private readonly ended = new AbortController();
  private round: Promise<void> | null = null;
  private readonly unreached = new LRUCache<string, true>({ max: 10_000, ttl: restMs });
  /** The last one of the round before. */
  private after = '';

  constructor(private readonly options: WakerOptions) {
    this.timer = setInterval(() => {
      this.round ??= this.wake().finally(() => (this.round = null));
    }, options.intervalMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.ended.abort();
    await this.round;
  }

  private async wake(): Promise<void> {
    const { gateways, push, nodeId, logger } = this.options;
    try {
      const targets = await gateways.toWake(nodeId, this.after, roundSize);
      this.after = targets.length < roundSize ? '' : (targets.at(-1)?.gatewayId ?? '');
      const due = targets.filter(({ gatewayId }) => !this.unreached.has(gatewayId));
      if (due.length === 0) return;
      const pushed = due.filter(({ protocols }) => protocols.length > 0);
      const reached = new Set(await push.notify(pushed, this.ended.signal));
      for (const { gatewayId } of pushed) if (!reached.has(gatewayId)) this.unreached.set(gatewayId, true);
      await gateways.awoken(due.filter(({ gatewayId }) => !this.unreached.has(gatewayId)));
    } catch (error) {
      if (this.ended.signal.aborted) return;
      if (!(error instanceof LeonoreError)) logger.error({ err: error }, 'waking gateways failed');
      else logger.warn({ code: error.code }, error.message);
    }
  }
}
