import type { Planner } from '../compute/planner.js';
import type { GatewayGroup } from '../domain/grouping/gateway-grouping.js';
import { parseRequest } from '../domain/plan/request.js';
import type { ChunkRepository } from '../repositories/chunk-repository.js';
import type { GatewayRepository } from '../repositories/gateway-repository.js';
import type { PlannedGroup, ProvisioningRepository } from '../repositories/provisioning-repository.js';
import type { RolloutRepository } from '../repositories/rollout-repository.js';
import type { PlanActivities } from '../workflows/activity-types.js';
import { withHeartbeat } from './heartbeat.js';
import { planningSubjects, type PlanningSubjects } from './planning-subjects.js';

/** Gateways read at once. */
const pageSize = 1_000;

interface Dependencies {
  readonly planner: Planner;
  readonly gateways: GatewayRepository;
  readonly rollouts: RolloutRepository;
  readonly provisioning: ProvisioningRepository;
  readonly chunks: ChunkRepository;
}

/**
 * Step (iv): analyze if the requested artifact is compatible with every gateway, and group gateways that require the
 * same application package. Gateways whose plan is too hard to find fail; the others of the rollout go on. What an attempt before this one left half done is done anew.
 */
export function analyzeCompatibility(deps: Dependencies): PlanActivities['analyzeCompatibility'] {
  const { planner, gateways, rollouts, provisioning, chunks } = deps;
  return ({ rolloutId, nodeId }) =>
    withHeartbeat(async (signal) => {
      await rollouts.stepStarted(rolloutId, 'iv', nodeId);
      await provisioning.dropUnbuiltGroups(rolloutId, nodeId);
      // Groups that were built, and whose builder died before their deliveries got their places, are not planned again.
      await chunks.form(rolloutId, nodeId);
      await rollouts.taken(rolloutId, nodeId);
      const { requests, options } = await rollouts.get(rolloutId);
      const subjects = planningSubjects(gateways, { rolloutId, nodeId, pageSize });
      const groups = await planner.plan({
        requests: requests.map(parseRequest),
        allowRemove: options.allowRemove ?? false,
        allowDowngrade: options.allowDowngrade ?? false,
        readPages: subjects.readPages,
        signal,
      });
      await provisioning.saveGroups(
        rolloutId,
        nodeId,
        groups.map((group) => toPlanned(group, subjects)),
      );
      await rollouts.stepEnded(rolloutId, 'iv', nodeId);
      const planned = groups.filter((group) => group.plans.length > 0);
      const incompatible = groups.filter((group) => group.plans.length === 0 && !group.undecided);
      return {
        gateways: groups.reduce((sum, group) => sum + group.members.length, 0),
        groups: planned.length,
        incompatible: incompatible.reduce((sum, group) => sum + group.members.length, 0),
      };
    });
}

function toPlanned(
  { members, plans, explanation, undecided }: GatewayGroup<number>,
  { startStateOf }: PlanningSubjects,
): PlannedGroup {
  const failure = undecided ? ({ code: 'PLANNING_TOO_HARD', message: explanation ?? '' } as const) : null;
  return { ordinals: members, startStates: members.map(startStateOf), plans, explanation, failure };
}
