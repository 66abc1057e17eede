import {
  endedAt,
  endFrom,
  predictedProgress,
  type ProgressStep,
} from '../domain/campaign/predicted-progress.js';
import { isCampaignEnded, type CampaignState } from '../domain/campaign/state.js';
import { strategyInForce } from '../domain/campaign/strategy.js';
import { LeonoreError } from '../domain/errors.js';
import type { Campaign, CampaignPhase } from '../repositories/campaign-repository.js';
import type { Repositories } from '../repositories/repositories.js';
import { supposedTimes } from './preview-campaign.js';

type Needed = Pick<Repositories, 'campaigns' | 'campaignFacts'>;

/** Where a campaign stood at a moment, and between which numbers it was predicted to stand. */
export interface ProgressSample {
  readonly at: Date;
  /** Null: that is to come. */
  readonly ended: number | null;
  readonly succeeded: number | null;
  readonly atLeast: number;
  readonly atMost: number;
}

export interface CampaignProgress {
  /** Gateways in it. */
  readonly gateways: number;
  /** From its start to its end, real or predicted, at even distances; empty before its gateways are chosen. */
  readonly samples: readonly ProgressSample[];
  /** When it ends, from where it stands; null: it has ended, or somebody has to decide first. */
  readonly ends: { readonly earliest: Date; readonly latest: Date } | null;
  /** When it was predicted to end when it began. */
  readonly predicted: { readonly earliest: Date; readonly latest: Date } | null;
  /** Whether that stands on deliveries that had ended before. */
  readonly isMeasured: boolean;
}

/** What was predicted of a campaign when it began: the same whenever it is asked for. */
interface Prediction {
  readonly quick: readonly ProgressStep[];
  readonly slow: readonly ProgressStep[];
  readonly isMeasured: boolean;
}

const samples = 60;
/** Predictions that are kept: each takes some kilobytes, and up to some seconds in a campaign of 100,000. */
const keptPredictions = 100;
/** Somebody has to decide before it goes on, or it goes elsewhere. */
const unpredictable: ReadonlySet<CampaignState> = new Set<CampaignState>([
  'paused',
  'awaiting-approval',
  'stopping',
  'aborting',
  'rolling-back',
]);

/** How campaigns go, beside how they were predicted to. */
export class CampaignProgresses {
  private readonly predictions = new Map<string, Promise<Prediction | null>>();

  constructor(private readonly repositories: Needed) {}

  async of(campaign: Campaign): Promise<CampaignProgress> {
    const { id, createdAt, endedAt: overAt, state } = campaign;
    const { campaigns, campaignFacts } = this.repositories;
    const [phases, nowMs] = await Promise.all([campaigns.phases(id), campaignFacts.nowMs()]);
    const gateways = phases.reduce((sum, { size }) => sum + size, 0);
    if (gateways === 0) return { gateways, samples: [], ends: null, predicted: null, isMeasured: false };
    const prediction = await this.prediction(campaign, phases);
    const fromMs = createdAt.getTime();
    const untilMs = overAt?.getTime() ?? nowMs;
    const latestMs = prediction?.slow.at(-1)?.atMs ?? untilMs;
    const stepMs = Math.max(1, (Math.max(untilMs, latestMs) - fromMs) / samples);
    const steps = await campaignFacts.endedOverTime(id, createdAt, stepMs);
    const last = {
      ended: steps.reduce((sum, { ended }) => sum + ended, 0),
      lastAtMs: Math.max(fromMs, ...steps.map(({ lastAt }) => lastAt.getTime())),
    };
    const soonest = (of: readonly ProgressStep[]) => new Date(Math.max(nowMs, endFrom(of, fromMs, last)));
    return {
      gateways,
      samples: Array.from({ length: samples + 1 }, (_none, index): ProgressSample => {
        const atMs = fromMs + index * stepMs;
        // What ended at the very end of the time belongs to its last step.
        const before = steps.filter(({ step }) => Math.min(step, samples - 1) < index);
        const isPast = atMs < untilMs + stepMs;
        const sum = (name: 'ended' | 'succeeded') =>
          isPast ? before.reduce((total, step) => total + step[name], 0) : null;
        return {
          at: new Date(Math.min(atMs, Math.max(untilMs, latestMs))),
          ended: sum('ended'),
          succeeded: sum('succeeded'),
          atLeast: prediction === null ? 0 : endedAt(prediction.slow, atMs),
          atMost: prediction === null ? gateways : endedAt(prediction.quick, atMs),
        };
      }),
      ends:
        prediction === null || isCampaignEnded(state) || unpredictable.has(state)
          ? null
          : { earliest: soonest(prediction.quick), latest: soonest(prediction.slow) },
      predicted:
        prediction === null
          ? null
          : {
              earliest: new Date(prediction.quick.at(-1)?.atMs ?? fromMs),
              latest: new Date(latestMs),
            },
      isMeasured: prediction?.isMeasured ?? false,
    };
  }

  private prediction(campaign: Campaign, phases: readonly CampaignPhase[]): Promise<Prediction | null> {
    const known = this.predictions.get(campaign.id);
    if (known !== undefined) return known;
    const [oldest] = this.predictions.keys();
    if (oldest !== undefined && this.predictions.size >= keptPredictions) this.predictions.delete(oldest);
    const made = predict(this.repositories, campaign, phases).catch((error: unknown) => {
      this.predictions.delete(campaign.id);
      throw error;
    });
    this.predictions.set(campaign.id, made);
    return made;
  }
}

/** @returns null where no window opens any more: then nothing can be predicted */
async function predict(
  { campaignFacts }: Needed,
  { id, strategy, createdAt }: Campaign,
  phases: readonly CampaignPhase[],
): Promise<Prediction | null> {
  const { windows, speed } = strategyInForce(strategy);
  const labels = [windows?.zoneLabel, speed?.downloadsByLabel?.label].filter((label) => label !== undefined);
  const [measured, members] = await Promise.all([
    campaignFacts.deliveryTimes(createdAt),
    campaignFacts.placedMembers(id, labels),
  ]);
  const labelsOf = new Map(members.map((member) => [member.gatewayId, member.labels]));
  const chosen = phases.map(({ phase, name }) => ({
    name,
    gatewayIds: members.filter((member) => member.phase === phase).map(({ gatewayId }) => gatewayId),
  }));
  const { quickMs, slowMs } = measured ?? supposedTimes;
  const lasting = (deliveryMs: number) =>
    predictedProgress(
      { strategy, campaignId: id, nowMs: createdAt.getTime(), deliveryMs },
      chosen,
      (gatewayId) => labelsOf.get(gatewayId) ?? {},
    );
  try {
    return { quick: lasting(quickMs), slow: lasting(slowMs), isMeasured: measured !== null };
  } catch (error) {
    if (error instanceof LeonoreError && error.code === 'WINDOW_NEVER_OPENS') return null;
    throw error;
  }
}
