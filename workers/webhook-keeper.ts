/**
 * Sees to it that webhooks are told: notices silence, which nobody tells, and wakes the workflows of webhooks that something
 * is due for. Each round begins from the database alone: the process may be killed at any instant, and several may run.
 */
import type { Logger } from 'pino';
import { LeonoreError } from '../domain/errors.js';
import type { SilenceRepository } from '../repositories/silence-repository.js';
import type { WebhookWorkRepository } from '../repositories/webhook-work-repository.js';
import type { WebhookClient } from '../workflows/client/webhook-client.js';

export interface WebhookKeeperOptions {
  readonly silence: SilenceRepository;
  readonly webhookWork: WebhookWorkRepository;
  readonly webhookClient: Pick<WebhookClient, 'wake'>;
  readonly intervalMs: number;
  readonly logger: Logger;
}

/** Webhooks woken in one round. */
const wokenAtOnce = 50;
/** One that was woken takes what has become due since by itself, unless its workflow was ended. */
const wokenRestMs = 5_000;
/** Silence is looked for so often at most, and for this share of the time at most: it takes a look at every gateway. */
const silenceRestMs = 10_000;
const silenceShare = 1 / 50;

export class WebhookKeeper {
  private readonly timer: NodeJS.Timeout;
  private underWay: Promise<void> | null = null;
  private stopping = false;
  private silenceDueAtMs = 0;

  constructor(private readonly options: WebhookKeeperOptions) {
    this.timer = setInterval(() => void this.round(), options.intervalMs);
  }

  /** Resolves when the round that is under way has ended. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearInterval(this.timer);
    await this.underWay;
  }

  /** One round; while one is under way, that one. */
  round(): Promise<void> {
    this.underWay ??= this.keep().finally(() => (this.underWay = null));
    return this.underWay;
  }

  private async keep(): Promise<void> {
    await this.each('silence', () => this.noticeSilence());
    const { webhookWork, webhookClient } = this.options;
    let due: readonly string[] = [];
    await this.each('webhooks', async () => {
      due = await webhookWork.takeToWake(wokenAtOnce, wokenRestMs);
    });
    for (const id of due) await this.each(`webhook ${id}`, () => webhookClient.wake(id));
  }

  private async noticeSilence(): Promise<void> {
    const startedMs = performance.now();
    if (startedMs < this.silenceDueAtMs) return;
    const { silent, back } = await this.options.silence.notice();
    const tookMs = performance.now() - startedMs;
    this.silenceDueAtMs = startedMs + Math.max(silenceRestMs, tookMs / silenceShare);
    if (silent + back > 0) this.options.logger.info({ silent, back }, 'gateways fell silent, or are back');
  }

  /** Does one thing; whatever becomes of it, the others have their turn. */
  private async each(what: string, work: () => Promise<void>): Promise<void> {
    if (this.stopping) return;
    const { logger } = this.options;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof LeonoreError)) logger.error({ err: error, what }, 'telling webhooks failed');
      else logger.warn({ code: error.code, what }, error.message);
    }
  }
}
