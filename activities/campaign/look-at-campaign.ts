import { rolloutInput } from '../../domain/orchestration.js';
import type { Repositories } from '../../repositories/repositories.js';
import { chooseMembers } from '../../services/choose-members.js';
import { readCampaignFacts } from '../../services/campaign-facts.js';
import { goOnWayBack } from '../../services/way-back.js';
import type { CampaignActivities } from '../../workflows/activity-types.js';
import type { RolloutClient } from '../../workflows/client/rollout-client.js';
import { withHeartbeat } from '../heartbeat.js';

export interface CampaignDependencies {
  readonly repositories: Repositories;
  readonly rolloutClient: Pick<RolloutClient, 'start' | 'cancel'>;
}

/**
 * How a campaign stands. What its last decision left half done is done first: members are chosen, rollouts that were recorded
 * are begun, gateways on their way back take their next step.
 */
export function lookAtCampaign(deps: CampaignDependencies): CampaignActivities['lookAtCampaign'] {
  const { repositories } = deps;
  const { campaigns } = repositories;
  return ({ campaignId }) =>
    withHeartbeat(async () => {
      const campaign = await campaigns.get(campaignId);
      if (campaign.endedAt === null) {
        if (!campaign.membersChosen) await chooseMembers(repositories, campaign);
        await goOnWayBack(repositories, campaign);
        await startRecorded(deps, campaignId);
      }
      const { strategy, status } = campaign;
      return { strategy, status, facts: await readCampaignFacts(repositories, campaign, { ask: true }) };
    });
}

/** Begins the workflows of the rollouts that a campaign recorded. */
export async function startRecorded(
  { repositories, rolloutClient }: CampaignDependencies,
  campaignId: string,
): Promise<void> {
  const { campaignWork, rollouts } = repositories;
  for (const rolloutId of await campaignWork.unstarted(campaignId)) {
    const rollout = await rollouts.get(rolloutId);
    await rolloutClient.start(rolloutInput(rollout, rollout.requests));
    await rollouts.workflowStarted(rolloutId);
  }
}
