import type { Logger } from 'pino';
import type { PoolSettings } from '../domain/balancer/pool.js';
import { LeonoreError } from '../domain/errors.js';
import type { NodeNames } from '../repositories/pool-repository.js';
import type { Repositories } from '../repositories/repositories.js';
import { selectRequested } from '../repositories/requested-artifacts.js';
import type { PoolClient } from '../workflows/client/pool-client.js';
import type { RolloutClient } from '../workflows/client/rollout-client.js';

export interface HousekeepingOptions {
  readonly repositories: Repositories;
  readonly rolloutClient: RolloutClient;
  readonly poolClient: PoolClient;
  readonly settings: PoolSettings;
  /** How launched nodes are called. */
  readonly names: NodeNames;
  readonly intervalMs: number;
  readonly logger: Logger;
}

/** Rounds after which the pool is woken although nothing is known to need it: its workflow may have been ended. */
const poolRounds = 30;

/**
 * What somebody must look after without being asked: nodes that fell silent lose their gateways to the others, the
 * node pool is woken when it has something to do, rollouts that were recorded but never started (the API died in
 * between) are started, and orders whose time is over count as lost. Several coordinators may do it at once: done
 * again, none of it changes anything.
 */
export class Housekeeping {
  private readonly timer: NodeJS.Timeout;
  private busy = false;
  private rounds = 0;
  private configured = false;

  constructor(private readonly options: HousekeepingOptions) {
    this.timer = setInterval(() => void this.round(), options.intervalMs);
  }

  /** The first round, at once: what was configured holds from the beginning. */
  start(): Promise<void> {
    return this.round();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async round(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await this.lookAfterNodes();
      await this.startUnstarted();
      await this.options.repositories.orders.expire();
    } catch (error) {
      if (!(error instanceof LeonoreError)) this.options.logger.error({ err: error }, 'housekeeping failed');
      else this.options.logger.warn({ code: error.code }, error.message);
    } finally {
      this.busy = false;
    }
  }

  private async lookAfterNodes(): Promise<void> {
    const { repositories, poolClient, settings, names, logger } = this.options;
    const { nodes, pool } = repositories;
    if (!this.configured) {
      await pool.configure(settings, names);
      this.configured = true;
      poolClient.wakeSoon();
    }
    const stranded = await nodes.moveFromLost();
    if (stranded.length > 0)
      logger.warn({ nodes: stranded }, 'no node is up to take the gateways of nodes that are gone');
    this.rounds += 1;
    const { action } = await pool.look();
    if (action.kind !== 'wait' || this.rounds % poolRounds === 0) poolClient.wakeSoon();
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
