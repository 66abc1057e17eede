import type { ArtifactRequest } from '../plan/request.js';
import type { Budget } from './budget.js';
import type { ConstraintTag } from './constraint-store.js';
import { contradictionOf } from './contradiction.js';
import { barrierKey, isBarrier } from './eligibility.js';
import { artifactMeets } from './gateway-facts.js';
import type { Problem, ProblemInput } from './problem.js';
import { solveOnce } from './solve-once.js';
import { tagKey } from './tag-key.js';

/** A contradiction, and the problem in which it was found: that of the gateway, without the reasons named before. */
export interface Reason {
  readonly problem: Problem;
  readonly tags: readonly ConstraintTag[];
  /** Whether leaving out any of them makes the rest possible; else the budget ended before that was found out. */
  readonly isLeast: boolean;
}

/** Reasons that people read; whoever mends so many asks again. */
const mostReasons = 5;

/**
 * The reasons why there is no plan, each of which would be enough: a contradiction, then one of what is left when all
 * that it names is left out but the requests, and so on.
 * @param problem one in which the search has just found no solution
 */
export function independentReasons(problem: Problem, budget: Budget): Reason[] {
  const reasons: Reason[] = [];
  for (let left: Problem | null = problem; left !== null && reasons.length < mostReasons;) {
    const reason: Reason = { problem: left, ...contradictionOf(left, budget.share(0.5)) };
    reasons.push(reason);
    const input = without(left.input, reason);
    const next = input.requests.length === 0 ? null : solveOnce(input, budget.share(0.5));
    left = next?.outcome === 'unsatisfiable' ? next.problem : null;
  }
  return reasons;
}

/** The problem as if a reason did not stand in the way. */
export function without(input: ProblemInput, { problem, tags }: Reason): ProblemInput {
  const isScarce = (type: 'disk' | 'memory') => tags.some((tag) => tag.type === type);
  if (isScarce('disk') || isScarce('memory')) {
    const { facts } = input;
    const diskFree = isScarce('disk') ? Infinity : facts.diskFree;
    const memoryFree = isScarce('memory') ? Infinity : facts.memoryFree;
    return { ...input, facts: { ...facts, diskFree, memoryFree } };
  }
  const asked = tags.flatMap((tag) => (tag.type === 'request' ? [tag.request] : []));
  const named = tags.filter(({ type }) => type !== 'request' && type !== 'one-version').map(tagKey);
  const keys = named.length > 0 ? named : asked.flatMap((request) => barriers(problem, request));
  if (keys.length > 0) return { ...input, ignored: new Set([...(input.ignored ?? []), ...keys]) };
  // Nothing but what was requested stands against itself.
  return { ...input, requests: input.requests.filter((request) => !asked.includes(request)) };
}

/** What keeps all versions that a request asks for from the gateway; empty where one of them may go there. */
function barriers(problem: Problem, { name, range }: ArtifactRequest): string[] {
  if (problem.candidatesFor({ name, version: range }).nodes.length > 0) return [];
  const { catalog } = problem.input;
  const bearers = new Set([name, ...catalog.providersOf(name).map((provider) => provider.name)]);
  return [...bearers].flatMap((bearer) =>
    problem
      .group(bearer)
      .rejected.filter(({ manifest }) => artifactMeets(manifest, name, range))
      .flatMap(({ manifest, rejection }) => (isBarrier(rejection) ? [barrierKey(manifest, rejection)] : [])),
  );
}
