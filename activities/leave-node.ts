import type { NodeRepository } from '../repositories/node-repository.js';
import type { ProvisioningRepository } from '../repositories/provisioning-repository.js';
import type { RolloutRepository } from '../repositories/rollout-repository.js';
import type { CoordinatorActivities } from '../workflows/activity-types.js';
import { moveFromLostNodes } from './move-from-lost-nodes.js';

/** Nodes that a rollout may take with it by what it has them compute: a third is not handed the same. */
const mostCasualties = 2;

interface Dependencies {
  readonly nodes: NodeRepository;
  readonly provisioning: ProvisioningRepository;
  readonly rollouts: RolloutRepository;
}

/** A node did not take its work. If it is gone, its gateways move and what it had not built is planned anew. */
export function leaveNode({
  nodes,
  provisioning,
  rollouts,
}: Dependencies): CoordinatorActivities['leaveNode'] {
  return async ({ rolloutId, nodeId, during }) => {
    await moveFromLostNodes(nodes);
    if (!(await nodes.isGone(nodeId))) return { left: false, quarantined: false };
    await provisioning.dropUnbuiltGroups(rolloutId, nodeId);
    if (during !== 'iv' && during !== 'v') return { left: true, quarantined: false };
    await rollouts.note(rolloutId, 'node-lost', { nodeId, step: during });
    const casualties = (await rollouts.events(rolloutId)).filter(({ kind }) => kind === 'node-lost');
    const quarantined = casualties.length >= mostCasualties;
    if (quarantined) {
      await rollouts.note(rolloutId, 'quarantined', {
        nodes: casualties.map(({ detail }) => detail['nodeId']),
      });
    }
    return { left: true, quarantined };
  };
}
