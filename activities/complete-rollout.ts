import { rolloutOutcome } from '../domain/rollout/state.js';
import type { ProvisioningRepository } from '../repositories/provisioning-repository.js';
import type { RolloutRepository } from '../repositories/rollout-repository.js';
import type { CoordinatorActivities } from '../workflows/activity-types.js';

/** Step (viii): all nodes have completed their part; the rollout ends with what came of it. */
export function completeRollout(
  rollouts: RolloutRepository,
  provisioning: ProvisioningRepository,
): CoordinatorActivities['completeRollout'] {
  return async ({ rolloutId, cancelled, failure }) => {
    await rollouts.stepStarted(rolloutId, 'viii');
    if (failure !== null) await provisioning.failPending(rolloutId, failure);
    await rollouts.acknowledgementsEnded(rolloutId);
    const counts = await rollouts.counts(rolloutId);
    const state = rolloutOutcome(counts, cancelled);
    await rollouts.stepEnded(rolloutId, 'viii');
    await rollouts.end(rolloutId, state, failure);
    return { state, counts };
  };
}
