import type { Static } from 'typebox';
import { errorClasses, type ErrorClass } from '../domain/campaign/error-class.js';
import type { PhaseFacts } from '../domain/campaign/facts.js';
import type { PhaseWork } from '../domain/campaign/preview-work.js';
import { isCampaignEnded } from '../domain/campaign/state.js';
import { awaitedBy } from '../domain/error-kinds.js';
import { workflowIds } from '../domain/orchestration.js';
import { targetText } from '../domain/rollout/target.js';
import type { Campaign } from '../repositories/campaign-repository.js';
import type { Repositories } from '../repositories/repositories.js';
import { readCampaignFacts } from '../services/campaign-facts.js';
import type { CampaignProgress } from '../services/campaign-progress.js';
import type { CampaignPreview } from '../services/preview-campaign.js';
import type { RolloutClient } from '../workflows/client/rollout-client.js';
import {
  previewedGateways,
  type CampaignPhaseSchema,
  type CampaignPreviewSchema,
  type CampaignProgressSchema,
  type CampaignSchema,
  type CampaignSummarySchema,
} from './schemas/campaigns.js';
import { TemporalReach } from './temporal-reach.js';

/** Items shown with a campaign, of each kind. */
const shown = 500;

/** Campaigns as the API shows them. */
export class CampaignViews {
  private readonly temporal: TemporalReach;

  constructor(
    private readonly repositories: Pick<
      Repositories,
      'campaigns' | 'campaignFacts' | 'campaignWork' | 'wayBack'
    >,
    rolloutClient: Pick<RolloutClient, 'isReachable'>,
    /** Where people see a workflow; null: nobody knows. */
    private readonly workflowAddress: (workflowId: string) => string | null,
  ) {
    this.temporal = new TemporalReach(() => rolloutClient.isReachable());
  }

  summary(campaign: Campaign): Static<typeof CampaignSummarySchema> {
    const { id, requests, selected, deployment, state, reason, createdBy, createdAt, endedAt } = campaign;
    return {
      id,
      requests: [...requests],
      selected: [...selected],
      deployment,
      state,
      reason,
      waitingFor: this.waitingFor(campaign),
      createdBy,
      createdAt: createdAt.toISOString(),
      endedAt: endedAt?.toISOString() ?? null,
    };
  }

  /** A campaign with all that people ask of it. @throws LeonoreError CAMPAIGN_NOT_FOUND */
  async whole(id: string): Promise<Static<typeof CampaignSchema>> {
    const { campaigns, campaignWork, wayBack } = this.repositories;
    const campaign = await campaigns.get(id);
    const [facts, phases, rollouts, left, events] = await Promise.all([
      readCampaignFacts(this.repositories, campaign, { ask: false }),
      campaigns.phases(id),
      campaignWork.list(id, shown),
      wayBack.left(id, shown),
      campaigns.events(id),
    ]);
    return {
      ...this.summary(campaign),
      strategy: campaign.strategy,
      phases: facts.phases.map((phase, index) => phaseView(phase, index, phases[index]?.size ?? 0)),
      rollouts: rollouts.map(({ phase, createdAt, endedAt, requests, ...rollout }) => ({
        ...rollout,
        phase: phase + 1,
        requests: [...requests],
        createdAt: createdAt.toISOString(),
        endedAt: endedAt?.toISOString() ?? null,
      })),
      wayBack: facts.rollback === null ? null : { ...facts.rollback, left },
      events: events.map(({ at, ...event }) => ({
        ...event,
        detail: { ...event.detail },
        at: at.toISOString(),
      })),
      temporalUi: this.workflowAddress(workflowIds.campaign(id)),
    };
  }

  preview(
    { id, requests, selected, target }: Pick<Campaign, 'id' | 'requests' | 'selected' | 'target'>,
    { phases, work, siteLabel, endsAtMs, deliveryMs, isMeasured, gateways, risks }: CampaignPreview,
  ): Static<typeof CampaignPreviewSchema> {
    return {
      id,
      requests: [...requests],
      selected: [...selected],
      deployment: targetText(target),
      gateways,
      deliverySeconds: deliveryMs / 1_000,
      isMeasured,
      endsAt: instant(endsAtMs),
      phases: phases.map(({ name, gatewayIds, zones, beginsAtMs, endsAtMs: endMs, approval }, index) => ({
        phase: index + 1,
        name,
        gateways: gatewayIds.length,
        gatewayIds: gatewayIds.slice(0, previewedGateways),
        beginsAt: beginsAtMs === null ? null : instant(beginsAtMs),
        endsAt: endMs === null ? null : instant(endMs),
        approval,
        zones: zones.map(({ opensAtMs, closesAtMs, ...zone }) => ({
          ...zone,
          opensAt: instant(opensAtMs),
          closesAt: instant(closesAtMs),
        })),
        ...workView(work[index]),
      })),
      siteLabel,
      risks: risks.map(({ sample, ...risk }) => ({ ...risk, sample: [...sample] })),
    };
  }

  /** Its rollouts say what else they wait for. */
  private waitingFor({ state }: Campaign): string | null {
    return this.temporal.isAway && !isCampaignEnded(state) ? awaitedBy('TEMPORAL_UNAVAILABLE') : null;
  }
}

export function progressOnWire({
  samples,
  ends,
  predicted,
  ...progress
}: CampaignProgress): Static<typeof CampaignProgressSchema> {
  return {
    ...progress,
    samples: samples.map((sample) => ({ ...sample, at: sample.at.toISOString() })),
    ends: endsView(ends),
    predicted: endsView(predicted),
  };
}

function endsView(ends: CampaignProgress['ends']): Static<typeof CampaignProgressSchema>['ends'] {
  return ends === null ? null : { earliest: ends.earliest.toISOString(), latest: ends.latest.toISOString() };
}

function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}

function workView(work: PhaseWork | undefined) {
  const { groups = [], sites = [] } = work ?? {};
  return {
    groupCount: work?.groupCount ?? 0,
    packagesToBuild: work?.packagesToBuild ?? 0,
    packagesThere: work?.packagesThere ?? 0,
    downloadBytes: work?.downloadBytes ?? 0,
    siteCount: work?.siteCount ?? 0,
    groups: groups.map(({ sample, install, remove, ...group }) => ({
      ...group,
      sample: [...sample],
      install: [...install],
      remove: [...remove],
    })),
    sites: [...sites],
  };
}

function phaseView(
  { name, startedAtMs, notBegun, open, succeeded, failed, left, unhealthy }: PhaseFacts,
  index: number,
  gateways: number,
): Static<typeof CampaignPhaseSchema> {
  const byClass = Object.fromEntries(errorClasses.map((name) => [name, 0])) as Record<ErrorClass, number>;
  for (const { errorClass, members } of failed) byClass[errorClass] += members;
  return {
    phase: index + 1,
    name,
    gateways,
    startedAt: startedAtMs === null ? null : instant(startedAtMs),
    notBegun,
    open,
    succeeded,
    failed: byClass,
    left,
    unwell: unhealthy,
  };
}
