import type { Repositories } from '../repositories/repositories.js';
import type { CoordinatorActivities, PoolActivities } from '../workflows/activity-types.js';
import { checkArtifactAvailable } from './check-artifact-available.js';
import { completeRollout } from './complete-rollout.js';
import { groupByNode } from './group-by-node.js';
import { leaveNode } from './leave-node.js';
import { poolActivities, type PoolActivityDependencies } from './pool-activities.js';
import { reconcileAcknowledgements } from './reconcile-acknowledgements.js';
import { resolveDeployment } from './resolve-deployment.js';

/** The activities of the coordinator: steps i, ii, iii, viii, what repairs the others from the database, and the node pool. */
export function coordinatorActivities(
  repositories: Repositories,
  { launcher, releaseShare }: Pick<PoolActivityDependencies, 'launcher' | 'releaseShare'>,
): CoordinatorActivities & PoolActivities {
  const { artifacts, nodes, provisioning, rollouts } = repositories;
  return {
    checkArtifactAvailable: checkArtifactAvailable(artifacts, rollouts),
    resolveDeployment: resolveDeployment(repositories),
    groupByNode: groupByNode(repositories),
    leaveNode: leaveNode(nodes, provisioning),
    nodesOfChunk: async ({ rolloutId, chunk }) => ({
      nodeIds: await provisioning.nodesOfChunk(rolloutId, chunk),
    }),
    reconcileAcknowledgements: reconcileAcknowledgements(provisioning),
    cancelDeliveries: async ({ rolloutId }) => ({ cancelled: await provisioning.cancel(rolloutId) }),
    ...poolActivities({ ...repositories, launcher, releaseShare }),
    completeRollout: completeRollout(rollouts, provisioning),
  };
}
