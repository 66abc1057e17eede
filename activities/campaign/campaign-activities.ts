import type { CampaignActivities } from '../../workflows/activity-types.js';
import { carryOutDecision } from './carry-out-decision.js';
import { lookAtCampaign, type CampaignDependencies } from './look-at-campaign.js';

/** The activities of campaigns, which the coordinator has. */
export function campaignActivities(deps: CampaignDependencies): CampaignActivities {
  return { lookAtCampaign: lookAtCampaign(deps), carryOutDecision: carryOutDecision(deps) };
}
