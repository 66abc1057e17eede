import type { ProvisioningRepository } from '../repositories/provisioning-repository.js';
import type { CoordinatorActivities } from '../workflows/activity-types.js';

/** Step (vii): what the gateways of a chunk have acknowledged, read from the database; past the deadline the silent are lost. */
export function reconcileAcknowledgements(
  provisioning: ProvisioningRepository,
): CoordinatorActivities['reconcileAcknowledgements'] {
  return async ({ rolloutId, chunk, final }) => {
    if (final) await provisioning.loseChunk(rolloutId, chunk);
    const { ended, remaining, unreachedNodes } = await provisioning.chunkStatus(rolloutId, chunk);
    return { ended: [...ended], remaining, unreachedNodes: [...unreachedNodes] };
  };
}
