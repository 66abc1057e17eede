import type { Static } from 'typebox';
import { rolloutFailureText } from '../domain/delivery/failure-text.js';
import { awaitedBy } from '../domain/error-kinds.js';
import { workflowIds } from '../domain/orchestration.js';
import { isRolloutEnded } from '../domain/rollout/state.js';
import { stepNames } from '../domain/rollout/steps.js';
import type { Rollout, RolloutRepository, RolloutStep } from '../repositories/rollout-repository.js';
import type { RolloutClient } from '../workflows/client/rollout-client.js';
import type {
  RolloutProgressSchema,
  RolloutSchema,
  RolloutSummarySchema,
  StepSchema,
} from './schemas/resources.js';
import { TemporalReach } from './temporal-reach.js';

/** Groups shown with a rollout. */
const shownGroups = 200;

/** Rollouts as the API shows them. */
export class RolloutViews {
  private readonly temporal: TemporalReach;

  /** @param workflowAddress where people see a workflow; null: nobody knows */
  constructor(
    rolloutClient: Pick<RolloutClient, 'isReachable'>,
    private readonly workflowAddress: (workflowId: string) => string | null,
  ) {
    this.temporal = new TemporalReach(() => rolloutClient.isReachable());
  }

  summary(rollout: Rollout): Static<typeof RolloutSummarySchema> {
    const { id, requests, deployment, state, options, createdBy, createdAt, endedAt, failure } = rollout;
    const { campaignId } = rollout;
    return {
      id,
      requests: [...requests],
      deployment,
      state,
      deadlineSeconds: options.deadlineSeconds,
      allowRemove: options.allowRemove ?? false,
      allowDowngrade: options.allowDowngrade ?? false,
      createdBy,
      campaign: campaignId,
      createdAt: createdAt.toISOString(),
      endedAt: endedAt?.toISOString() ?? null,
      failure,
      waitingFor: this.waitingFor(rollout),
    };
  }

  /** How a rollout stands, without its plans: small enough to be read again and again. */
  async progress(rollouts: RolloutRepository, id: string): Promise<Static<typeof RolloutProgressSchema>> {
    const [rollout, counts, steps] = await Promise.all([
      rollouts.get(id),
      rollouts.counts(id),
      rollouts.steps(id),
    ]);
    const { state, failure } = rollout;
    return {
      id,
      state,
      counts: { ...counts },
      steps: steps.map(stepView),
      failure,
      waitingFor: this.waitingFor(rollout),
    };
  }

  /** A rollout with all that people ask of it. @throws LeonoreError ROLLOUT_NOT_FOUND */
  async whole(rollouts: RolloutRepository, id: string): Promise<Static<typeof RolloutSchema>> {
    const rollout = await rollouts.get(id);
    const [counts, channels, steps, groups, events] = await Promise.all([
      rollouts.counts(id),
      rollouts.channels(id),
      rollouts.steps(id),
      rollouts.groups(id, shownGroups),
      rollouts.events(id),
    ]);
    return {
      ...this.summary(rollout),
      failureText: rolloutFailureText(rollout.failure),
      counts: { ...counts },
      channels: channels.map((channel) => ({ ...channel, counts: { ...channel.counts } })),
      steps: steps.map(stepView),
      groups: groups.map((group) => ({ ...group, plans: [...group.plans], attempts: [...group.attempts] })),
      events: events.map(({ kind, detail, at }) => ({ kind, detail, at: at.toISOString() })),
      temporalUi: this.workflowAddress(workflowIds.rollout(id)),
    };
  }

  /** What its workflow noted; a workflow that cannot run notes nothing. */
  private waitingFor({ state, waitingFor }: Rollout): string | null {
    if (isRolloutEnded(state)) return null;
    return this.temporal.isAway ? awaitedBy('TEMPORAL_UNAVAILABLE') : waitingFor;
  }
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
