import { LeonoreError } from '../domain/errors.js';
import type { DeploymentMembers } from '../repositories/deployment-members.js';
import { emptyTargetText } from '../domain/rollout/target.js';
import { totalOf } from '../domain/rollout/state.js';
import type { RolloutRepository } from '../repositories/rollout-repository.js';
import type { CoordinatorActivities } from '../workflows/activity-types.js';
import { withHeartbeat } from './heartbeat.js';

interface Dependencies {
  readonly rollouts: RolloutRepository;
  readonly members: DeploymentMembers;
}

/**
 * Step (ii): resolve the deployment, or what is named in its place, to the set of gateways, each of which gets a delivery. Once it has ended the set
 * stands: a rollout that is taken up again serves whom it was asked for.
 */
export function resolveDeployment(deps: Dependencies): CoordinatorActivities['resolveDeployment'] {
  const { rollouts, members } = deps;
  return ({ rolloutId }) =>
    withHeartbeat(async (signal) => {
      const target = await rollouts.target(rolloutId);
      const { cancel } = await rollouts.wishes(rolloutId);
      if (cancel || (await rollouts.hasEnded(rolloutId, 'ii')))
        return { gateways: totalOf(await rollouts.counts(rolloutId)), cancel };
      await rollouts.stepStarted(rolloutId, 'ii');
      await members.addDeliveries(rolloutId, target, signal);
      const gateways = totalOf(await rollouts.counts(rolloutId));
      if (gateways === 0) {
        throw new LeonoreError('EMPTY_DEPLOYMENT', emptyTargetText(target));
      }
      await rollouts.stepEnded(rolloutId, 'ii');
      return { gateways, cancel };
    });
}
