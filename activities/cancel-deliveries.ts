import type { ProvisioningRepository } from '../repositories/provisioning-repository.js';
import type { RolloutRepository } from '../repositories/rollout-repository.js';
import type { CoordinatorActivities } from '../workflows/activity-types.js';

/**
 * Cancels what no gateway has begun to install. A rollout that was cancelled in Temporal alone is noted as such: the
 * wish is the database's, whoever had it first.
 */
export function cancelDeliveries(
  rollouts: RolloutRepository,
  provisioning: ProvisioningRepository,
): CoordinatorActivities['cancelDeliveries'] {
  return async ({ rolloutId, chunk }) => {
    if (chunk === null) await rollouts.noteCancel(rolloutId);
    return { cancelled: await provisioning.cancel(rolloutId, chunk) };
  };
}
