/**
 * Sorts gateways into groups that need the same package, solving once for each set of facts that can make a
 * difference, not once for each gateway.
 *
 * 1. A gateway is reduced to the facts that the catalog reachable from the requests can tell apart (scope.ts), and
 *    the packages that bear on them (relevant-packages.ts). Gateways with equal facts are one class. It is solved
 *    once, as if disk and memory had no end.
 * 2. Where these plans fit, they are the gateway's plans: limits only take plans away, and none of these. Nearly
 *    all gateways end here.
 * 3. Where they do not fit, everything installed counts, since it may have to make room. An answer for so much free
 *    disk and memory holds for less as well, down to what its plans need; that there is none holds for all that have
 *    less. So a class is solved once for each answer, not once for each number of free bytes.
 * 4. Classes whose first plans are the same package and removals become one group. Of their further plans, only
 *    those remain that all have, so every plan of a group is good for all its members.
 */
import type { GatewayProfile } from '../gateway/profile.js';
import type { ResolveBudget } from '../resolver/budget.js';
import { BoundedMap } from './bounded-map.js';
import type { Plan, Resolution } from '../plan/plan.js';
import { formatRequest, type ArtifactRequest } from '../plan/request.js';
import type { Catalog } from '../resolver/catalog.js';
import { resolve, type ResolveInput } from '../resolver/resolve.js';
import { needsOf, type Needs } from './plan-needs.js';
import { RelevantPackages } from './relevant-packages.js';

/** A gateway under the name that the caller knows it by. */
export interface GatewaySubject<Member> {
  readonly member: Member;
  readonly profile: GatewayProfile;
}

/** Gateways that need the same package, or that no plan helps for the same reason. */
export interface GatewayGroup<Member> {
  readonly members: readonly Member[];
  /** Best first; the first is common to all members, the others are its fallbacks. Empty when there is none. */
  readonly plans: readonly Plan[];
  /** Why there is no plan, or why nobody knows; null when there is one. */
  readonly explanation: string | null;
  /** True when the budget ended before a plan was found, or proven that there is none. */
  readonly undecided: boolean;
}

export interface GroupingOptions {
  /** Reaches what the requests need and, so that removals are good ones, what is installed on the gateways. */
  readonly catalog: Catalog;
  readonly requests: readonly ArtifactRequest[];
  /** Default 3. */
  readonly maxPlans?: number;
  /** See {@link ResolveInput}. */
  readonly allowRemove?: boolean;
  /** See {@link ResolveInput}. */
  readonly allowDowngrade?: boolean;
  /** What planning for one group may cost: asked anew for each resolution. */
  readonly budget?: () => ResolveBudget;
  /**
   * Resolves in place of {@link resolve}, within bounds of its own. `facts` is equal for gateways that differ only in
   * what has no bearing on the requests, or in free disk and memory.
   * @returns null when it gives up
   */
  readonly solve?: (input: ResolveInput, facts: string) => Resolution | null;
}

/** Answers that are kept, by what tells gateways apart: the class that came longest ago is solved again if need be. */
const answersKept = 20_000;
/** Answers of one class, by what is free. */
const answersPerClass = 1_000;

/** An answer, and the free resources between which it holds. */
interface Answer {
  readonly resolution: Resolution;
  readonly least: Needs;
  readonly most: Needs;
}

interface Group<Member> {
  readonly outcome: Resolution['outcome'];
  readonly members: Member[];
  plans: readonly Plan[];
  readonly explanation: string | null;
}

export class GatewayGrouping<Member> {
  /** Number of times that the resolver was asked. */
  solved = 0;
  private readonly packages: RelevantPackages;
  private readonly unlimited = new BoundedMap<string, Answer>(answersKept);
  private readonly limited = new BoundedMap<string, Answer[]>(answersKept);
  private readonly byKey = new Map<string, Group<Member>>();
  private readonly byResolution = new WeakMap<Resolution, Group<Member>>();
  /** The answer where the resolver gave up. */
  private readonly undecided: Resolution;

  constructor(private readonly options: GroupingOptions) {
    this.packages = new RelevantPackages(
      options.requests.map(({ name }) => name),
      options.catalog,
    );
    const asked = options.requests.map(formatRequest).join(' and ');
    this.undecided = {
      outcome: 'undecided',
      plans: [],
      explanation: [
        `No plan that installs ${asked} was found in the time that planning may take, nor was it proven that there is none`,
        'Nearest help: ask for less at once or in narrower ranges, or make room on the gateway',
      ].join('\n'),
    };
  }

  /** Puts a gateway into its group. */
  add({ member, profile }: GatewaySubject<Member>): void {
    this.groupOf(this.answerFor(profile)).members.push(member);
  }

