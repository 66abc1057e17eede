import type { NodeRepository } from '../repositories/node-repository.js';
import type { ProvisioningRepository } from '../repositories/provisioning-repository.js';
import type { Step } from '../domain/rollout/steps.js';
import type { RolloutEvent, RolloutRepository } from '../repositories/rollout-repository.js';
import type { CoordinatorActivities } from '../workflows/activity-types.js';
import { moveFromLostNodes } from './move-from-lost-nodes.js';

/** Nodes that a rollout may take with it by what it has them compute: a third is not handed the same. */
const mostCasualties = 2;

interface Dependencies {
  readonly nodes: NodeRepository;
  readonly provisioning: ProvisioningRepository;
  readonly rollouts: RolloutRepository;
}

/**
 * A node did not take its work, or fell silent at it. If it is gone, its gateways move and what it had not built is planned
 * anew. One that died and was started again has the same work before it: that counts as much as one that is gone.
 */
export function leaveNode(deps: Dependencies): CoordinatorActivities['leaveNode'] {
  const { nodes, provisioning } = deps;
  return async ({ rolloutId, nodeId, during }) => {
    await moveFromLostNodes(nodes);
    const left = await nodes.isGone(nodeId);
    if (left) await provisioning.dropUnbuiltGroups(rolloutId, nodeId);
    if (during !== 'iv' && during !== 'v') return { left, quarantined: false };
    return { left, quarantined: await hasTakenTooMany(deps, rolloutId, nodeId, during, left) };
  };
}

/** Notes that a node died at a step, if it did; true when it was one too many. */
async function hasTakenTooMany(
  { nodes, rollouts }: Dependencies,
  rolloutId: string,
  nodeId: string,
  step: Step,
  isGone: boolean,
): Promise<boolean> {
  const before = await casualties(rollouts, rolloutId);
  const { startedAt } = await nodes.get(nodeId);
  const restart = startedAt.toISOString();
  if (!isGone) {
    const begun = (await rollouts.steps(rolloutId)).find((own) => own.step === step && own.nodeId === nodeId);
    const diedAtIt = begun !== undefined && startedAt > begun.startedAt;
    const isKnown = before.some(({ detail }) => detail['nodeId'] === nodeId && detail['restart'] === restart);
    if (!diedAtIt || isKnown) return false;
  }
  await rollouts.note(rolloutId, 'node-lost', { nodeId, step, ...(isGone ? {} : { restart }) });
  const taken = await casualties(rollouts, rolloutId);
  if (taken.length < mostCasualties) return false;
  await rollouts.note(rolloutId, 'quarantined', { nodes: taken.map(({ detail }) => detail['nodeId']) });
  return true;
}

async function casualties(rollouts: RolloutRepository, rolloutId: string): Promise<RolloutEvent[]> {
  return (await rollouts.events(rolloutId)).filter(({ kind }) => kind === 'node-lost');
}
