import type { Planner } from '../compute/planner.js';
import { LeonoreError } from '../domain/errors.js';
import type { GatewayGroup } from '../domain/grouping/gateway-grouping.js';
import { limits } from '../domain/limits.js';
import { parseRequest } from '../domain/plan/request.js';
import type { OverlapRepository } from '../repositories/overlap-repository.js';
import type { GatewayRepository } from '../repositories/gateway-repository.js';
import type { AnewGroup, ReplanningRepository } from '../repositories/replanning-repository.js';
import type { BuildActivities } from '../workflows/activity-types.js';
import { buildPlans, type BuildDependencies } from './build-packages.js';
import type { Plan } from '../domain/plan/plan.js';
import { withHeartbeat } from './heartbeat.js';
import { planningSubjects } from './planning-subjects.js';

interface Dependencies extends BuildDependencies {
  readonly planner: Planner;
  readonly gateways: GatewayRepository;
  readonly replanning: ReplanningRepository;
  readonly overlaps: OverlapRepository;
}

/**
 * Steps (iv) and (v) again, for gateways that were in another state than they were planned for: what they reported with
 * their refusal is what they are planned for now. Who may be served is offered the new package in the same chunk.
 */
export function planAnew(deps: Dependencies): BuildActivities['planAnew'] {
  const { planner, gateways, rollouts, replanning, overlaps } = deps;
  return ({ rolloutId, nodeId, chunk }) =>
    withHeartbeat(async (signal) => {
      // What newer work has brought meanwhile is not taken back.
      await overlaps.yieldToNewer(rolloutId, chunk);
      const { requests, options } = await rollouts.get(rolloutId);
      const { allowRemove = false, allowDowngrade = false } = options;
      const subjects = planningSubjects(gateways, { rolloutId, nodeId, pageSize: limits.chunkSize, chunk });
      const plan = () =>
        planner.plan({
          requests: requests.map(parseRequest),
          allowRemove,
          allowDowngrade,
          readPages: subjects.readPages,
          signal,
        });
      const groups = await plan().catch((error: unknown) => undecidedFor(error, subjects.ordinals));
      const consented = await replanning.consented(rolloutId, [...subjects.ordinals]);
      const progress = { planned: 0, remaining: 0 };
      for (const group of groups) {
        const agreed = allowRemove ? group : agreedOnly(group, consented);
        const members = group.members.map((ordinal) => ({
          ordinal,
          startState: subjects.startStateOf(ordinal),
        }));
        const anew = { rolloutId, nodeId, plans: agreed.plans, attempts: [], members };
        const isDone = await serve(agreed, anew, signal);
        progress[isDone ? 'planned' : 'remaining'] += members.length;
      }
      return progress;
    });

  /** @returns false when somebody else is building what the group needs */
  async function serve(
    { plans, explanation, undecided }: GatewayGroup<number>,
    anew: AnewGroup,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (undecided) {
      await replanning.failed(anew, { code: 'PLANNING_TOO_HARD', message: explanation ?? '' });
      return true;
    }
    if (plans.length === 0) {
      await replanning.incompatible(anew, explanation);
      return true;
    }
    const turn = { endsAtMs: Infinity, signal };
    const built = await buildPlans({ plans, attempts: [] }, deps, turn, async () => undefined);
    switch (built.outcome) {
      case 'waiting':
      case 'undecided':
        return false;
      case 'satisfied':
        await replanning.satisfied(anew, built.planIndex);
        return true;
      case 'failed':
        await replanning.failed({ ...anew, attempts: built.attempts }, built.failure);
        return true;
      case 'built':
        await replanning.offer({ ...anew, attempts: built.attempts }, built);
        return true;
    }
  }
}

/**
 * Another try of what is too hard would fare no better: nobody knows whether there is a plan.
 * @throws the error when it is of another kind
 */
function undecidedFor(error: unknown, ordinals: ReadonlySet<number>): GatewayGroup<number>[] {
  if (!(error instanceof LeonoreError) || error.code !== 'COMPUTATION_TOO_HARD') throw error;
  return [{ members: [...ordinals], plans: [], explanation: error.message, undecided: true }];
}

/**
 * Nobody has seen these plans: none may take away what an operator asked for, but where the refused one did so, too.
 */
function agreedOnly(
  group: GatewayGroup<number>,
  consented: ReadonlyMap<number, readonly string[]>,
): GatewayGroup<number> {
  const isAgreed = ({ consent = [] }: Plan): boolean =>
    group.members.every((ordinal) => consent.every((key) => consented.get(ordinal)?.includes(key) === true));
  const plans = group.plans.filter(isAgreed);
  const [best] = group.plans;
  if (best === undefined || plans.length > 0) return { ...group, plans };
  return {
    ...group,
    plans,
    explanation: [
      `The gateway was in another state than planned for, and every plan for the state that it is in takes away ${(best.consent ?? []).join(' and ')}, which was asked for`,
      'Nearest help: look at the plan (leonore plan), and roll out again if that is what is wanted',
    ].join('\n'),
  };
}
