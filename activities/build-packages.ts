import { setTimeout as delay } from 'node:timers/promises';
import type { TaskRequirement } from '../domain/agent-protocol/messages.js';
import type { Plan } from '../domain/plan/plan.js';
import type { ErrorCode } from '../domain/error-kinds.js';
import { LeonoreError } from '../domain/errors.js';
import type { ChunkRepository } from '../repositories/chunk-repository.js';
import type { BuildableGroup, ProvisioningRepository } from '../repositories/provisioning-repository.js';
import type { BuildAttempt, RolloutRepository } from '../repositories/rollout-repository.js';
import type { BuildActivities } from '../workflows/activity-types.js';
import type { OverlapRepository } from '../repositories/overlap-repository.js';
import type { Wake } from './dispatch-deliveries.js';
import { withHeartbeat } from './heartbeat.js';
import {
  buildPackage,
  type BuiltPackage,
  type PackageBuilderDependencies,
} from './package-builder/build-package.js';

/** After this long, what is built so far is handed over for delivery; the rest follows in the next call. */
const turnMs = 10_000;
/** Between two looks whether anybody still waits for what is being built. */
const awaitedLookMs = 5_000;
/** Tail of a build's output that is kept with the group. */
const attemptLogCharacters = 8_000;

/** What the next plan may do better; with anything else it would fare no better. */
const planIsAtFault = new Set<ErrorCode>([
  'BUILD_FAILED',
  'ARTIFACT_NOT_FOUND',
  'MALFORMED_ARTIFACT',
  'BLOB_MISSING',
  'TOO_LARGE',
]);

export interface BuildDependencies extends PackageBuilderDependencies {
  readonly rollouts: RolloutRepository;
  readonly provisioning: ProvisioningRepository;
  readonly chunks: ChunkRepository;
  readonly overlaps: OverlapRepository;
  readonly wake: Wake;
}

/** Step (v): for each group of gateways create its package; when a build fails, the next plan is tried. */
export function buildPackages(deps: BuildDependencies): BuildActivities['buildPackages'] {
  const { rollouts, provisioning, chunks } = deps;
  return ({ rolloutId, nodeId }) => {
    const progress = { built: 0, failed: 0, remaining: 0, waiting: 0, abandoned: 0 };
    return withHeartbeat(
      async (signal) => {
        await rollouts.stepStarted(rolloutId, 'v', nodeId);
        const groups = await provisioning.buildableGroups(rolloutId, nodeId);
        progress.remaining = groups.length;
        const turn = { endsAtMs: Date.now() + turnMs, signal };
        for (const group of groups) {
          const outcome = await buildGroup(group, deps, turn);
          if (outcome === 'undecided') break;
          progress[outcome] += 1;
          if (outcome !== 'waiting') progress.remaining -= 1;
        }
        const ready = await chunks.form(rolloutId, nodeId);
        if (progress.remaining === 0) await rollouts.stepEnded(rolloutId, 'v', nodeId);
        return { ...progress, chunks: ready };
      },
      () => progress,
    );
  };
}

/** How long it is worked on, and until when. */
export interface Turn {
  readonly endsAtMs: number;
  readonly signal: AbortSignal;
}

/** What came of building one of the plans that gateways have. */
export type PlansOutcome =
  /** The turn is over, or somebody else is building what is needed. */
  | { readonly outcome: 'undecided' | 'waiting' }
  /** There is nothing to do. */
  | { readonly outcome: 'satisfied'; readonly planIndex: number; readonly attempts: readonly BuildAttempt[] }
  | {
      readonly outcome: 'built';
      readonly planIndex: number;
      readonly packageId: string;
      readonly requires: readonly TaskRequirement[];
      readonly attempts: readonly BuildAttempt[];
    }
  | {
      readonly outcome: 'failed';
      readonly attempts: readonly BuildAttempt[];
      readonly failure: { readonly code: 'BUILD_FAILED'; readonly message: string };
    };

/**
 * Tries the plans of gateways that were not tried yet, best first.
 * @param failed told of every attempt that came to nothing, before the next begins
 */
export async function buildPlans(
  { plans, attempts: before }: Pick<BuildableGroup, 'plans' | 'attempts'>,
  deps: PackageBuilderDependencies,
  { endsAtMs, signal }: Turn,
  failed: (attempts: readonly BuildAttempt[]) => Promise<void>,
): Promise<PlansOutcome> {
  const attempts = [...before];
  for (const [planIndex, plan] of [...plans.entries()].slice(attempts.length)) {
    signal.throwIfAborted();
    if (Date.now() > endsAtMs) return { outcome: 'undecided' };
    if (plan.install.length === 0 && plan.remove.length === 0)
      return { outcome: 'satisfied', planIndex, attempts };
    const tried = await attemptPlan(planIndex, plan, deps, signal);
    if (tried === null) return { outcome: 'waiting' };
    attempts.push(tried.attempt);
    const { packageId } = tried.attempt;
    if (packageId !== null)
      return { outcome: 'built', planIndex, packageId, requires: tried.requires, attempts };
    await failed(attempts);
  }
  const reasons = attempts.map((attempt) => `plan ${attempt.planIndex + 1}: ${attempt.error ?? ''}`);
  const message = `no plan could be built; ${reasons.join('; ')}`;
  return { outcome: 'failed', attempts, failure: { code: 'BUILD_FAILED', message } };
}

