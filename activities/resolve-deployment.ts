import { LeonoreError } from '../domain/errors.js';
import type { DeploymentMembers } from '../repositories/deployment-members.js';
import type { DeploymentRepository } from '../repositories/deployment-repository.js';
import { totalOf } from '../domain/rollout/state.js';
import type { RolloutRepository } from '../repositories/rollout-repository.js';
import type { CoordinatorActivities } from '../workflows/activity-types.js';
import { withHeartbeat } from './heartbeat.js';

interface Dependencies {
  readonly rollouts: RolloutRepository;
  readonly deployments: DeploymentRepository;
  readonly members: DeploymentMembers;
}

/**
 * Step (ii): resolve the deployment to the set of gateways, each of which gets a delivery. Once it has ended the set
 * stands: a rollout that is taken up again serves whom it was asked for.
 */
export function resolveDeployment(deps: Dependencies): CoordinatorActivities['resolveDeployment'] {
  const { rollouts, deployments, members } = deps;
  return ({ rolloutId }) =>
    withHeartbeat(async (signal) => {
      const { deployment } = await rollouts.get(rolloutId);
      const { cancel } = await rollouts.wishes(rolloutId);
      if (cancel || (await rollouts.hasEnded(rolloutId, 'ii')))
        return { gateways: totalOf(await rollouts.counts(rolloutId)), cancel };
      await rollouts.stepStarted(rolloutId, 'ii');
      await members.addDeliveries(rolloutId, await deployments.get(deployment), signal);
      const gateways = totalOf(await rollouts.counts(rolloutId));
      if (gateways === 0) {
        throw new LeonoreError('EMPTY_DEPLOYMENT', `the deployment "${deployment}" has no gateways now`);
      }
      await rollouts.stepEnded(rolloutId, 'ii');
      return { gateways, cancel };
    });
}
