import { createHash } from 'node:crypto';
import type { Scope } from '../domain/access/scope.js';
import type { Repositories } from '../repositories/repositories.js';
import type { CampaignViews } from './campaign-view.js';
import { nodeOnWire } from './node-view.js';
import type { RolloutViews } from './rollout-view.js';
import { SharedLooks } from './shared-looks.js';

/** What a page may be told of. */
export const streamTopics = ['rollouts', 'campaigns', 'gateways', 'nodes'] as const;
export type StreamTopic = (typeof streamTopics)[number];

/** One thing that a look found, as it is told. */
interface Told {
  readonly id: string;
  readonly text: string;
}

/** What a look found. */
export interface Look {
  readonly at: Date;
  /** On the clock of performance.now(). */
  readonly takenAtMs: number;
  /** The same for the same things. */
  readonly digest: string;
  readonly things: readonly Told[];
}

/** Rollouts and campaigns of one look; a page shows fewer. */
const things = 100;
/** One that has ended is told of for so long: whoever connects anew meanwhile hears of it. */
const endedWithinSeconds = 60;
/** From one look to the next, whoever watches. Numbers of a part of the fleet cost the most. */
const restsMs: Readonly<Record<StreamTopic | 'rollout', number>> = {
  rollouts: 1_000,
  campaigns: 1_000,
  gateways: 2_000,
  nodes: 2_000,
  rollout: 1_000,
};
const digestLength = 12;

/** Looks at what pages show, once for all that may see the same. */
export class StreamLooks {
  private readonly looks: Readonly<Record<StreamTopic | 'rollout', SharedLooks<Look>>>;

  constructor(
    private readonly repositories: Repositories,
    private readonly views: { readonly rollouts: RolloutViews; readonly campaigns: CampaignViews },
  ) {
    this.looks = {
      rollouts: this.sharedLooks('rollouts', (within) => this.rollouts(within)),
      campaigns: this.sharedLooks('campaigns', (within) => this.campaigns(within)),
      gateways: this.sharedLooks('gateways', (within) => this.gateways(within)),
      nodes: this.sharedLooks('nodes', (within) => this.nodes(within)),
      rollout: this.sharedLooks('rollout', (within, id) => this.rollout(within, id)),
    };
  }

  /** Looks at a topic, or at one rollout, from now on and without an end. @throws what a look throws */
  follow(topic: StreamTopic | 'rollout', scope: Scope, signal: AbortSignal, id = ''): AsyncGenerator<Look> {
    return this.looks[topic].follow(JSON.stringify([scope, id]), signal);
  }

  private sharedLooks(
    topic: StreamTopic | 'rollout',
    look: (within: Repositories, id: string) => Promise<Told[]>,
  ): SharedLooks<Look> {
    return new SharedLooks(async (key) => {
      const [scope, id] = JSON.parse(key) as [Scope, string];
      const at = new Date();
      const takenAtMs = performance.now();
      const found = await look(this.repositories.within(scope), id);
      const hash = createHash('sha256');
      for (const { text } of found) hash.update(text).update('\n');
      return { at, takenAtMs, digest: hash.digest('hex').slice(0, digestLength), things: found };
    }, restsMs[topic]);
  }

  private async rollouts({ rollouts }: Repositories): Promise<Told[]> {
    const lately = await rollouts.lately(things, endedWithinSeconds);
    return lately.map(({ rollout, counts }) =>
      told(rollout.id, { ...this.views.rollouts.summary(rollout), counts }),
    );
  }

  private async campaigns({ campaigns }: Repositories): Promise<Told[]> {
    const lately = await campaigns.lately(things, endedWithinSeconds);
    return lately.map((campaign) => told(campaign.id, this.views.campaigns.summary(campaign)));
  }

  private async gateways({ facets }: Repositories): Promise<Told[]> {
    const { total, complete, facets: counted } = await facets.ofGateways({});
    const conditions = Object.fromEntries(counted.state.map(({ value, count }) => [value, count]));
    return [told('', { total, complete, conditions })];
  }

  private async nodes({ nodes }: Repositories): Promise<Told[]> {
    return (await nodes.list()).map((node) => told(node.id, nodeOnWire(node)));
  }

  private async rollout({ rollouts }: Repositories, id: string): Promise<Told[]> {
    return [told(id, await this.views.rollouts.progress(rollouts, id))];
  }
}

function told(id: string, thing: object): Told {
  return { id, text: JSON.stringify(thing) };
}
