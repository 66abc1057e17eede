import type { OverlapRepository } from '../repositories/overlap-repository.js';
import type { ProvisioningRepository } from '../repositories/provisioning-repository.js';
import type { RolloutRepository } from '../repositories/rollout-repository.js';
import type { CoordinatorActivities } from '../workflows/activity-types.js';

/** Tells the campaign that a rollout belongs to that it has ended. */
export type WakeCampaign = (campaignId: string) => Promise<void>;

/**
 * Step (viii): all nodes have completed their part; the rollout ends with what came of it. While a delivery is open it
 * does not end: a row that nobody waits for would be open for ever.
 */
export function completeRollout(
  rollouts: RolloutRepository,
  provisioning: ProvisioningRepository,
  overlaps: OverlapRepository,
  wakeCampaign: WakeCampaign,
): CoordinatorActivities['completeRollout'] {
  return async ({ rolloutId, failure }) => {
    if (failure !== null) await provisioning.giveUp(rolloutId, null, failure);
    await rollouts.stepStarted(rolloutId, 'viii');
    // Whoever died between an end and what follows from it has left it to this.
    await overlaps.supersedeOlder(rolloutId, null);
    const { state, open, counts } = await rollouts.end(rolloutId, failure);
    if (open === 0) {
      await rollouts.acknowledgementsEnded(rolloutId);
      await rollouts.stepEnded(rolloutId, 'viii');
      const target = await rollouts.target(rolloutId);
      // A campaign that is not woken looks by itself.
      if ('campaign' in target) await wakeCampaign(target.campaign).catch(() => undefined);
    }
    return { state, open, counts };
  };
}
