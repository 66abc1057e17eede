/**
 * Holds database and Temporal against each other, and the database against the clock: what somebody must look after
 * without being asked. The database is the truth; whatever vanished from Temporal is started anew from where it is.
 *
 * INVARIANTS
 * - Each round begins from the database alone: the process may be killed at any instant, and several may run at once;
 *   done again, none of it changes anything.
 * - One bad item never keeps the others from their turn.
 */
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { PoolSettings } from '../domain/balancer/pool.js';
import { LeonoreError } from '../domain/errors.js';
import { rolloutInput } from '../domain/orchestration.js';
import type { NodeNames } from '../repositories/pool-repository.js';
import type { Repositories } from '../repositories/repositories.js';
import type { OpenRollout } from '../repositories/rollout-repository.js';
import { planOrdersAnew } from '../services/plan-orders-anew.js';
import { selectRequested } from '../services/select-requested.js';
import type { CampaignClient } from '../workflows/client/campaign-client.js';
import type { PoolClient } from '../workflows/client/pool-client.js';
import type { RolloutClient } from '../workflows/client/rollout-client.js';
import { CampaignReconciler } from './campaign-reconciler.js';

export interface ReconcilerOptions {
  readonly repositories: Repositories;
  readonly rolloutClient: RolloutClient;
  readonly campaignClient: CampaignClient;
  readonly poolClient: PoolClient;
  readonly settings: PoolSettings;
  /** How launched nodes are called. */
  readonly names: NodeNames;
  readonly intervalMs: number;
  readonly logger: Logger;
  /** Makes the schedules that a lost store of Temporal took with it. */
  ensureSchedules(): Promise<void>;
}

/** Rounds after which the pool is woken although nothing is known to need it: its workflow may have been ended. */
const poolRounds = 30;
/** Rounds after which schedules, and workflows that the database does not know, are looked for. */
const strayRounds = 15;
/** Rollouts compared in one round, and how long each rests before it is compared again. */
const comparedAtOnce = 50;
const restMs = 5_000;
/** A workflow that waits for a chunk enforces its deadline itself; one that has not done so for so long is missing. */
const overdueMs = 30_000;
/** Times that Temporal may refuse a rollout before it is ended with the reason. */
const mostStarts = 5;
/** Gateways asked for what they have in one round. */
const askedAtOnce = 200;
/** Workflows looked at for strays in one round, and how old they are at least. */
const straysAtOnce = 2_000;
const strayAgeMs = 60_000;

export class Reconciler {
  private readonly timer: NodeJS.Timeout;
  private readonly campaigns: CampaignReconciler;
  private underWay: Promise<void> | null = null;
  private rounds = 0;
  private configured = false;
  private watchedAt: Date | null = null;
  private stopping = false;
  /** Runs of which it is known how they began. */
  private readonly looked = new LRUCache<string, true>({ max: 10_000 });

  constructor(private readonly options: ReconcilerOptions) {
    const { repositories, campaignClient, logger } = options;
    this.campaigns = new CampaignReconciler(repositories.campaigns, campaignClient, logger);
    this.timer = setInterval(() => void this.round(), options.intervalMs);
  }

  /** The first round, at once: what was configured holds from the beginning. */
  start(): Promise<void> {
    return this.round();
  }

  /** Resolves when the round that is under way has ended. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearInterval(this.timer);
    await this.underWay;
  }

  /** One round; while one is under way, that one. */
  round(): Promise<void> {
    this.underWay ??= this.lookAfterAll().finally(() => (this.underWay = null));
    return this.underWay;
  }

  private async lookAfterAll(): Promise<void> {
    const { repositories } = this.options;
    const isStrayRound = this.rounds % strayRounds === 0;
    this.rounds += 1;
    await this.each('what gateways have', () => this.askAfterAbsence());
    await this.each('nodes', () => this.lookAfterNodes());
    await this.each('deadlines', () => this.enforceDeadlines());
    await this.each('refused orders', () => planOrdersAnew(repositories));
    await this.each('orders', async () => {
      await repositories.orders.endFinished();
    });
    await this.each('outcomes', () => this.settle());
    await this.each('rollouts', () => this.compare());
    await this.each('campaigns', () => this.campaigns.compare((what, work) => this.each(what, work)));
    if (isStrayRound) {
      await this.each('schedules', () => this.options.ensureSchedules());
      await this.each('strays', () => this.endStrays());
      await this.each('strays of campaigns', () => this.campaigns.endStrays());
    }
  }

