import { previewCampaign, type Preview } from '../domain/campaign/preview.js';
import type { Campaign } from '../repositories/campaign-repository.js';
import type { Repositories } from '../repositories/repositories.js';
import { matchedByPhases } from './choose-members.js';

/** How long a delivery takes where none has been measured, in ms. */
const supposedDeliveryMs = 60_000;

export interface CampaignPreview extends Preview {
  /** Gateways that are meant. */
  readonly gateways: number;
  /** What a delivery is taken to last, and whether that was measured. */
  readonly deliveryMs: number;
  readonly isMeasured: boolean;
}

/**
 * What a campaign would do, were it started now under this id.
 * @throws LeonoreError EMPTY_DEPLOYMENT, STRATEGY_INVALID, WINDOW_NEVER_OPENS: what its start would be refused with
 */
export async function previewOf(
  repositories: Pick<Repositories, 'campaignFacts' | 'members'>,
  { id, target, strategy }: Pick<Campaign, 'id' | 'target' | 'strategy'>,
): Promise<CampaignPreview> {
  const { campaignFacts, members } = repositories;
  const [nowMs, measuredMs, gateways, selects] = await Promise.all([
    campaignFacts.nowMs(),
    campaignFacts.deliveryMs(),
    members.list(target),
    matchedByPhases(repositories, strategy),
  ]);
  const deliveryMs = measuredMs ?? supposedDeliveryMs;
  const preview = previewCampaign({ strategy, campaignId: id, gateways, selects, nowMs, deliveryMs });
  return { ...preview, gateways: gateways.length, deliveryMs, isMeasured: measuredMs !== null };
}
