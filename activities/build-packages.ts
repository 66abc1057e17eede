import type { Plan } from '../domain/plan/plan.js';
import { LeonoreError } from '../domain/errors.js';
import type { BuildableGroup, ProvisioningRepository } from '../repositories/provisioning-repository.js';
import type { BuildAttempt, RolloutRepository } from '../repositories/rollout-repository.js';
import type { NodeActivities } from '../workflows/activity-types.js';
import { withHeartbeat } from './heartbeat.js';
import { buildPackage, type PackageBuilderDependencies } from './package-builder/build-package.js';

/** After this long, what is built so far is handed over for delivery; the rest follows in the next call. */
const turnMs = 10_000;
/** Tail of a build's output that is kept with the group. */
const attemptLogCharacters = 8_000;

interface Dependencies extends PackageBuilderDependencies {
  readonly rollouts: RolloutRepository;
  readonly provisioning: ProvisioningRepository;
}

/** Step (v): for each group of gateways create its package; when a build fails, the next plan is tried. */
export function buildPackages(deps: Dependencies): NodeActivities['buildPackages'] {
  const { rollouts, provisioning } = deps;
  return ({ rolloutId, nodeId }) => {
    const progress = { built: 0, failed: 0, remaining: 0 };
    return withHeartbeat(
      async (signal) => {
        await rollouts.stepStarted(rolloutId, 'v', nodeId);
        const groups = await provisioning.buildableGroups(rolloutId, nodeId);
        progress.remaining = groups.length;
        const endOfTurnMs = Date.now() + turnMs;
        for (const group of groups) {
          if (Date.now() > endOfTurnMs && progress.built > 0) break;
          signal.throwIfAborted();
          if (await buildGroup(group, deps, signal)) progress.built += 1;
          else progress.failed += 1;
          progress.remaining -= 1;
        }
        const chunks = await provisioning.formChunks(rolloutId, nodeId);
        if (progress.remaining === 0) await rollouts.stepEnded(rolloutId, 'v', nodeId);
        return { ...progress, chunks };
      },
      () => progress,
    );
  };
}

/** @returns false when no plan of the group could be built */
async function buildGroup(group: BuildableGroup, deps: Dependencies, signal: AbortSignal): Promise<boolean> {
  const attempts: BuildAttempt[] = [];
  for (const [planIndex, plan] of group.plans.entries()) {
    const attempt = await attemptPlan(planIndex, plan, deps, signal);
    attempts.push(attempt);
    if (attempt.packageId !== null) {
      await deps.provisioning.groupBuilt(group.id, planIndex, attempt.packageId, attempts);
      return true;
    }
  }
  const reasons = attempts.map((attempt) => `plan ${attempt.planIndex + 1}: ${attempt.error ?? ''}`);
  await deps.provisioning.groupFailed(group.id, attempts, {
    code: 'BUILD_FAILED',
    message: `no plan could be built; ${reasons.join('; ')}`,
  });
  return false;
}

async function attemptPlan(
  planIndex: number,
  plan: Plan,
  deps: Dependencies,
  signal: AbortSignal,
): Promise<BuildAttempt> {
  try {
    const { packageId, reused, log } = await buildPackage(plan, deps, signal);
    return {
      planIndex,
      outcome: reused ? 'reused' : 'built',
      packageId,
      error: null,
      log: log.slice(-attemptLogCharacters),
    };
  } catch (error) {
    // What another try of the same plan could cure is not the plan's fault: the activity is retried.
    if (!(error instanceof LeonoreError) || error.code === 'DATABASE_UNAVAILABLE') throw error;
    const log = typeof error.details['log'] === 'string' ? error.details['log'] : '';
    return {
      planIndex,
      outcome: 'failed',
      packageId: null,
      error: error.message,
      log: log.slice(-attemptLogCharacters),
    };
  }
}