/**
 * Builds for a group. Every attempt is recorded before the next begins: whoever goes on, after the end of the turn or of
 * this process, does not repeat what failed. A build that nobody waits for any more is ended: its gateways were cancelled,
 * or have moved to a node that builds for them.
 * @returns `undecided` when the turn is over first, `waiting` when somebody else is building what it needs
 */
async function buildGroup(
  group: BuildableGroup,
  deps: BuildDependencies,
  turn: Turn,
): Promise<'built' | 'failed' | 'undecided' | 'waiting' | 'abandoned'> {
  const ended = new AbortController();
  const abandoned = abortWhenUnawaited(group.id, deps.provisioning, ended.signal);
  try {
    const signal = AbortSignal.any([turn.signal, abandoned]);
    return await buildAwaited(group, deps, { ...turn, signal });
  } catch (error) {
    if (abandoned.aborted && !turn.signal.aborted) return 'abandoned';
    throw error;
  } finally {
    ended.abort();
  }
}

/** @returns a signal that aborts when no gateway waits for the group any more; nobody looks after `ended` */
function abortWhenUnawaited(
  groupId: string,
  provisioning: ProvisioningRepository,
  ended: AbortSignal,
): AbortSignal {
  const abandoned = new AbortController();
  const look = async (): Promise<void> => {
    while (!ended.aborted) {
      await delay(awaitedLookMs, undefined, { signal: ended });
      if (!(await provisioning.isAwaited(groupId))) return abandoned.abort();
    }
  };
  // While the database does not answer, it is built on: what was built is kept for whoever asks next.
  look().catch(() => undefined);
  return abandoned.signal;
}

async function buildAwaited(
  group: BuildableGroup,
  deps: BuildDependencies,
  turn: Turn,
): Promise<'built' | 'failed' | 'undecided' | 'waiting'> {
  const { provisioning } = deps;
  const built = await buildPlans(group, deps, turn, (attempts) =>
    provisioning.planFailed(group.id, attempts),
  );
  switch (built.outcome) {
    case 'undecided':
    case 'waiting':
      return built.outcome;
    case 'satisfied':
      await groupSatisfied(group.rolloutId, group.id, built, deps);
      return 'built';
    case 'built':
      await provisioning.groupBuilt(
        group.id,
        built.planIndex,
        built.packageId,
        built.attempts,
        built.requires,
      );
      return 'built';
    case 'failed':
      await provisioning.groupFailed(group.id, built.attempts, built.failure);
      return 'failed';
  }
}

/** The gateways of a group have what was asked for: what is older is not to take it away. */
export async function groupSatisfied(
  rolloutId: string,
  groupId: string,
  { planIndex, attempts }: { readonly planIndex: number; readonly attempts: readonly BuildAttempt[] },
  { provisioning, overlaps, wake }: BuildDependencies,
): Promise<void> {
  await provisioning.groupSatisfied(groupId, planIndex, attempts);
  wake(await overlaps.supersedeOlder(rolloutId, null));
}

async function attemptPlan(
  planIndex: number,
  plan: Plan,
  deps: PackageBuilderDependencies,
  signal: AbortSignal,
): Promise<{ attempt: BuildAttempt; requires: readonly TaskRequirement[] } | null> {
  try {
    const built = await buildPackage(plan, deps, signal);
    return built === null ? null : { attempt: madeAttempt(planIndex, built), requires: built.requires };
  } catch (error) {
    // What another try of the same plan could cure is not the plan's fault: the activity is retried.
    if (!(error instanceof LeonoreError) || !planIsAtFault.has(error.code)) throw error;
    const log = typeof error.details['log'] === 'string' ? error.details['log'] : '';
    const attempt = {
      planIndex,
      outcome: 'failed',
      packageId: null,
      error: error.message,
      log: log.slice(-attemptLogCharacters),
    } as const;
    return { attempt, requires: [] };
  }
}

/** How an attempt is recorded that gave a package. */
export function madeAttempt(
  planIndex: number,
  { packageId, reused, log }: BuiltPackage,
): BuildAttempt & { readonly packageId: string } {
  return {
    planIndex,
    outcome: reused ? 'reused' : 'built',
    packageId,
    error: null,
    log: log.slice(-attemptLogCharacters),
  };
}
