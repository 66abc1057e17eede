import type { Static } from 'typebox';
import { stepNames } from '../domain/rollout/steps.js';
import type { Rollout, RolloutRepository, RolloutStep } from '../repositories/rollout-repository.js';
import type { RolloutSchema, RolloutSummarySchema, StepSchema } from './schemas/resources.js';

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

/** How a rollout stands, without its plans: small enough to be read again and again. */
export async function progressOf(
  rollouts: RolloutRepository,
  id: string,
): Promise<Pick<Static<typeof RolloutSchema>, 'id' | 'state' | 'counts' | 'steps' | 'failure'>> {
  const [{ state, failure }, counts, steps] = await Promise.all([
    rollouts.get(id),
    rollouts.counts(id),
    rollouts.steps(id),
  ]);
  return { id, state, counts: { ...counts }, steps: steps.map(stepView), failure };
}

function stepView({ step, nodeId, startedAt, endedAt }: RolloutStep): Static<typeof StepSchema> {
  return {
    step,
    name: stepNames[step],
    nodeId,
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
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
    steps: steps.map(stepView),
    groups: groups.map((group) => ({ ...group, plans: [...group.plans], attempts: [...group.attempts] })),
  };
}
