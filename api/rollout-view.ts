import type { Static } from 'typebox';
import { stepNames } from '../domain/rollout/steps.js';
import type { Rollout, RolloutRepository } from '../repositories/rollout-repository.js';
import type { RolloutSchema, RolloutSummarySchema } from './schemas/resources.js';

/** Groups shown with a rollout. */
const shownGroups = 200;

export function summaryOf(rollout: Rollout): Static<typeof RolloutSummarySchema> {
  const { id, requests, deployment, state, options, createdAt, endedAt, failure } = rollout;
  return {
    id,
    requests: [...requests],
    deployment,
    state,
    deadlineSeconds: options.deadlineSeconds,
    createdAt: createdAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    failure,
  };
}

/** A rollout with all that people ask of it. @throws LeonoreError ROLLOUT_NOT_FOUND */
export async function describeRollout(
  rollouts: RolloutRepository,
  id: string,
): Promise<Static<typeof RolloutSchema>> {
  const rollout = await rollouts.get(id);
  const [counts, steps, groups] = await Promise.all([
    rollouts.counts(id),
    rollouts.steps(id),
    rollouts.groups(id, shownGroups),
  ]);
  return {
    ...summaryOf(rollout),
    counts: { ...counts },
    steps: steps.map(({ step, nodeId, startedAt, endedAt }) => ({
      step,
      name: stepNames[step],
      nodeId,
      startedAt: startedAt.toISOString(),
      endedAt: endedAt?.toISOString() ?? null,
    })),
    groups: groups.map((group) => ({ ...group, plans: [...group.plans], attempts: [...group.attempts] })),
  };
}