  /** Does one kind of thing; whatever becomes of it, the others have their turn. */
  private async each(what: string, work: () => Promise<void>): Promise<void> {
    if (this.stopping) return;
    const { logger } = this.options;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof LeonoreError)) logger.error({ err: error, what }, 'reconciling failed');
      else logger.warn({ code: error.code, what }, error.message);
    }
  }

  private async askAfterAbsence(): Promise<void> {
    const { repositories, logger } = this.options;
    const { watchedAt, asking } = await repositories.absences.notice(this.watchedAt);
    if (this.watchedAt !== null && watchedAt < this.watchedAt)
      logger.warn('the database is older than it was: gateways are asked for what they have');
    this.watchedAt = watchedAt;
    if (!asking) return;
    const asked = await repositories.gateways.askForProfiles(askedAtOnce);
    if (asked > 0) logger.info({ asked }, 'gateways are asked for what they have');
  }

  private async lookAfterNodes(): Promise<void> {
    const { repositories, rolloutClient, poolClient, settings, names, logger } = this.options;
    const { nodes, pool, provisioning } = repositories;
    if (!this.configured) {
      await pool.configure(settings, names);
      this.configured = true;
      poolClient.wakeSoon();
    }
    const { stranded, moved } = await nodes.moveFromLost();
    if (stranded.length > 0)
      logger.warn({ nodes: stranded }, 'no node is up to take the gateways of nodes that are gone');
    if (moved > 0)
      for (const rolloutId of await provisioning.rolloutsToDelegate())
        await rolloutClient.releaseShare(rolloutId);
    const { action } = await pool.look();
    if (action.kind !== 'wait' || this.rounds % poolRounds === 0) poolClient.wakeSoon();
  }

  /** Who waits for an overdue chunk is missing, or an order, for which nobody waits: the silent are lost all the same. */
  private async enforceDeadlines(): Promise<void> {
    const { repositories, rolloutClient } = this.options;
    for (const { rolloutId, chunk, action } of await repositories.chunks.overdue(overdueMs)) {
      await this.each(`deadline of ${rolloutId}`, async () => {
        const lost = await repositories.chunks.lose(rolloutId, chunk);
        if (action !== 'install') return;
        await this.mend(rolloutId, 'a deadline had passed unenforced', { chunk, lost });
        await rolloutClient.acknowledge(rolloutId, chunk, []);
      });
    }
  }

  private async settle(): Promise<void> {
    const { repositories, logger } = this.options;
    for (const { id, state } of await repositories.rollouts.settle()) {
      await repositories.rollouts.note(id, 'corrected', { state });
      logger.info({ rolloutId: id, state }, 'late reports corrected the outcome of a rollout');
    }
  }

  private async compare(): Promise<void> {
    const { repositories } = this.options;
    for (const rollout of await repositories.rollouts.takeToCompare(comparedAtOnce, restMs)) {
      await this.each(`rollout ${rollout.id}`, () => this.compareOne(rollout));
    }
  }

  private async compareOne(rollout: OpenRollout): Promise<void> {
    const { repositories, rolloutClient } = this.options;
    const standing = await rolloutClient.standing(rollout.id);
    switch (standing.is) {
      case 'running':
        await this.noticeReset(rollout.id, standing.runId);
        if (!rollout.workflowStarted) await repositories.rollouts.workflowStarted(rollout.id);
        // Done again it changes nothing; the first signal may have been lost.
        if (rollout.cancelRequested) await rolloutClient.cancel(rollout.id);
        return;
      case 'outdated':
        await this.mend(rollout.id, 'its workflow is of another release and begins anew', {});
        await rolloutClient.terminate(
          `rollout/${rollout.id}`,
          'of another release: LEONORE begins it anew from its database',
        );
        await this.startAnew(rollout);
        return;
      case 'not running':
        // It may have ended since it was read: then its workflow ended in order.
        if (!(await repositories.rollouts.openAmong([rollout.id])).has(rollout.id)) return;
        if (rollout.workflowStarted) await this.mend(rollout.id, 'its workflow was gone and begins anew', {});
        await this.startAnew(rollout);
    }
  }

  /** A workflow that somebody reset goes on by itself from what the database says; what remains is to say so. */
  private async noticeReset(rolloutId: string, runId: string): Promise<void> {
    const { repositories, rolloutClient } = this.options;
    if (this.looked.has(runId)) return;
    if (await rolloutClient.wasReset(rolloutId, runId)) {
      const events = await repositories.rollouts.events(rolloutId);
      if (!events.some(({ detail }) => detail['runId'] === runId))
        await this.mend(rolloutId, 'its workflow was reset and goes on from the database', { runId });
    }
    this.looked.set(runId, true);
  }

  private async startAnew(rollout: OpenRollout): Promise<void> {
    const { repositories, rolloutClient, logger } = this.options;
    const { artifacts, provisioning, rollouts } = repositories;
    const selected = await selectRequested(artifacts, rollout.requests).catch(() => rollout.requests);
    try {
      await rolloutClient.start(rolloutInput(rollout, selected));
    } catch (error) {
      if (!(error instanceof LeonoreError) || error.code === 'TEMPORAL_UNAVAILABLE') throw error;
      if ((await rollouts.startFailed(rollout.id)) < mostStarts) throw error;
      // Temporal will never take it: it ends with the reason, and the gateways that have a task keep their deadline.
      const failure = { code: error.code, message: error.message };
      await provisioning.giveUp(rollout.id, null, failure);
      await rollouts.end(rollout.id, failure);
      logger.error({ err: error, rolloutId: rollout.id }, 'a rollout could not be begun and is ended');
      return;
    }
    await rollouts.workflowStarted(rollout.id);
    if (!rollout.workflowStarted)
      logger.info({ rolloutId: rollout.id }, 'a rollout was started that had been left');
  }

  /** Workflows of rollouts that have ended, or that the database does not know: nobody is to wait for them. */
  private async endStrays(): Promise<void> {
    const { repositories, rolloutClient, logger } = this.options;
    const running = await rolloutClient.running(straysAtOnce, new Date(Date.now() - strayAgeMs));
    const open = await repositories.rollouts.openAmong([
      ...new Set(running.map(({ rolloutId }) => rolloutId)),
    ]);
    for (const { workflowId, rolloutId } of running) {
      if (open.has(rolloutId)) continue;
      await this.each(workflowId, async () => {
        await rolloutClient.terminate(
          workflowId,
          'the rollout has ended, or is not in the database of LEONORE',
        );
        logger.warn({ workflowId }, 'ended a workflow of a rollout that has ended, or is not known');
        await repositories.rollouts.note(rolloutId, 'mended', { what: 'a workflow outlived it', workflowId });
      });
    }
  }

  private async mend(
    rolloutId: string,
    what: string,
    detail: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { repositories, logger } = this.options;
    logger.warn({ rolloutId, ...detail }, `mended: ${what}`);
    await repositories.rollouts.note(rolloutId, 'mended', { what, ...detail });
  }
}
