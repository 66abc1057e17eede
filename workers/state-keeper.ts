/**
 * Keeps gateways at what is wanted of them: wanted states, and values. Gateways that have changed are marked by the
 * database; a round looks at those alone, so that a fleet that is as it should be costs next to nothing.
 *
 * INVARIANTS
 * - Each round begins from the database alone: the process may be killed at any instant. Of several keepers one has its
 *   turn, and another takes over when that one is gone: what was read earlier is not written later.
 * - Work is recorded under a lock together with the note that it was begun, whoever's turn it is.
 * - A rollout is for many gateways: nothing is started while more may be about to come, but for a short while only.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { LeonoreError } from '../domain/errors.js';
import { campaignInput, rolloutInput } from '../domain/orchestration.js';
import type { Repositories } from '../repositories/repositories.js';
import type { ChunkAcknowledgement } from '../repositories/delivery/delivery-repository.js';
import type { OpenWantedState } from '../repositories/wanted-state-repository.js';
import { lookAtValues, orderValues } from '../services/keep-values.js';
import { followCatalog, judgeGateways } from '../services/keep-wanted-states.js';
import type { CampaignClient } from '../workflows/client/campaign-client.js';
import type { RolloutClient } from '../workflows/client/rollout-client.js';

export interface StateKeeperOptions {
  readonly repositories: Repositories;
  readonly rolloutClient: RolloutClient;
  readonly campaignClient: Pick<CampaignClient, 'start'>;
  readonly intervalMs: number;
  readonly logger: Logger;
  /** How long gateways gather for a rollout, in milliseconds: the first one, and others within a minute of it. */
  readonly gather?: { readonly firstMs: number; readonly againMs: number };
}

/** Gateways looked at by one statement. */
const lookedAtOnce = 1_000;
/** Batches of one round: then others have their turn. */
const batchesOfRound = 20;
/**
 * Gateways that the slow round over the fleet judges each time: it finds what nobody told, such as silence. 100,000 take six
 * hours, of the day after which a gateway is silent.
 */
const slowAtOnce = 50;
const slowEveryMs = 10_000;
/** A keeper that is gone is followed by another after so long; a batch takes a fraction of it. */
const turnSeconds = 12;
const usualGather = { firstMs: 5_000, againMs: 12_000 } as const;

export class StateKeeper {
  private readonly timer: NodeJS.Timeout;
  private underWay: Promise<void> | null = null;
  private stopping = false;
  private slowDueAtMs = 0;
  private readonly id = randomUUID();

  constructor(private readonly options: StateKeeperOptions) {
    this.timer = setInterval(() => void this.round(), options.intervalMs);
  }

  /** Resolves when the round that is under way has ended. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearInterval(this.timer);
    await this.underWay;
    // Should the database be away, the turn ends by itself.
    await this.options.repositories.stateKeeping.endTurn(this.id).catch(() => undefined);
  }

  /** One round; while one is under way, that one. */
  round(): Promise<void> {
    this.underWay ??= this.keep().finally(() => (this.underWay = null));
    return this.underWay;
  }

  private async keep(): Promise<void> {
    const { wantedMembers, wantedCampaigns } = this.options.repositories;
    if ((await this.each('its turn', () => this.takeTurn())) !== true) return;
    await this.each('what has ended', () => wantedMembers.markEnded());
    await this.each('campaigns that have ended', () => wantedCampaigns.settle());
    await this.each('the catalog', () => this.followCatalog());
    await this.each('gateways that have changed', () => this.lookAtMarked());
    await this.each('all gateways', () => this.lookAtAll());
    await this.each('wanted states', () => this.start());
    await this.each('values', () => this.order());
    await this.each('the numbers of the fleet', () => this.count());
  }

  /** What changed is added up, and what the fleet is like is noted now and then. */
  private async count(): Promise<void> {
    const { facets, fleetSamples } = this.options.repositories;
    for (let batch = 0; batch < batchesOfRound && !this.stopping; batch += 1) if (await facets.fold()) break;
    await fleetSamples.take();
  }

  private takeTurn(): Promise<boolean> {
    return this.options.repositories.stateKeeping.takeTurn(this.id, turnSeconds);
  }

