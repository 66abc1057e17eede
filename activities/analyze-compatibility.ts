import { parseRequest } from '../domain/plan/request.js';
import type { ArtifactRepository } from '../repositories/artifact-repository.js';
import type { ChunkRepository } from '../repositories/chunk-repository.js';
import type { GatewayRepository } from '../repositories/gateway-repository.js';
import { planGateways } from '../repositories/plan-gateways.js';
import type { ProvisioningRepository } from '../repositories/provisioning-repository.js';
import type { RolloutRepository } from '../repositories/rollout-repository.js';
import type { PlanActivities } from '../workflows/activity-types.js';
import { withHeartbeat } from './heartbeat.js';

/** Gateways read at once. */
const pageSize = 1_000;

interface Dependencies {
  readonly artifacts: ArtifactRepository;
  readonly gateways: GatewayRepository;
  readonly rollouts: RolloutRepository;
  readonly provisioning: ProvisioningRepository;
  readonly chunks: ChunkRepository;
}

/**
 * Step (iv): analyze if the requested artifact is compatible with every gateway, and group gateways that require the
 * same application package. What an attempt before this one left half done is done anew.
 */
export function analyzeCompatibility(deps: Dependencies): PlanActivities['analyzeCompatibility'] {
  const { artifacts, gateways, rollouts, provisioning, chunks } = deps;
  return ({ rolloutId, nodeId }) =>
    withHeartbeat(async () => {
      await rollouts.stepStarted(rolloutId, 'iv', nodeId);
      await provisioning.dropUnbuiltGroups(rolloutId, nodeId);
      // Groups that were built, and whose builder died before their deliveries got their places, are not planned again.
      await chunks.form(rolloutId, nodeId);
      const { requests } = await rollouts.get(rolloutId);
      const groups = await planGateways(artifacts, requests.map(parseRequest), undefined, () =>
        subjects(rolloutId, nodeId),
      );
      await provisioning.saveGroups(
        rolloutId,
        nodeId,
        groups.map(({ members, plans, explanation }) => ({ ordinals: members, plans, explanation })),
      );
      await rollouts.stepEnded(rolloutId, 'iv', nodeId);
      const incompatible = groups.filter((group) => group.plans.length === 0);
      return {
        gateways: groups.reduce((sum, group) => sum + group.members.length, 0),
        groups: groups.length - incompatible.length,
        incompatible: incompatible.reduce((sum, group) => sum + group.members.length, 0),
      };
    });

  async function* subjects(rolloutId: string, nodeId: string) {
    for await (const page of gateways.plannable(rolloutId, nodeId, pageSize)) {
      yield page.map(({ ordinal, profile }) => ({ member: ordinal, profile }));
    }
  }
}
