/** Planning inside a computing process (step iv): catalog and gateways come in pages, groups go out in pages. */
import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import type { ArtifactManifest } from '../domain/artifact/manifest.js';
import type { GatewayProfile } from '../domain/gateway/profile.js';
import { GatewayGrouping, type GatewayGroup } from '../domain/grouping/gateway-grouping.js';
import type { Resolution } from '../domain/plan/plan.js';
import type { ArtifactRequest } from '../domain/plan/request.js';
import { createCatalog } from '../domain/resolver/create-catalog.js';
import { resolve, type ResolveInput } from '../domain/resolver/resolve.js';

export interface PlanningInput {
  readonly requests: readonly ArtifactRequest[];
  readonly maxPlans: number | undefined;
  readonly allowRemove?: boolean;
  readonly allowDowngrade?: boolean;
  /** What processes before this one found out: one that takes over need not find it anew. */
  readonly answers: ReadonlyMap<string, Uint8Array>;
  /** Names of the resolutions over which processes before this one were ended. */
  readonly tooHard: ReadonlySet<string>;
  /** Time for all gateways of the same facts, and what is left for all of them together. */
  readonly groupMs: number;
  readonly totalMs: number;
}

/** What a page of gateways has cost, and what was found out. */
export interface PageTaken {
  readonly solvingMs: number;
  /** Serialised: nobody but a process that takes over ever reads them. */
  readonly answers: ReadonlyMap<string, Uint8Array>;
}

/** A group whose members are named by the order in which the gateways came. */
export type PlannedGroup = GatewayGroup<number>;

/** Of the time for a resolution, what it is told to end in by itself: past the rest its process is ended. */
const ownPart = 0.8;

/** Groups handed out at once: their plans are read by the process that must not be held up. */
const groupsAtOnce = 16;

export class PlanningSession {
  private readonly manifests: ArtifactManifest[] = [];
  /** Facts for which there is no time any more, and the time that was spent on each. */
  private readonly tooHard = new Set<string>();
  private readonly spentMs = new Map<string, number>();
  private solvingMs = 0;
  private answers = new Map<string, Uint8Array>();
  private grouping: GatewayGrouping<number> | null = null;
  private taken = 0;
  private grouped: readonly PlannedGroup[] | null = null;

  constructor(
    private readonly input: PlanningInput,
    /** Tells the name of a resolution that begins: when the process is ended next, it is why. */
    private readonly at: (name: string) => void,
  ) {}

  takeManifests(manifests: readonly ArtifactManifest[]): void {
    this.manifests.push(...manifests);
  }

  takeGateways(profiles: readonly GatewayProfile[]): PageTaken {
    const { requests, maxPlans, allowRemove = false, allowDowngrade = true } = this.input;
    this.grouping ??= new GatewayGrouping<number>({
      catalog: createCatalog(this.manifests),
      requests,
      allowRemove,
      allowDowngrade,
      ...(maxPlans === undefined ? {} : { maxPlans }),
      solve: (input, facts) => this.solve(input, facts),
    });
    const solvingMs = this.solvingMs;
    this.answers = new Map();
    for (const profile of profiles) this.grouping.add({ member: this.taken++, profile });
    return { solvingMs: this.solvingMs - solvingMs, answers: this.answers };
  }

  groups(from: number): readonly PlannedGroup[] {
    this.grouped ??= this.grouping?.groups() ?? [];
    return this.grouped.slice(from, from + groupsAtOnce);
  }

  /** @returns null when the time for these facts, or for all, is over */
  private solve(input: ResolveInput, facts: string): Resolution | null {
    const name = nameOf(input, facts);
    const known = this.input.answers.get(name);
    if (known !== undefined) return deserialize(known) as Resolution;
    if (this.input.tooHard.has(name)) this.tooHard.add(facts);
    if (this.tooHard.has(facts) || this.solvingMs >= this.input.totalMs) return null;
    this.at(name);
    const begunMs = performance.now();
    const { groupMs, totalMs } = this.input;
    const leftMs = Math.min(groupMs - (this.spentMs.get(facts) ?? 0), totalMs - this.solvingMs) * ownPart;
    const used = () => (performance.now() - begunMs) / leftMs;
    const resolution = resolve({ ...input, budget: { work: Infinity, used } });
    const ms = performance.now() - begunMs;
    const spentMs = (this.spentMs.get(facts) ?? 0) + ms;
    this.spentMs.set(facts, spentMs);
    this.solvingMs += ms;
    if (spentMs > this.input.groupMs) this.tooHard.add(facts);
    this.answers.set(name, serialize(resolution));
    return resolution;
  }
}

/** Equal for resolutions that have the same answer; short, so that it can always be told before the work begins. */
function nameOf({ gateway }: ResolveInput, facts: string): string {
  const { hardware, installed = [] } = gateway ?? { hardware: {} };
  const all = JSON.stringify([facts, hardware.diskFree, hardware.memoryFree, installed]);
  return createHash('sha256').update(all).digest('base64url');
}
