/**
 * What is on a gateway after a plan, read off a solution: fixed nodes, packages that stay, versions to install, and
 * who relies on whom. It reads the manifests anew, independently of the constraints.
 */
import type { ArtifactManifest, NamedRange, Requirement } from '../artifact/manifest.js';
import type { ArtifactRequest } from '../plan/request.js';
import { artifactMeets, factMeets, type FixedFact, type InstalledPackage } from './gateway-facts.js';
import type { Need } from './install-order.js';
import { keptMeets, optionsOf, type NewNode } from './nodes.js';
import type { VariantChoice } from './platform.js';
import type { Problem } from './problem.js';
import type { Model } from './model.js';

export type Present =
  | { readonly type: 'fixed'; readonly fact: FixedFact }
  | { readonly type: 'keep'; readonly package: InstalledPackage }
  | { readonly type: 'install'; readonly node: NewNode; readonly choice: VariantChoice };

export interface EndState {
  /** In the order in which the graph is walked from the requests. */
  readonly reached: ReadonlySet<Present>;
  /** Reached from the requests, not only from installed packages that stay wanted. */
  readonly requested: ReadonlySet<Present>;
  readonly install: readonly Extract<Present, { type: 'install' }>[];
  readonly keep: readonly InstalledPackage[];
  readonly remove: readonly InstalledPackage[];
  /** What meets each request, in their order. */
  readonly roots: readonly Present[];
  /** What meets the requirements of an artifact, in the order of its manifest. */
  requiredBy(present: Present): readonly Present[];
  /** Requirements of an artifact that only something that is installed with it meets. */
  needsOf(present: Present): readonly Need<Present>[];
}

export function nameOfPresent(present: Present): string {
  switch (present.type) {
    case 'fixed':
      return present.fact.name;
    case 'keep':
      return present.package.name;
    case 'install':
      return present.node.manifest.name;
  }
}

export function versionOfPresent(present: Present): string {
  switch (present.type) {
    case 'fixed':
      return present.fact.version ?? '';
    case 'keep':
      return present.package.version;
    case 'install':
      return present.node.manifest.version;
  }
}

export function manifestOf(present: Present): ArtifactManifest | null {
  switch (present.type) {
    case 'fixed':
      return null;
    case 'keep':
      return present.package.manifest;
    case 'install':
      return present.node.manifest;
  }
}

/** Tells whether the plan brings something: hardware that is taken for granted is not brought. */
function isInstalledBy(present: Present): present is Extract<Present, { type: 'install' }> {
  return present.type === 'install' && !present.node.assumed;
}

/** Reads the end state off a solution; what nothing needs is left out. */
export function endStateOf(problem: Problem, model: Model): EndState {
  return new EndStateReader(problem, model).read();
}

const none: readonly Present[] = [];

class EndStateReader {
  private readonly all: Present[];
  /** By the names that they bear or provide. */
  private readonly byName = new Map<string, Present[]>();
  private readonly byDemand = new Map<string, readonly Present[]>();
  private readonly edges = new Map<Present, readonly Present[]>();
  private readonly reached = new Set<Present>();

  constructor(
    private readonly problem: Problem,
    private readonly model: Model,
  ) {
    const { facts } = problem.input;
    const fixed = [...facts.fixed.values()].map((fact): Present => ({ type: 'fixed', fact }));
    const kept = problem.keptNodes
      .filter((node) => model.has(node.stays))
      .map((node): Present => ({ type: 'keep', package: node.package }));
    const install: Present[] = [];
    for (const { versions } of problem.groups.values()) {
      for (const node of versions) {
        if (!model.has(node.selected)) continue;
        const chosen = node.choiceLiterals?.findIndex((literal) => model.has(literal)) ?? 0;
        const choice = node.choices[Math.max(chosen, 0)];
        if (choice !== undefined) install.push({ type: 'install', node, choice });
      }
    }
    this.all = [...fixed, ...kept, ...install];
    for (const present of this.all) {
      const { provides = [] } =
        (present.type === 'fixed' ? present.fact.manifest : manifestOf(present)) ?? {};
      this.enter(nameOfPresent(present), present);
      for (const { name } of provides) this.enter(name, present);
    }
  }

  private enter(name: string, present: Present): void {
    const there = this.byName.get(name);
    if (there === undefined) this.byName.set(name, [present]);
    else if (there.at(-1) !== present) there.push(present);
  }

