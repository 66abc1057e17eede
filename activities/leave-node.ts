import type { NodeRepository } from '../repositories/node-repository.js';
import type { ProvisioningRepository } from '../repositories/provisioning-repository.js';
import type { Step } from '../domain/rollout/steps.js';
import type { RolloutRepository } from '../repositories/rollout-repository.js';
import type { CoordinatorActivities } from '../workflows/activity-types.js';
import { moveFromLostNodes } from './move-from-lost-nodes.js';

interface Dependencies {
  readonly nodes: NodeRepository;
  readonly provisioning: ProvisioningRepository;
  readonly rollouts: RolloutRepository;
}

/**
 * A node did not take its work, or fell silent at it. If it is gone, its gateways move and what it had not built is planned
 * anew. One that died and was started again has the same work before it: that counts as much as one that is gone. What two
 * nodes had in hand when they died is handed to no third, and the rest of the rollout goes on.
 */
export function leaveNode(deps: Dependencies): CoordinatorActivities['leaveNode'] {
  const { nodes, provisioning, rollouts } = deps;
  return async ({ rolloutId, nodeId, during }) => {
    await moveFromLostNodes(nodes);
    const left = await nodes.isGone(nodeId);
    let failed = 0;
    if ((during === 'iv' || during === 'v') && (await hasDied(deps, rolloutId, nodeId, during, left))) {
      failed = await provisioning.quarantine(rolloutId, {
        code: 'TASK_QUARANTINED',
        message: 'two nodes died while they planned or built for this gateway: it is not handed to another',
      });
      if (failed > 0) await rollouts.note(rolloutId, 'quarantined', { nodeId, gateways: failed });
    }
    // Groups were made with those that are in quarantine now: one that came back must not build for them again.
    if (left || failed > 0) await provisioning.dropUnbuiltGroups(rolloutId, nodeId);
    return { left };
  };
}

/** True when the node died at its step; that is noted, once. */
async function hasDied(
  { nodes, rollouts }: Dependencies,
  rolloutId: string,
  nodeId: string,
  step: Step,
  isGone: boolean,
): Promise<boolean> {
  const { startedAt } = await nodes.get(nodeId);
  if (!isGone) {
    const begun = (await rollouts.steps(rolloutId)).find((own) => own.step === step && own.nodeId === nodeId);
    if (begun === undefined || startedAt <= begun.startedAt) return false;
  }
  // Which of its lives it was: the one that began then, or the one before that.
  const life = isGone ? 'since' : 'restart';
  const isNoted = (await rollouts.events(rolloutId)).some(
    ({ kind, detail }) =>
      kind === 'node-lost' && detail['nodeId'] === nodeId && detail[life] === startedAt.toISOString(),
  );
  if (!isNoted) await rollouts.noteLost(rolloutId, nodeId, { step, [life]: startedAt.toISOString() });
  return true;
}
