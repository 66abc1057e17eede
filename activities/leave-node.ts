import type { NodeRepository } from '../repositories/node-repository.js';
import type { ProvisioningRepository } from '../repositories/provisioning-repository.js';
import type { CoordinatorActivities } from '../workflows/activity-types.js';
import { moveFromLostNodes } from './move-from-lost-nodes.js';

/** A node did not take its work. If it is gone, its gateways move and what it had not built is planned anew. */
export function leaveNode(
  nodes: NodeRepository,
  provisioning: ProvisioningRepository,
): CoordinatorActivities['leaveNode'] {
  return async ({ rolloutId, nodeId }) => {
    await moveFromLostNodes(nodes);
    if (!(await nodes.isGone(nodeId))) return { left: false };
    await provisioning.dropUnbuiltGroups(rolloutId, nodeId);
    return { left: true };
  };
}
