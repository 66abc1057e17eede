import { LeonoreError } from '../domain/errors.js';
import type { BuildableGroup } from '../repositories/provisioning-repository.js';
import type { PlanActivities } from '../workflows/activity-types.js';
import { groupSatisfied, madeAttempt, type BuildDependencies } from './build-packages.js';
import { withHeartbeat } from './heartbeat.js';
import { readyPackage, type BuiltPackage } from './package-builder/build-package.js';

/**
 * Step (v), for what is there already: gateways whose package somebody had built before do not queue behind those whose
 * package has yet to be built.
 */
export function reusePackages(deps: BuildDependencies): PlanActivities['reusePackages'] {
  const { rollouts, provisioning, chunks } = deps;
  return ({ rolloutId, nodeId }) =>
    withHeartbeat(async (signal) => {
      await rollouts.stepStarted(rolloutId, 'v', nodeId);
      const groups = await provisioning.buildableGroups(rolloutId, nodeId);
      let reused = 0;
      for (const group of groups) {
        signal.throwIfAborted();
        if (await reuse(group, deps)) reused += 1;
      }
      const ready = await chunks.form(rolloutId, nodeId);
      const remaining = groups.length - reused;
      if (remaining === 0) await rollouts.stepEnded(rolloutId, 'v', nodeId);
      return { reused, remaining, chunks: ready };
    });
}

/** @returns false when the group's best plan, of those that did not fail yet, needs a package that is not there */
async function reuse(
  { id, rolloutId, plans, attempts }: BuildableGroup,
  deps: BuildDependencies,
): Promise<boolean> {
  const planIndex = attempts.length;
  const plan = plans[planIndex];
  if (plan === undefined) return false;
  if (plan.install.length === 0 && plan.remove.length === 0) {
    await groupSatisfied(rolloutId, id, { planIndex, attempts }, deps);
    return true;
  }
  let ready: BuiltPackage | null;
  try {
    ready = await readyPackage(plan, deps);
  } catch (error) {
    // Why it cannot be built is found out, and recorded, by whoever builds it.
    if (error instanceof LeonoreError && error.kind.awaited === undefined) return false;
    throw error;
  }
  if (ready === null) return false;
  const attempt = madeAttempt(planIndex, ready);
  await deps.provisioning.groupBuilt(
    id,
    planIndex,
    attempt.packageId,
    [...attempts, attempt],
    ready.requires,
  );
  return true;
}
