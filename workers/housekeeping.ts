import type { Logger } from 'pino';
import { moveFromLostNodes } from '../activities/move-from-lost-nodes.js';
import { LeonoreError } from '../domain/errors.js';
import type { Repositories } from '../repositories/repositories.js';
import { selectRequested } from '../repositories/requested-artifacts.js';
import type { RolloutClient } from '../workflows/client/rollout-client.js';

export interface HousekeepingOptions {
  readonly repositories: Repositories;
  readonly rolloutClient: RolloutClient;
  readonly intervalMs: number;
  readonly logger: Logger;
}

/**
 * What somebody must look after without being asked: nodes that fell silent lose their gateways to the others,
 * rollouts that were recorded but never started (the API died in between) are started, and orders whose time is over
 * count as lost. Several coordinators may do it at once: all are statements that change nothing when done again.
 */
export class Housekeeping {
  private readonly timer: NodeJS.Timeout;
  private busy = false;

  constructor(private readonly options: HousekeepingOptions) {
    this.timer = setInterval(() => void this.round(), options.intervalMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async round(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await moveFromLostNodes(this.options.repositories.nodes);
      await this.startUnstarted();
      await this.options.repositories.orders.expire();
    } catch (error) {
      if (!(error instanceof LeonoreError)) this.options.logger.error({ err: error }, 'housekeeping failed');
      else this.options.logger.warn({ code: error.code }, error.message);
    } finally {
      this.busy = false;
    }
  }

  private async startUnstarted(): Promise<void> {
    const { rollouts, artifacts } = this.options.repositories;
    for (const { id, requests, deployment, options } of await rollouts.unstarted()) {
      const selected = await selectRequested(artifacts, requests).catch(() => requests);
      await this.options.rolloutClient.start({
        rolloutId: id,
        artifacts: selected.join(' '),
        deployment,
        deadlineSeconds: options.deadlineSeconds,
      });
      await rollouts.workflowStarted(id);
      this.options.logger.info({ rolloutId: id }, 'a rollout was started that had been left');
    }
  }
}
