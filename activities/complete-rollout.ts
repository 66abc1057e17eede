import type { ProvisioningRepository } from '../repositories/provisioning-repository.js';
import type { RolloutRepository } from '../repositories/rollout-repository.js';
import type { CoordinatorActivities } from '../workflows/activity-types.js';

/**
 * Step (viii): all nodes have completed their part; the rollout ends with what came of it. While a delivery is open it
 * does not end: a row that nobody waits for would be open for ever.
 */
export function completeRollout(
  rollouts: RolloutRepository,
  provisioning: ProvisioningRepository,
): CoordinatorActivities['completeRollout'] {
  return async ({ rolloutId, failure }) => {
    if (failure !== null) await provisioning.giveUp(rolloutId, null, failure);
    await rollouts.stepStarted(rolloutId, 'viii');
    const { state, open, counts } = await rollouts.end(rolloutId, failure);
    if (open === 0) {
      await rollouts.acknowledgementsEnded(rolloutId);
      await rollouts.stepEnded(rolloutId, 'viii');
    }
    return { state, open, counts };
  };
}
