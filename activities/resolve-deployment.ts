import { LeonoreError } from '../domain/errors.js';
import type { DeploymentMembers } from '../repositories/deployment-members.js';
import type { DeploymentRepository } from '../repositories/deployment-repository.js';
import type { ProvisioningRepository } from '../repositories/provisioning-repository.js';
import type { RolloutRepository } from '../repositories/rollout-repository.js';
import type { CoordinatorActivities } from '../workflows/activity-types.js';
import { withHeartbeat } from './heartbeat.js';

interface Dependencies {
  readonly rollouts: RolloutRepository;
  readonly deployments: DeploymentRepository;
  readonly members: DeploymentMembers;
  readonly provisioning: ProvisioningRepository;
}

/** Step (ii): resolve the deployment to the set of gateways, each of which gets a delivery. */
export function resolveDeployment(deps: Dependencies): CoordinatorActivities['resolveDeployment'] {
  const { rollouts, deployments, members, provisioning } = deps;
  return ({ rolloutId }) =>
    withHeartbeat(async (signal) => {
      await rollouts.stepStarted(rolloutId, 'ii');
      const { deployment } = await rollouts.get(rolloutId);
      await members.addDeliveries(rolloutId, await deployments.get(deployment), signal);
      const gateways = await provisioning.deliveryCount(rolloutId);
      if (gateways === 0) {
        throw new LeonoreError('EMPTY_DEPLOYMENT', `the deployment "${deployment}" has no gateways now`);
      }
      await rollouts.stepEnded(rolloutId, 'ii');
      return { gateways };
    });
}
