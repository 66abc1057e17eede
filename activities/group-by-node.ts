import { strategies } from '../domain/balancer/strategies.js';
import { openOf } from '../domain/rollout/state.js';
import type { NodeRepository } from '../repositories/node-repository.js';
import type { Placement } from '../repositories/placement.js';
import type { ProvisioningRepository } from '../repositories/provisioning-repository.js';
import type { RolloutRepository } from '../repositories/rollout-repository.js';
import type { CoordinatorActivities } from '../workflows/activity-types.js';
import { moveFromLostNodes } from './move-from-lost-nodes.js';

interface Dependencies {
  readonly rollouts: RolloutRepository;
  readonly nodes: NodeRepository;
  readonly placement: Placement;
  readonly provisioning: ProvisioningRepository;
}

/**
 * Step (iii): find the responsible nodes and group the gateways by them. Gateways of nodes that are gone move first, and
 * where the rollout says so its gateways are spread over all nodes.
 */
export function groupByNode({
  rollouts,
  nodes,
  placement,
  provisioning,
}: Dependencies): CoordinatorActivities['groupByNode'] {
  return async ({ rolloutId }) => {
    const open = openOf(await rollouts.counts(rolloutId));
    const { cancel } = await rollouts.wishes(rolloutId);
    // The rollout asks again at its end, to see that nobody was left: that is not what the step took.
    if (open === 0) return { shares: [], open, cancel };
    await rollouts.stepStarted(rolloutId, 'iii');
    await moveFromLostNodes(nodes);
    const { balancer } = (await rollouts.get(rolloutId)).options;
    if (balancer !== undefined && !(await rollouts.hasEnded(rolloutId, 'iii')))
      await placement.spread(rolloutId, strategies[balancer]);
    const shares = await provisioning.shares(rolloutId);
    if (shares.length > 0) await rollouts.stepEnded(rolloutId, 'iii');
    return { shares, open, cancel };
  };
}
