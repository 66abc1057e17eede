import type { Decision } from '../../domain/campaign/decide.js';
import type { MemberStanding } from '../../repositories/campaign-facts-repository.js';
import type { EndedSo } from '../../repositories/campaign-work-repository.js';
import { failureOf } from '../../services/campaign-facts.js';
import { windowsOfWork } from '../../services/campaign-windows.js';
import type { CampaignActivities } from '../../workflows/activity-types.js';
import { withHeartbeat } from '../heartbeat.js';
import { startRecorded, type CampaignDependencies } from './look-at-campaign.js';

/** Carries out what was decided about a campaign, and begins the rollouts that come of it. */
export function carryOutDecision(deps: CampaignDependencies): CampaignActivities['carryOutDecision'] {
  const { campaigns, campaignFacts, campaignWork } = deps.repositories;
  return ({ campaignId, decision }) =>
    withHeartbeat(async () => {
      const { action, status } = decision;
      const isRetry = action.do === 'start-retry' || action.do === 'retry-failed';
      const campaign = await campaigns.get(campaignId);
      const ends = isRetry ? endsToRetry(await campaignFacts.standings(campaign), action) : [];
      const windows =
        isRetry || action.do === 'start-slice' ? await windowsOfWork({ campaignFacts }, campaign) : null;
      const done = await campaignWork.carryOut(campaignId, decision, { ends, windows });
      await startRecorded(deps, campaignId);
      if (action.do === 'withdraw')
        for (const rolloutId of await campaignWork.withdrawn(campaignId))
          await deps.rolloutClient.cancel(rolloutId);
      return { done, state: status.state };
    });
}

/** Ends of members that a retry is for. */
function endsToRetry(
  standings: readonly MemberStanding[],
  action: Extract<Decision['action'], { do: 'start-retry' | 'retry-failed' }>,
): EndedSo[] {
  return standings.filter((standing) => {
    const failure = failureOf(standing);
    if (failure === null || action.do === 'retry-failed') return failure !== null;
    const { phase, attempts } = standing;
    return phase === action.phase && attempts === action.attempts && failure === action.errorClass;
  });
}
