import type { ChunkRepository } from '../repositories/chunk-repository.js';
import type { RolloutRepository } from '../repositories/rollout-repository.js';
import type { CoordinatorActivities } from '../workflows/activity-types.js';

/** Step (vii): what the gateways of a chunk have acknowledged, read from the database; past the deadline the silent are lost. */
export function reconcileAcknowledgements(
  chunks: ChunkRepository,
  rollouts: RolloutRepository,
): CoordinatorActivities['reconcileAcknowledgements'] {
  return async ({ rolloutId, chunk, final }) => {
    const { cancel } = await rollouts.wishes(rolloutId);
    if (final) await chunks.lose(rolloutId, chunk);
    const { ended, unreachedNodes, refusedNodes, ...status } = await chunks.status(rolloutId, chunk);
    return {
      ...status,
      ended: [...ended],
      unreachedNodes: [...unreachedNodes],
      refusedNodes: [...refusedNodes],
      cancel,
    };
  };
}
