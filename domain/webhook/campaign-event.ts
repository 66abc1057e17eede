import { isCampaignEnded, type CampaignState } from '../campaign/state.js';
import type { ToldEventType } from './event-types.js';

/**
 * What webhooks are told when a campaign gets into another state; null: nothing that anybody waits for.
 * @param byPerson whether somebody asked for it
 */
export function campaignEventType(
  before: CampaignState,
  now: CampaignState,
  byPerson: boolean,
): Extract<ToldEventType, `campaign.${string}`> | null {
  if (before === now) return null;
  if (isCampaignEnded(now)) return 'campaign.ended';
  switch (now) {
    case 'awaiting-approval':
      return 'campaign.awaiting-approval';
    case 'paused':
      return byPerson ? 'campaign.paused' : 'campaign.halted';
    case 'stopping':
    case 'aborting':
      return 'campaign.halted';
    case 'rolling-back':
      return 'campaign.rolling-back';
    case 'waiting':
    case 'running':
    case 'baking':
      return null;
  }
}
