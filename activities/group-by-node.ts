import type { NodeRepository } from '../repositories/node-repository.js';
import type { ProvisioningRepository } from '../repositories/provisioning-repository.js';
import type { RolloutRepository } from '../repositories/rollout-repository.js';
import type { CoordinatorActivities } from '../workflows/activity-types.js';
import { moveFromLostNodes } from './move-from-lost-nodes.js';

interface Dependencies {
  readonly rollouts: RolloutRepository;
  readonly nodes: NodeRepository;
  readonly provisioning: ProvisioningRepository;
}

/** Step (iii): find the responsible nodes and group the gateways by them. Gateways of nodes that are gone move first. */
export function groupByNode({
  rollouts,
  nodes,
  provisioning,
}: Dependencies): CoordinatorActivities['groupByNode'] {
  return async ({ rolloutId }) => {
    await rollouts.stepStarted(rolloutId, 'iii');
    await moveFromLostNodes(nodes);
    const shares = await provisioning.shares(rolloutId);
    // The rollout asks again at its end, to see that nobody was left: that is not what the step took.
    if (shares.length > 0) await rollouts.stepEnded(rolloutId, 'iii');
    return { shares };
  };
}
