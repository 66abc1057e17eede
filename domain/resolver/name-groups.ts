import type { ArtifactManifest } from '../artifact/manifest.js';
import type { Alternatives } from './alternatives.js';
import { commonNeeds } from './common-needs.js';
import { Conflicts } from './conflicts.js';
import type { ConstraintStore, ConstraintTag } from './constraint-store.js';
import type { CostLayers } from './cost-layers.js';
import { eligibilityOf, type Eligibility, type Rejection } from './eligibility.js';
import { artifactMeets, type InstalledPackage } from './gateway-facts.js';
import type { Goals } from './goals.js';
import type { KeptNode, NewNode, Node } from './nodes.js';
import type { VariantChoice } from './platform.js';
import type { ProblemInput } from './problem.js';
import { not, type Literal } from './solver/literal.js';
import { compareVersions } from './versions.js';
import { Weights } from './weights.js';

/** Everything known about one name. */
export interface NameGroup {
  readonly name: string;
  readonly kept: KeptNode | null;
  /** Newest first. */
  readonly versions: readonly NewNode[];
  readonly rejected: readonly { readonly manifest: ArtifactManifest; readonly rejection: Rejection }[];
  readonly weights: Weights;
}

/** Where a name's variables and constraints go. */
export interface NameGroupsInput {
  readonly input: ProblemInput;
  readonly constraints: ConstraintStore;
  readonly costs: CostLayers;
  readonly goals: Goals;
  readonly alternatives: Alternatives;
  readonly isIgnored: (tag: ConstraintTag) => boolean;
}

/**
 * The names that have come up, each with variables for its versions: made when a name is first asked for, together with
 * what holds among them whatever requires them.
 */
export class NameGroups {
  readonly byName = new Map<string, NameGroup>();
  readonly keptNodes: KeptNode[] = [];
  /** Versions that run a script when they are installed. */
  scripts = 0;
  private readonly nodes: (Node | undefined)[] = [];
  private readonly installed: ReadonlyMap<string, InstalledPackage>;
  private readonly requested: ReadonlySet<string>;
  private readonly conflicts: Conflicts;
  /** Names whose common needs are still to be stated. */
  private readonly pending: NameGroup[] = [];
  private working = false;

  constructor(private readonly into: NameGroupsInput) {
    const { facts, requests } = into.input;
    this.installed = new Map(facts.installed.map((pack) => [pack.name, pack]));
    this.requested = new Set(requests.map(({ name }) => name));
    this.conflicts = new Conflicts(into.constraints, into.isIgnored);
  }

  /** The node that a literal selects; undefined for auxiliary literals. */
  nodeOf(literal: Literal): Node | undefined {
    return this.nodes[literal];
  }

  of(name: string): NameGroup {
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    const { input, constraints, costs, alternatives } = this.into;
    const { facts, catalog } = input;
    const pack = this.installed.get(name);
    const kept = pack === undefined ? null : this.createKept(pack);
    const versions: NewNode[] = [];
    const rejected: { manifest: ArtifactManifest; rejection: Rejection }[] = [];
    for (const manifest of catalog.versionsOf(name)) {
      if (manifest.version === pack?.version) continue;
      const eligibility = this.isDowngrade(manifest, pack) ?? eligibilityOf(manifest, facts, input.ignored);
      if (!eligibility.eligible) rejected.push({ manifest, rejection: eligibility.rejection });
      else {
        // The installed version counts among the newer ones: the gateway has it already.
        const behind = pack !== undefined && compareVersions(pack.version, manifest.version) > 0 ? 1 : 0;
        versions.push(this.createNew(manifest, versions.length + behind, eligibility.choices));
      }
    }
    const weights = new Weights(constraints, costs, kept, versions);
    const group: NameGroup = { name, kept, versions, rejected, weights };
    alternatives.add(name, weights);
    this.byName.set(name, group);
    const literals = versions.map(({ selected }) => selected);
    if (kept !== null) literals.unshift(kept.stays);
    if (literals.length > 1) constraints.addOneVersion(name, literals);
    if (kept !== null) this.conflicts.connect(kept);
    for (const node of versions) this.conflicts.connect(node);
    if (constraints.limitsRoom && kept === null) this.addCommonNeeds(group);
    return group;
  }

  /** Only what is asked for by its name must not be older than what there is: what others need is theirs to say. */
  private isDowngrade(
    { name, version }: ArtifactManifest,
    pack: InstalledPackage | undefined,
  ): Extract<Eligibility, { eligible: false }> | null {
    const { allowDowngrade = true } = this.into.input;
    if (allowDowngrade || pack === undefined || !this.requested.has(name)) return null;
    if (compareVersions(pack.version, version) <= 0) return null;
    return { eligible: false, rejection: { type: 'downgrade', from: pack.version } };
  }

  /** What all versions of a name require is there as soon as one of them is: so its weight is known early as well. */
  private addCommonNeeds(group: NameGroup): void {
    this.pending.push(group);
    // A chain of names may be longer than the call stack is deep.
    if (this.working) return;
    this.working = true;
    for (let next = this.pending.pop(); next !== undefined; next = this.pending.pop()) {
      for (const name of commonNeeds(next.versions, this.into.input)) {
        const needed = this.of(name).weights.present;
        this.into.constraints.addAuxiliary([not(next.weights.present), needed]);
      }
    }
    this.working = false;
  }

  private createNew(manifest: ArtifactManifest, age: number, choices: readonly VariantChoice[]): NewNode {
    const { constraints, costs, goals } = this.into;
    const selected = constraints.newLiteral();
    const assumed = manifest.kind === 'hardware';
    let choiceLiterals: Literal[] | null = null;
    if (choices.length > 1) {
      choiceLiterals = choices.map(() => constraints.newLiteral());
      constraints.addAuxiliary([not(selected), ...choiceLiterals]);
      goals.add(selected, choiceLiterals);
    }
    const node: NewNode = { type: 'new', manifest, selected, age, choices, choiceLiterals, assumed };
    this.nodes[selected] = node;
    // The requests have criteria of their own.
    if (age > 0 && !this.isAskedFor(manifest)) costs.add('ages', selected, age);
    if (!assumed) costs.add('count', selected, 1);
    if (manifest.control?.install !== undefined) this.scripts += 1;
    return node;
  }

  private isAskedFor(manifest: ArtifactManifest): boolean {
    if (!this.requested.has(manifest.name) && manifest.provides === undefined) return false;
    return this.into.input.requests.some(({ name, range }) => artifactMeets(manifest, name, range));
  }

  private createKept(pack: InstalledPackage): KeptNode {
    const { constraints } = this.into;
    const stays = constraints.newLiteral();
    const needed = constraints.newLiteral();
    constraints.addAuxiliary([not(needed), stays]);
    const node: KeptNode = { type: 'kept', package: pack, stays, needed };
    this.nodes[stays] = node;
    this.nodes[needed] = node;
    this.keptNodes.push(node);
    return node;
  }
}