  /** The groups so far, in the order in which their first members came. */
  groups(): GatewayGroup<Member>[] {
    return [...this.byKey.values()].map(({ outcome, members, plans, explanation }) => ({
      members,
      plans,
      explanation,
      undecided: outcome === 'undecided',
    }));
  }

  private answerFor(profile: GatewayProfile): Resolution {
    const relevant = this.packages.of(profile);
    const key = `${relevant.scope.keyOf(profile)} ${relevant.key}`;
    let answer = this.unlimited.get(key);
    if (answer === undefined) {
      answer = this.solve(withFree({ ...profile, installed: [...relevant.installed] }, boundless), key);
      this.unlimited.set(key, answer);
    }
    const free = freeOf(profile, relevant.scope.usesMemory);
    if (answer.resolution.plans.length === 0 || fits(answer.least, free)) return answer.resolution;
    return this.limitedAnswer(key, profile, free).resolution;
  }

  private limitedAnswer(key: string, profile: GatewayProfile, free: Needs): Answer {
    const installed = (profile.installed ?? []).map((pack) => JSON.stringify(pack)).sort();
    const fullKey = `${key} ${installed.join(',')}`;
    const answers = this.limited.get(fullKey) ?? [];
    const known = answers.find(({ least, most }) => fits(least, free) && fits(free, most));
    if (known !== undefined) return known;
    const answer = this.solve(withFree(profile, free), key);
    // More room, or less, may be easier.
    if (answer.resolution === this.undecided) return answer;
    if (answers.length >= answersPerClass) answers.shift();
    answers.push(answer);
    this.limited.set(fullKey, answers);
    return answer;
  }

  private solve(profile: GatewayProfile, facts: string): Answer {
    this.solved += 1;
    const { catalog, budget, solve = resolve, ...options } = this.options;
    const spent = budget === undefined ? {} : { budget: budget() };
    const solved = solve({ ...options, ...spent, catalog, gateway: profile }, facts);
    // How much was tried makes no difference: what is undecided is one group.
    const resolution = solved === null || solved.outcome === 'undecided' ? this.undecided : solved;
    const most = freeOf(profile, true);
    const none = { disk: -Infinity, memory: -Infinity };
    const least = resolution.plans.length === 0 ? none : needsOf(resolution.plans, catalog, profile);
    return { resolution, least, most };
  }

  private groupOf(resolution: Resolution): Group<Member> {
    const known = this.byResolution.get(resolution);
    if (known !== undefined) return known;
    const key = keyOf(resolution);
    let group = this.byKey.get(key);
    if (group === undefined) {
      const { outcome, plans, explanation } = resolution;
      group = { outcome, members: [], plans, explanation };
      this.byKey.set(key, group);
    } else {
      const common = new Set(resolution.plans.map(contentOf));
      group.plans = group.plans.filter((plan) => common.has(contentOf(plan)));
    }
    this.byResolution.set(resolution, group);
    return group;
  }
}

const boundless: Needs = { disk: Infinity, memory: Infinity };

function freeOf({ hardware }: GatewayProfile, usesMemory: boolean): Needs {
  return {
    disk: hardware.diskFree ?? hardware.diskTotal ?? Infinity,
    memory: usesMemory ? (hardware.memoryFree ?? hardware.memoryTotal ?? Infinity) : Infinity,
  };
}

/** The profile with other free resources; what has no end is not stated. */
function withFree(profile: GatewayProfile, free: Needs): GatewayProfile {
  const hardware = { ...profile.hardware };
  delete hardware.diskFree;
  delete hardware.diskTotal;
  delete hardware.memoryFree;
  delete hardware.memoryTotal;
  if (free.disk !== Infinity) hardware.diskFree = free.disk;
  if (free.memory !== Infinity) hardware.memoryFree = free.memory;
  return { ...profile, hardware };
}

function fits(needs: Needs, free: Needs): boolean {
  return needs.disk <= free.disk && needs.memory <= free.memory;
}

/** Equal for answers whose gateways can share a group. */
function keyOf({ outcome, plans, explanation }: Resolution): string {
  const [first] = plans;
  if (first !== undefined) return contentOf(first);
  // The same reason with another number of bytes is the same reason.
  return `${outcome} ${(explanation ?? '').replace(/[\d.]+ ([KMG]i)?B\b/gu, '# B')}`;
}

/** What makes two plans the same for a package and its delivery. */
function contentOf({ install, remove, removeFirst, artifacts }: Plan): string {
  const variants = new Map(
    artifacts.map(({ name, version, variantIndex }) => [`${name}@${version}`, variantIndex]),
  );
  return JSON.stringify([install.map((key) => [key, variants.get(key)]), remove, removeFirst]);
}
