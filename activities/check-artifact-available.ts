import type { ArtifactRepository } from '../repositories/artifact-repository.js';
import { selectRequested } from '../services/select-requested.js';
import type { RolloutRepository } from '../repositories/rollout-repository.js';
import type { CoordinatorActivities } from '../workflows/activity-types.js';

/**
 * Step (i): check if the requested artifact is available. A rollout that is past this step goes on with what it found
 * then: what it plans is checked again when it is planned.
 */
export function checkArtifactAvailable(
  artifacts: ArtifactRepository,
  rollouts: RolloutRepository,
): CoordinatorActivities['checkArtifactAvailable'] {
  return async ({ rolloutId }) => {
    const { requests } = await rollouts.get(rolloutId);
    await rollouts.running(rolloutId);
    const { cancel } = await rollouts.wishes(rolloutId);
    if (cancel || (await rollouts.hasEnded(rolloutId, 'i'))) return { artifacts: requests.join(' '), cancel };
    await rollouts.stepStarted(rolloutId, 'i');
    const selected = await selectRequested(artifacts, requests);
    await rollouts.stepEnded(rolloutId, 'i');
    return { artifacts: selected.join(' '), cancel };
  };
}
