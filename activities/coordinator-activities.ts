import type { Repositories } from '../repositories/repositories.js';
import type { CoordinatorActivities, PoolActivities } from '../workflows/activity-types.js';
import { cancelDeliveries } from './cancel-deliveries.js';
import { checkArtifactAvailable } from './check-artifact-available.js';
import { completeRollout, type WakeCampaign } from './complete-rollout.js';
import { groupByNode } from './group-by-node.js';
import { withHeartbeat } from './heartbeat.js';
import { leaveNode } from './leave-node.js';
import { poolActivities, type PoolActivityDependencies } from './pool-activities.js';
import { reconcileAcknowledgements } from './reconcile-acknowledgements.js';
import { resolveDeployment } from './resolve-deployment.js';

/** The activities of the coordinator: steps i, ii, iii, viii, what repairs the others from the database, and the node pool. */
export function coordinatorActivities(
  repositories: Repositories,
  {
    launcher,
    releaseShare,
    wakeCampaign,
  }: Pick<PoolActivityDependencies, 'launcher' | 'releaseShare'> & { wakeCampaign: WakeCampaign },
): CoordinatorActivities & PoolActivities {
  const { artifacts, chunks, overlaps, provisioning, rollouts } = repositories;
  return {
    checkArtifactAvailable: heartbeating(checkArtifactAvailable(artifacts, rollouts)),
    resolveDeployment: resolveDeployment(repositories),
    groupByNode: heartbeating(groupByNode(repositories)),
    leaveNode: heartbeating(leaveNode(repositories)),
    nodesOfChunk: heartbeating(async ({ rolloutId, chunk }) => ({
      nodeIds: await chunks.nodesOf(rolloutId, chunk),
    })),
    reconcileAcknowledgements: heartbeating(reconcileAcknowledgements(chunks, rollouts)),
    cancelDeliveries: heartbeating(cancelDeliveries(rollouts, provisioning)),
    noteWaiting: heartbeating(({ rolloutId, waitingFor }) => rollouts.waitsFor(rolloutId, waitingFor)),
    noteMended: heartbeating(({ rolloutId, what }) => rollouts.note(rolloutId, 'mended', { what })),
    giveUpUnserved: heartbeating(async ({ rolloutId, nodeIds, failure }) => ({
      failed: await provisioning.giveUp(rolloutId, nodeIds, failure),
    })),
    ...poolActivities({ ...repositories, launcher, releaseShare }),
    completeRollout: heartbeating(completeRollout(rollouts, provisioning, overlaps, wakeCampaign)),
  };
}

/** A statement that takes long is not taken for a coordinator that died. */
function heartbeating<Input, Output>(
  activity: (input: Input) => Promise<Output>,
): (input: Input) => Promise<Output> {
  return (input) => withHeartbeat(() => activity(input));
}
