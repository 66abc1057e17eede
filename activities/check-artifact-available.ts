import type { ArtifactRepository } from '../repositories/artifact-repository.js';
import { selectRequested } from '../repositories/requested-artifacts.js';
import type { RolloutRepository } from '../repositories/rollout-repository.js';
import type { CoordinatorActivities } from '../workflows/activity-types.js';

/** Step (i): check if the requested artifact is available. */
export function checkArtifactAvailable(
  artifacts: ArtifactRepository,
  rollouts: RolloutRepository,
): CoordinatorActivities['checkArtifactAvailable'] {
  return async ({ rolloutId }) => {
    await rollouts.running(rolloutId);
    await rollouts.stepStarted(rolloutId, 'i');
    const { requests } = await rollouts.get(rolloutId);
    const selected = await selectRequested(artifacts, requests);
    await rollouts.stepEnded(rolloutId, 'i');
    return { artifacts: selected.join(' ') };
  };
}
