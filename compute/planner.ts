import type { ArtifactManifest } from '../domain/artifact/manifest.js';
import { LeonoreError } from '../domain/errors.js';
import type { GatewayProfile } from '../domain/gateway/profile.js';
import type { GatewayGroup, GatewaySubject } from '../domain/grouping/group-gateways.js';
import type { ArtifactRequest } from '../domain/plan/request.js';
import type { ArtifactRepository } from '../repositories/artifact-repository.js';
import type { ComputePool } from './compute-pool.js';
import type { CallOptions, ComputeProcess } from './compute-process.js';
import type { PageTaken, PlannedGroup } from './planning-session.js';

/** Manifests and profiles handed over at once: sending them holds up the thread that must not be held up. */
const manifestsAtOnce = 250;
const profilesAtOnce = 250;
/** Answers kept for a process that has to take over; what is beyond is found anew. */
const keptAnswerBytes = 64 * 1024 * 1024;

/** Milliseconds that planning may compute. */
export interface PlanningLimits {
  /** For all gateways of the same facts. */
  readonly groupMs: number;
  /** For all gateways together. */
  readonly totalMs: number;
}

export interface PlanningOrder<Member> {
  readonly requests: readonly ArtifactRequest[];
  readonly maxPlans?: number | undefined;
  /** Whether newer versions may take away what an operator asked for; by default they may not. */
  readonly allowRemove?: boolean;
  /** In the place of {@link PlanningLimits.groupMs}. */
  readonly groupMs?: number;
  /** Whether what is requested may come in an older version than a gateway has; by default it may not. */
  readonly allowDowngrade?: boolean;
  /** The gateways, in pages: read once for what is installed on them, and once for each process that is needed. */
  readonly readPages: () => AsyncIterable<readonly GatewaySubject<Member>[]>;
  readonly signal: AbortSignal;
  /** Who waits for the answer; absent: LEONORE itself. */
  readonly principal?: string;
}

/**
 * Dependency management (paper, III-C 3) for many gateways, in a process of its own: loads of the artifact repository only what
 * the requests and the installed packages can reach, and groups the gateways that need the same package. Memory grows
 * with the groups, not with the fleet.
 *
 * What if a plan is a puzzle, or the resolver never ends? The process says which resolution it is at. When it has to
 * be ended, another takes over what it had found, and leaves out the facts that the resolution was for: gateways that
 * have them and need another answer are undecided, all others have their plans.
 */
export class Planner {
  constructor(
    private readonly artifacts: Pick<ArtifactRepository, 'reachedFrom'>,
    private readonly pool: ComputePool,
    private readonly limits: PlanningLimits,
  ) {}

  /**
   * @returns the groups; gateways for which the time did not suffice are in one that is `undecided`
   * @throws LeonoreError TOO_MANY_REQUESTS; COMPUTATION_TOO_HARD when what is too hard is none of the plans; the reason
   *   of the signal
   */
  async plan<Member>(order: PlanningOrder<Member>): Promise<GatewayGroup<Member>[]> {
    const names = new Set(order.requests.map((request) => request.name));
    for await (const page of order.readPages()) {
      for (const { profile } of page) for (const { name } of profile.installed ?? []) names.add(name);
    }
    const found = new Findings({ ...this.limits, groupMs: order.groupMs ?? this.limits.groupMs });
    for (;;) {
      try {
        return await this.pool.lend(
          'long',
          order.signal,
          (process) => planIn(process, this.artifacts.reachedFrom([...names]), order, found),
          order.principal,
        );
      } catch (error) {
        const isTooHard = error instanceof LeonoreError && error.code === 'COMPUTATION_TOO_HARD';
        if (!isTooHard || !found.leaveOut()) throw error;
      }
    }
  }
}

/** What the processes have found out so far. */
class Findings {
  readonly answers = new Map<string, Uint8Array>();
  readonly tooHard = new Set<string>();
  readonly groupMs: number;
  /** What is left of it. */
  totalMs: number;
  /** The resolution that the process is at; null between two pages. */
  at: string | null = null;
  private bytes = 0;

  constructor({ groupMs, totalMs }: PlanningLimits) {
    this.groupMs = groupMs;
    this.totalMs = totalMs;
  }

  add({ solvingMs, answers }: PageTaken): void {
    this.at = null;
    this.totalMs -= solvingMs;
    for (const [key, answer] of answers) {
      if (this.bytes + answer.length > keptAnswerBytes) return;
      this.bytes += answer.length;
      this.answers.set(key, answer);
    }
  }

  /** The process was ended. @returns false when it was at no resolution */
  leaveOut(): boolean {
    if (this.at === null) return false;
    this.tooHard.add(this.at);
    this.totalMs -= this.groupMs;
    this.at = null;
    return true;
  }
}

async function planIn<Member>(
  process: ComputeProcess,
  catalog: AsyncIterable<readonly ArtifactManifest[]>,
  {
    requests,
    maxPlans,
    allowRemove = false,
    allowDowngrade = false,
    readPages,
    signal,
  }: PlanningOrder<Member>,
  found: Findings,
): Promise<GatewayGroup<Member>[]> {
  const options: CallOptions = {
    what: 'planning',
    limitMs: found.groupMs,
    signal,
    onAt: (name) => (found.at = name),
  };
  const { answers, tooHard, groupMs, totalMs } = found;
  const input = { requests, maxPlans, allowRemove, allowDowngrade, answers, tooHard, groupMs, totalMs };
  await process.call('beginPlanning', input, options);
  for await (const page of catalog) {
    for (const manifests of slices(page, manifestsAtOnce))
      await process.call('takeManifests', manifests, options);
  }
  const members: Member[] = [];
  for await (const page of readPages()) {
    for (const subjects of slices(page, profilesAtOnce)) {
      const profiles: GatewayProfile[] = subjects.map(({ profile }) => profile);
      found.add(await process.call('takeGateways', profiles, options));
      for (const { member } of subjects) members.push(member);
    }
  }
  const groups: GatewayGroup<Member>[] = [];
  for (;;) {
    const some: readonly PlannedGroup[] = await process.call('plannedGroups', groups.length, options);
    if (some.length === 0) return groups;
    for (const group of some) {
      groups.push({ ...group, members: group.members.map((index) => members[index] as Member) });
    }
  }
}

function* slices<T>(list: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < list.length; from += size) yield list.slice(from, from + size);
}
