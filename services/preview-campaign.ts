import { previewCampaign, previewRisk, type Preview, type PreviewRisk } from '../domain/campaign/preview.js';
import { previewWork, type PhaseWork, type PlannedGroup } from '../domain/campaign/preview-work.js';
import { siteLabelOf } from '../domain/campaign/strategy.js';
import type { GatewayGroup } from '../domain/grouping/gateway-grouping.js';
import type { DeliveryTimes } from '../repositories/campaign-facts-repository.js';
import type { Campaign } from '../repositories/campaign-repository.js';
import type { Repositories } from '../repositories/repositories.js';
import { matchedByPhases } from './choose-members.js';
import { nothingToDo, previewGroup, type GroupPreview } from './preview-group.js';

/** How long deliveries take where none has been measured. */
export const supposedTimes: DeliveryTimes = { quickMs: 30_000, middleMs: 60_000, slowMs: 120_000 };

type Needed = Pick<
  Repositories,
  'artifacts' | 'campaignFacts' | 'gateways' | 'members' | 'packages' | 'provisioning'
>;

export interface CampaignPreview extends Preview {
  /** Gateways that are meant. */
  readonly gateways: number;
  /** What a delivery is taken to last, and whether that was measured. */
  readonly deliveryMs: number;
  readonly isMeasured: boolean;
  /** What the gateways of each phase would be given. */
  readonly work: readonly PhaseWork[];
  /** The label whose values name lines that gateways share. */
  readonly siteLabel: string;
}

/**
 * What a campaign would do, were it started now under this id.
 * @param plan makes the plans of the target's gateways as the phases' rollouts do; asked once nothing else refuses
 * @throws LeonoreError EMPTY_DEPLOYMENT, STRATEGY_INVALID, WINDOW_NEVER_OPENS: what its start would be refused with;
 *   whatever planning throws
 */
export async function previewOf(
  repositories: Needed,
  { id, target, strategy }: Pick<Campaign, 'id' | 'target' | 'strategy'>,
  plan: () => Promise<readonly GatewayGroup<string>[]>,
): Promise<CampaignPreview> {
  const { campaignFacts, members } = repositories;
  const [nowMs, measured, gateways, selects] = await Promise.all([
    campaignFacts.nowMs(),
    campaignFacts.deliveryTimes(),
    members.list(target),
    matchedByPhases(repositories, strategy),
  ]);
  const deliveryMs = (measured ?? supposedTimes).middleMs;
  const preview = previewCampaign({ strategy, campaignId: id, gateways, selects, nowMs, deliveryMs });
  const groups = await plan();
  const found = await Promise.all(groups.map((group) => previewGroup(group, repositories)));
  const planned = groups.map((group, index) => plannedGroup(group, found[index] ?? nothingToDo));
  const labels = new Map(gateways.map((gateway) => [gateway.id, gateway.labels]));
  return {
    ...preview,
    risks: [...preview.risks, ...risksOf(planned), ...found.flatMap(planRisks)],
    gateways: gateways.length,
    deliveryMs,
    isMeasured: measured !== null,
    work: previewWork(strategy, preview.phases, planned, labels),
    siteLabel: siteLabelOf(strategy),
  };
}

function plannedGroup(
  { members, plans: [plan], explanation }: GatewayGroup<string>,
  { package: needed, lacking }: GroupPreview,
): PlannedGroup {
  return {
    members,
    install: plan?.install ?? [],
    remove: plan?.remove ?? [],
    explanation,
    package: needed,
    lacking: new Set(lacking.flatMap(({ gatewayIds }) => gatewayIds)),
  };
}

function risksOf(planned: readonly PlannedGroup[]): PreviewRisk[] {
  const without = planned.filter(({ explanation }) => explanation !== null);
  return [
    ...previewRisk(
      'no-plan',
      without.flatMap(({ members }) => members),
      'that no plan serves',
    ),
    ...previewRisk(
      'lacking-values',
      planned.flatMap(({ lacking }) => [...lacking]),
      'that lack values which the package needs',
    ),
  ];
}

/** Who is silent is told for the whole campaign already. */
function planRisks({ risks }: GroupPreview): PreviewRisk[] {
  return risks.flatMap(({ kind, what, gatewayIds }) =>
    kind === 'silent' ? [] : previewRisk(kind, gatewayIds, `with a ${kind}: ${what}`),
  );
}