  /** Does one kind of thing; whatever becomes of it, the others have their turn. @returns null when it came to nothing */
  private async each<Result>(what: string, work: () => Promise<Result>): Promise<Result | null> {
    if (this.stopping) return null;
    const { logger } = this.options;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof LeonoreError))
        logger.error({ err: error, what }, 'keeping wanted states failed');
      else logger.warn({ code: error.code, what }, error.message);
      return null;
    }
  }

  private async followCatalog(): Promise<void> {
    const { repositories, campaignClient, logger } = this.options;
    for (const campaignId of await followCatalog(repositories, await repositories.wantedStates.open())) {
      logger.info({ campaignId }, 'a campaign brings out what is wanted');
      const { campaigns } = repositories;
      await this.begin({ campaignId }, async () => {
        await campaignClient.start(campaignInput(await campaigns.get(campaignId)));
        await campaigns.workflowStarted(campaignId);
      });
    }
  }

  private async lookAtMarked(): Promise<void> {
    const { stateKeeping, wantedStates } = this.options.repositories;
    for (let batch = 0; batch < batchesOfRound && !this.stopping; batch += 1) {
      const marked = await stateKeeping.marked(lookedAtOnce);
      if (marked.length === 0) return;
      const ids = marked.map(({ id }) => id);
      if (!(await this.look(await wantedStates.open(), ids))) return;
      await stateKeeping.unmark(marked);
      if (marked.length < lookedAtOnce) return;
    }
  }

  /** Of wanted states that are new, or mean others than before, all gateways; else some of the fleet, round and round. */
  private async lookAtAll(): Promise<void> {
    const { stateKeeping, wantedStates } = this.options.repositories;
    const open = await wantedStates.open();
    for (const { id, lookedAfter } of open) {
      if (lookedAfter === null) continue;
      let after: string | null = lookedAfter;
      for (let batch = 0; batch < batchesOfRound && after !== null && !this.stopping; batch += 1) {
        const ids = await stateKeeping.idsAfter(after, lookedAtOnce);
        if (!(await this.look(open, ids))) return;
        const next: string | null = ids.length < lookedAtOnce ? null : (ids.at(-1) ?? null);
        await wantedStates.looked(id, after, next);
        after = next;
      }
    }
    if (open.length === 0 || performance.now() < this.slowDueAtMs || !(await this.takeTurn())) return;
    this.slowDueAtMs = performance.now() + slowEveryMs;
    await judgeGateways(
      this.options.repositories,
      open,
      await stateKeeping.nextOfRound(slowAtOnce),
      Date.now(),
    );
  }

  /** @returns false when the turn was lost in between: another keeper looks */
  private async look(open: readonly OpenWantedState[], ids: readonly string[]): Promise<boolean> {
    const { repositories } = this.options;
    if (!(await this.takeTurn())) return false;
    await this.wake(await lookAtValues(repositories, ids));
    await judgeGateways(repositories, open, ids, Date.now());
    return true;
  }

  private async start(): Promise<void> {
    const { repositories, rolloutClient, gather = usualGather, logger } = this.options;
    for (const { id } of await repositories.wantedStates.open()) {
      for (const rolloutId of await repositories.wantedMembers.startDue(id, gather)) {
        logger.info({ wantedStateId: id, rolloutId }, 'gateways are brought to what is wanted');
        await this.begin({ rolloutId }, async () => {
          const rollout = await repositories.rollouts.get(rolloutId);
          await rolloutClient.start(rolloutInput(rollout, rollout.requests));
          await repositories.rollouts.workflowStarted(rolloutId);
        });
      }
    }
  }

  /** What was recorded: should Temporal be away, the reconciler starts it. */
  private async begin(what: Readonly<Record<string, string>>, start: () => Promise<void>): Promise<void> {
    try {
      await start();
    } catch (error) {
      if (!(error instanceof LeonoreError)) throw error;
      this.options.logger.warn(
        { ...what, code: error.code },
        'it is recorded; its workflow will be started by the reconciler',
      );
    }
  }

  /** Should one be lost, the workflow looks by itself. */
  private async wake(chunks: readonly ChunkAcknowledgement[]): Promise<void> {
    const { rolloutClient, logger } = this.options;
    for (const { rolloutId, chunk, refused } of chunks) {
      await rolloutClient.acknowledge(rolloutId, chunk, [], refused).catch((error: unknown) => {
        logger.warn({ err: error, rolloutId, chunk }, 'a wake-up was lost; the workflow will look by itself');
      });
    }
  }

  private async order(): Promise<void> {
    const { repositories, logger } = this.options;
    for (const orderId of await orderValues(repositories))
      logger.info({ orderId }, 'gateways are told the values that they have now');
  }
}