  read(): EndState {
    const { facts, requests } = this.problem.input;
    const roots = requests.map((request, index) => this.meeting(request, index));
    this.walk(roots.filter((root) => root !== undefined));
    const requested = new Set(this.reached);
    this.walk(this.wanted());
    const keep = this.all.flatMap((present) =>
      present.type === 'keep' && this.reached.has(present) ? [present.package] : [],
    );
    const kept = new Set(keep);
    return {
      reached: this.reached,
      requested,
      install: [...this.reached].filter(isInstalledBy),
      keep,
      remove: facts.installed.filter((pack) => !kept.has(pack)),
      roots: roots.filter((root) => root !== undefined),
      requiredBy: (present) => this.edgesOf(present),
      needsOf: (present) => this.needsOf(present),
    };
  }

  private needsOf(present: Present): Need<Present>[] {
    const needs: Need<Present>[] = [];
    for (const requirement of manifestOf(present)?.requires ?? []) {
      const metBy = this.allMeeting(optionsOf(requirement)).filter((other) => this.reached.has(other));
      const isThere = metBy.some((other) => other === present || !isInstalledBy(other));
      if (!isThere && metBy.length > 0) needs.push({ optional: requirement.optional === true, metBy });
    }
    return needs;
  }

  /** What stays on the gateway whatever is requested: packages that were asked for before or may not go, by name. */
  private wanted(): Present[] {
    const { installed } = this.problem.input.facts;
    const unknown = this.all.some(
      (present) => present.type === 'keep' && present.package.wanted && present.package.manifest === null,
    );
    const names = new Set(
      installed.filter((pack) => pack.wanted || unknown || !pack.removable).map(({ name }) => name),
    );
    return this.all.filter((present) => present.type !== 'fixed' && names.has(nameOfPresent(present)));
  }

  private walk(from: readonly Present[]): void {
    const queue = [...from];
    for (let index = 0; index < queue.length; index += 1) {
      const present = queue[index];
      if (present === undefined || this.reached.has(present)) continue;
      this.reached.add(present);
      queue.push(...this.edgesOf(present));
    }
  }

  private edgesOf(present: Present): readonly Present[] {
    const known = this.edges.get(present);
    if (known !== undefined) return known;
    const { requires } = manifestOf(present) ?? {};
    if (requires === undefined) return none;
    const found: Present[] = [];
    for (const requirement of requires) {
      const met = this.satisfier(present, requirement);
      if (met !== undefined && met !== present && !found.includes(met)) found.push(met);
    }
    this.edges.set(present, found);
    return found;
  }

  /** What an artifact relies on for a requirement: itself, what is there anyway, else the preferred. */
  private satisfier(owner: Present, requirement: Requirement): Present | undefined {
    const meeting = this.allMeeting(optionsOf(requirement));
    if (meeting.includes(owner)) return owner;
    return this.preferred(meeting);
  }

  /** What a request settles for: what the plan was ranked by, although something else that meets it may be there. */
  private meeting(request: ArtifactRequest, index: number): Present | undefined {
    for (const { node, literal } of this.problem.requestChoices[index] ?? []) {
      if (!this.model.has(literal)) continue;
      const present = this.all.find((candidate) =>
        node.type === 'new'
          ? candidate.type === 'install' && candidate.node === node
          : candidate.type === 'keep' && candidate.package === node.package,
      );
      if (present !== undefined) return present;
    }
    return this.preferred(this.allMeeting([{ name: request.name, version: request.range }]));
  }

  private preferred(meeting: readonly Present[]): Present | undefined {
    return (
      meeting.find(({ type }) => type === 'fixed') ??
      meeting.find((present) => this.reached.has(present)) ??
      meeting.find(({ type }) => type === 'keep') ??
      meeting[0]
    );
  }

  private allMeeting(options: readonly NamedRange[]): readonly Present[] {
    const [only] = options;
    return options.length === 1 && only !== undefined
      ? this.meetingOne(only)
      : options.flatMap((option) => this.meetingOne(option));
  }

  private meetingOne({ name, version }: NamedRange): readonly Present[] {
    const key = `${name} ${version ?? ''}`;
    let found = this.byDemand.get(key);
    if (found === undefined) {
      found = (this.byName.get(name) ?? []).filter((present) => {
        switch (present.type) {
          case 'fixed':
            return factMeets(present.fact, name, version);
          case 'keep':
            return keptMeets(present.package, name, version);
          case 'install':
            return artifactMeets(present.node.manifest, name, version);
        }
      });
      this.byDemand.set(key, found);
    }
    return found;
  }
}
