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

/** Notifies the node's push gateways of orders and of a profile that is wanted: what no rollout tells them of. */
export class Waker {
  private readonly timer: NodeJS.Timeout;
  private readonly ended = new AbortController();
  private round: Promise<void> | null = null;

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
      const targets = await gateways.takeWoken(nodeId, roundSize);
      await push.notify(
        targets.filter(({ address }) => address !== null),
        this.ended.signal,
      );
    } catch (error) {
      if (this.ended.signal.aborted) return;
      if (!(error instanceof LeonoreError)) logger.error({ err: error }, 'waking gateways failed');
      else logger.warn({ code: error.code }, error.message);
    }
  }
}
