/**
 * A resolution as a set of constraints for the solver.
 *
 * Every version that could be installed is a variable, true when the plan installs it; every installed package is
 * one, true when it stays. A requirement is a clause: not its owner, or one of what meets it. A conflict is a clause
 * of two negations. "One version of a name" and the sizes on disk and in memory are linear constraints.
 *
 * Two things are special to gateways:
 * - An installed package has a second variable, "needed": it stays and something new relies on it. What is merely
 *   kept may stay as broken as it was; what the request relies on is mended where possible.
 * - Nothing is created before it is reached. A catalog of 100,000 versions has millions of clauses; a plan touches
 *   some hundreds. A name's variables are made when a requirement first mentions it, and a version's requirements
 *   are added when the search first selects it (`expand`). Until then the version is taken as if it required
 *   nothing, so a contradiction found is real, and a solution counts only when all that it selects is expanded.
 *
 * Costs are recorded on the way, layer by layer in the order of docs/dependency-resolution.md.
 */
import type { ArtifactManifest, Requirement } from '../artifact/manifest.js';
import type { ArtifactRequest } from '../plan/request.js';
import { Alternatives } from './alternatives.js';
import type { Catalog } from './catalog.js';
import { eligibilityOf, type Rejection } from './eligibility.js';
import {
  artifactMeets,
  factMeets,
  provides,
  type GatewayFacts,
  type InstalledPackage,
} from './gateway-facts.js';
import { keptMeets, nameOf, optionsOf, type KeptNode, type NewNode, type Node } from './nodes.js';
import type { VariantChoice } from './platform.js';
import { CostLayers } from './cost-layers.js';
import { ConstraintStore, type ConstraintTag } from './constraint-store.js';
import { rankNodes } from './request-ranks.js';
import { tagKey } from './tag-key.js';
import { not, type Literal } from './solver/literal.js';
import { Conflicts } from './conflicts.js';
import { commonNeeds } from './common-needs.js';
import { compareVersions, versionOf as parseVersion } from './versions.js';
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

/** Something that must be met once its owner is selected; the search meets it with the first candidate it can. */
export interface Goal {
  /** It holds only where it can: a circle that it closes stands in nobody's way. */
  readonly optional: boolean;
  readonly candidates: readonly Literal[];
}

/** Who relies on a candidate: what is new needs it, what is kept only wants it to stay. */
type Side = 'new' | 'kept';

interface Candidate {
  readonly literal: Literal;
  readonly node: Node;
}

interface Candidates {
  /** A fixed fact of the gateway meets the demand: there is nothing to do. */
  readonly fixed: boolean;
  readonly list: readonly Candidate[];
}

export interface ProblemInput {
  readonly catalog: Catalog;
  readonly facts: GatewayFacts;
  readonly requests: readonly ArtifactRequest[];
  /** Whether an older version is preferred to a plan that takes away what an operator asked for; by default it is. */
  readonly allowRemove?: boolean;
  /** Constraints to leave out ({@link tagKey}): what would be if something did not stand in the way. */
  readonly ignored?: ReadonlySet<string>;
}

export class Problem {
  readonly constraints: ConstraintStore;
  readonly costs: CostLayers;
  readonly groups = new Map<string, NameGroup>();
  /** Goals that hold from the start. */
  readonly rootGoals: Goal[] = [];
  /** Goals by the literal that raises them. */
  readonly goals: Goal[][] = [];
  readonly keptNodes: KeptNode[] = [];
  /** By request: what can meet it, the best first, and the literal that settles for it; none for a fixed fact. */
  readonly requestChoices: (readonly { readonly node: Node; readonly literal: Literal }[])[] = [];

  /** By installed package that may go: what is true when another version takes its place, and when none does. */
  readonly exits = new Map<KeptNode, { readonly changed: Literal; readonly lost: Literal | null }>();

  private readonly unknownStays: Literal | null;
  private readonly installed: ReadonlyMap<string, InstalledPackage>;
  /** Names whose common needs are still to be stated. */
  private readonly pending: NameGroup[] = [];
  private working = false;
  private readonly alternatives: Alternatives;
  private readonly conflicts: Conflicts;
  private readonly nodesByLiteral = new Map<Literal, Node>();
  private readonly expanded = new Set<Literal>();
  private readonly candidateCache = new Map<string, Candidates>();

  constructor(readonly input: ProblemInput) {
    const { facts, requests } = input;
    this.installed = new Map(facts.installed.map((pack) => [pack.name, pack]));
    this.constraints = new ConstraintStore(facts);
    this.alternatives = new Alternatives(this.constraints);
    this.conflicts = new Conflicts(this.constraints, (tag) => this.isIgnored(tag));
    this.costs = new CostLayers(requests.length, input.allowRemove ?? false);
    for (const { name } of facts.installed) this.group(name);
    this.unknownStays = this.addUnknown();
    for (const node of this.keptNodes) this.addKept(node);
    requests.forEach((request, index) => this.addRequest(request, index));
    this.alternatives.settle();
  }

  /** The node that a literal selects; undefined for auxiliary literals. */
  nodeOf(literal: Literal): Node | undefined {
    return this.nodesByLiteral.get(literal);
  }

  /** Bytes on the disk that a literal selects at the least; none for one that selects nothing, such as a loss. */
  diskOf(literal: Literal): number {
    const node = this.nodesByLiteral.get(literal);
    return node === undefined ? 0 : this.group(nameOf(node)).weights.lightestOf(node);
  }

  isExpanded(literal: Literal): boolean {
    return this.expanded.has(literal) || !this.nodesByLiteral.has(literal);
  }

  /**
   * Adds the requirements of what literals select, and of what the search will meet these with most likely: a plan would
   * be found by steps of one requirement otherwise.
   */
  expand(literals: readonly Literal[]): void {
    const queue = [...literals];
    for (const literal of queue) {
      if (!this.expandOne(literal)) continue;
      for (const { candidates } of this.goals[literal] ?? []) {
        const [first = 0] = candidates;
        if (!candidates.some((candidate) => this.expanded.has(candidate))) queue.push(first);
      }
    }
    this.alternatives.settle();
  }

  /** Tells whether there was anything to do. */
  private expandOne(literal: Literal): boolean {
    const node = this.nodesByLiteral.get(literal);
    if (node === undefined || this.expanded.has(literal)) return false;
    this.expanded.add(literal);
    if (node.type === 'new') {
      for (const requirement of node.manifest.requires ?? []) {
        this.addRequirement(node, literal, requirement, requirement.optional === true);
      }
    } else if (literal === node.needed) {
      for (const requirement of node.package.manifest?.requires ?? []) {
        const soft = requirement.optional === true || !this.heldBefore(node.package, requirement);
        this.addRequirement(node, literal, requirement, soft);
      }
    }
    return true;
  }

  /** What could meet a demand on a name, in the order of preference. */
  candidates(name: string, range: string | undefined, side: Side): Candidates {
    const key = cacheKey(side, name, range);
    const known = this.candidateCache.get(key);
    if (known !== undefined) return known;
    const { facts, catalog } = this.input;
    let fixed = false;
    for (const fact of facts.fixed.values()) fixed ||= factMeets(fact, name, range);
    const list: Candidate[] = [];
    const add = (node: Node) => {
      const literal = node.type === 'new' ? node.selected : side === 'new' ? node.needed : node.stays;
      list.push({ literal, node });
    };
    const group = this.group(name);
    if (group.kept !== null && keptMeets(group.kept.package, name, range)) add(group.kept);
    for (const node of group.versions) if (artifactMeets(node.manifest, name, range)) add(node);
    let nodes: ReadonlyMap<ArtifactManifest | null, Node> = new Map();
    let nodesOf: string | null = null;
    for (const manifest of catalog.providersOf(name)) {
      if (manifest.name === name || !provides(manifest, name, range)) continue;
      // Providers come name by name.
      if (manifest.name !== nodesOf) nodes = nodesByManifest(this.group(manifest.name));
      nodesOf = manifest.name;
      const node = nodes.get(manifest);
      if (node !== undefined) add(node);
    }
    const result = { fixed, list };
    this.candidateCache.set(key, result);
    // Who relies on it tells only installed packages apart.
    if (list.every(({ node }) => node.type === 'new'))
      this.candidateCache.set(cacheKey(side === 'new' ? 'kept' : 'new', name, range), result);
    return result;
  }

  /** Tells whether a constraint is left out on purpose. */
  isIgnored(tag: ConstraintTag): boolean {
    return this.input.ignored?.has(tagKey(tag)) ?? false;
  }

  /** All that is known about a name, with variables for its versions. */
  group(name: string): NameGroup {
    const known = this.groups.get(name);
    if (known !== undefined) return known;
    const { facts, catalog } = this.input;
    const pack = this.installed.get(name);
    const kept = pack === undefined ? null : this.createKept(pack);
    const versions: NewNode[] = [];
    const rejected: { manifest: ArtifactManifest; rejection: Rejection }[] = [];
    for (const manifest of catalog.versionsOf(name)) {
      if (manifest.version === pack?.version) continue;
      const eligibility = eligibilityOf(manifest, facts);
      if (!eligibility.eligible) rejected.push({ manifest, rejection: eligibility.rejection });
      else {
        // The installed version counts among the newer ones: the gateway has it already.
        const behind = pack !== undefined && compareVersions(pack.version, manifest.version) > 0 ? 1 : 0;
        versions.push(this.createNew(manifest, versions.length + behind, eligibility.choices));
      }
    }
    const weights = new Weights(this.constraints, this.costs, kept, versions);
    const group: NameGroup = { name, kept, versions, rejected, weights };
    this.alternatives.add(name, weights);
    this.groups.set(name, group);
    const literals = versions.map(({ selected }) => selected);
    if (kept !== null) literals.unshift(kept.stays);
    if (literals.length > 1) this.constraints.addOneVersion(name, literals);
    for (const node of kept === null ? versions : [kept, ...versions]) this.conflicts.connect(node);
    if (facts.profile !== null && kept === null) this.addCommonNeeds(group);
    return group;
  }

  /** What all versions of a name require is there as soon as one of them is: so its weight is known early as well. */
  private addCommonNeeds(group: NameGroup): void {
    this.pending.push(group);
    // A chain of names may be longer than the call stack is deep.
    if (this.working) return;
    this.working = true;
    for (let next = this.pending.pop(); next !== undefined; next = this.pending.pop()) {
      for (const name of commonNeeds(next.versions, this.input)) {
        const needed = this.group(name).weights.present;
        this.constraints.addAuxiliary([not(next.weights.present), needed]);
      }
    }
    this.working = false;
  }

  private createNew(manifest: ArtifactManifest, age: number, choices: readonly VariantChoice[]): NewNode {
    const selected = this.constraints.newLiteral();
    const assumed = manifest.kind === 'hardware';
    let choiceLiterals: Literal[] | null = null;
    if (choices.length > 1) {
      choiceLiterals = choices.map(() => this.constraints.newLiteral());
      this.constraints.addAuxiliary([not(selected), ...choiceLiterals]);
      this.addGoal(selected, choiceLiterals);
    }
    const node: NewNode = { type: 'new', manifest, selected, age, choices, choiceLiterals, assumed };
    this.nodesByLiteral.set(selected, node);
    // The requests have criteria of their own.
    if (!this.isAskedFor(manifest)) this.costs.add('ages', selected, age);
    if (!assumed) this.costs.add('count', selected, 1);
    return node;
  }

  private isAskedFor(manifest: ArtifactManifest): boolean {
    return this.input.requests.some(({ name, range }) => artifactMeets(manifest, name, range));
  }

  private createKept(pack: InstalledPackage): KeptNode {
    const stays = this.constraints.newLiteral();
    const needed = this.constraints.newLiteral();
    this.constraints.addAuxiliary([not(needed), stays]);
    const node: KeptNode = { type: 'kept', package: pack, stays, needed };
    this.nodesByLiteral.set(stays, node);
    this.nodesByLiteral.set(needed, node);
    this.keptNodes.push(node);
    return node;
  }

  /** What an installed package stands for: it stays, is replaced or is lost, and what it needs stays with it. */
  private addKept(node: KeptNode): void {
    const { package: pack } = node;
    const group = this.group(pack.name);
    const changed = this.constraints.newLiteral();
    this.costs.add('disturbed', changed, 1);
    for (const { selected, manifest } of group.versions) {
      this.constraints.addAuxiliary([not(selected), changed]);
      // Dearer than to go without: no range names it, so nobody has asked for a prerelease in its place.
      if (!isUnaskedPrerelease(manifest, pack)) continue;
      this.costs.add('disturbed', selected, 1);
      if (pack.wanted && pack.removable) this.costs.add('taken', selected, 1);
    }
    const alternatives = [node.stays, ...group.versions.map(({ selected }) => selected)];
    if (!pack.removable && !this.isIgnored({ type: 'protected', package: pack })) {
      this.addHard([], [{ node }, ...group.versions.map((version) => ({ node: version }))], alternatives, {
        type: 'protected',
        package: pack,
      });
      this.rootGoals.push({ optional: false, candidates: alternatives });
    } else {
      const lost = this.constraints.newLiteral();
      this.costs.add('disturbed', lost, 1);
      this.costs.add('lost', lost, 1);
      if (pack.wanted) this.costs.add('taken', lost, 1);
      this.exits.set(node, { changed, lost: pack.wanted ? lost : null });
      const goal = [...alternatives, lost];
      if (pack.wanted) {
        this.constraints.addAuxiliary(goal);
        this.rootGoals.push({ optional: false, candidates: goal });
      } else if (this.unknownStays !== null) {
        this.constraints.addAuxiliary([not(this.unknownStays), ...goal]);
        this.addGoal(this.unknownStays, goal);
      }
    }
    this.expanded.add(node.stays);
    for (const requirement of pack.manifest?.requires ?? []) {
      if (!this.heldBefore(pack, requirement)) continue;
      this.addRequirement(node, node.stays, requirement, requirement.optional === true);
    }
  }

  /**
   * Nobody knows what a package needs that the catalog does not have: while one of these stays, so do dependencies.
   * @returns the literal that says that one of them stays; null when there is none
   */
  private addUnknown(): Literal | null {
    const unknown = this.keptNodes.filter(({ package: pack }) => pack.manifest === null && pack.wanted);
    if (unknown.length === 0) return null;
    const stays = this.constraints.newLiteral();
    for (const node of unknown) this.constraints.addAuxiliary([not(node.stays), stays]);
    return stays;
  }

  private addRequest(request: ArtifactRequest, index: number): void {
    const { fixed, list } = this.candidates(request.name, request.range, 'new');
    if (fixed) return;
    const ranked = rankNodes(
      request.name,
      list.map(({ node }) => node),
      (name) => this.group(name),
    );
    const literalOf = (node: Node) => (node.type === 'new' ? node.selected : node.needed);
    if (ranked.every(({ node }) => nameOf(node) === request.name)) {
      const literals = ranked.map(({ node }) => literalOf(node));
      this.requestChoices[index] = ranked.map(({ node }) => ({ node, literal: literalOf(node) }));
      this.addHard([], ranked, literals, { type: 'request', request });
      this.rootGoals.push({ optional: false, candidates: literals });
      literals.forEach((literal, rank) => this.costs.addRequest(index, literal, rank));
      return;
    }
    // Several may be present for other reasons; what counts is the one that the request settles for.
    const settled = ranked.map(({ node, rank }) => {
      const choice = this.constraints.newLiteral();
      this.constraints.addAuxiliary([not(choice), literalOf(node)]);
      this.costs.addRequest(index, choice, rank);
      return { node, literal: choice };
    });
    const choices = settled.map(({ literal }) => literal);
    this.requestChoices[index] = settled;
    this.constraints.add(choices, { type: 'request', request });
    this.rootGoals.push({ optional: false, candidates: choices });
  }

  private addRequirement(owner: Node, literal: Literal, requirement: Requirement, soft: boolean): void {
    if (this.isIgnored({ type: 'requires', owner, requirement })) return;
    const side: Side = owner.type === 'kept' && literal === owner.stays ? 'kept' : 'new';
    const met = new Map<Literal, Candidate>();
    for (const option of optionsOf(requirement)) {
      // An artifact may meet its own requirement.
      const itself = owner.type === 'new' ? owner.manifest : owner.package.manifest;
      if (itself !== null && artifactMeets(itself, option.name, option.version)) return;
      const { fixed, list } = this.candidates(option.name, option.version, side);
      if (fixed) return;
      for (const candidate of list) met.set(candidate.literal, candidate);
    }
    const found = [...met.values()];
    const candidates = found.toSorted(byPreference).map((candidate) => candidate.literal);
    if (!soft) {
      this.addHard([not(literal)], found, candidates, { type: 'requires', owner, requirement });
      this.addGoal(literal, candidates);
      return;
    }
    // What nothing on this gateway could ever meet is nobody's fault and costs nothing.
    if (candidates.length === 0) return;
    const unmet = this.constraints.newLiteral();
    this.constraints.addAuxiliary([not(literal), ...candidates, unmet]);
    this.addGoal(literal, [...candidates, unmet], true);
    this.costs.add('optional', unmet, 1);
  }

  /**
   * States that one of the candidates must hold once the owner does, and what follows for the disk.
   */
  private addHard(
    owner: readonly Literal[],
    found: readonly { readonly node: Node }[],
    candidates: readonly Literal[],
    tag: ConstraintTag,
  ): void {
    this.constraints.add([...owner, ...candidates], tag);
    const nodes = found.map(({ node }) => node);
    const [name, ...others] = new Set(nodes.map(nameOf));
    if (name === undefined) return;
    const certain =
      others.length === 0
        ? this.group(name).weights.certain(nodes)
        : this.alternatives.certain([name, ...others], nodes);
    if (certain !== null) this.constraints.add([...owner, certain], tag);
  }

  private addGoal(owner: Literal, candidates: readonly Literal[], optional = false): void {
    const goals = this.goals[owner];
    const goal = { optional, candidates };
    if (goals === undefined) this.goals[owner] = [goal];
    else goals.push(goal);
  }

  /** Tells whether a requirement of an installed package held before anything was planned. */
  private heldBefore(pack: InstalledPackage, requirement: Requirement): boolean {
    const { facts } = this.input;
    return optionsOf(requirement).some(
      ({ name, version }) =>
        [...facts.fixed.values()].some((fact) => factMeets(fact, name, version)) ||
        facts.installed.some((other) => keptMeets(other, name, version)) ||
        keptMeets(pack, name, version),
    );
  }
}

function cacheKey(side: Side, name: string, range: string | undefined): string {
  return `${side} ${name} ${range ?? ''}`;
}

function nodesByManifest({ kept, versions }: NameGroup): Map<ArtifactManifest | null, Node> {
  const nodes = new Map<ArtifactManifest | null, Node>(versions.map((node) => [node.manifest, node]));
  if (kept !== null) nodes.set(kept.package.manifest, kept);
  return nodes;
}

/** A prerelease that takes the place of a release, although its policy does not say that it may. */
function isUnaskedPrerelease(manifest: ArtifactManifest, pack: InstalledPackage): boolean {
  const isPrerelease = (version: string) => (parseVersion(version)?.prerelease.length ?? 0) > 0;
  return (
    isPrerelease(manifest.version) && !isPrerelease(pack.version) && manifest.policies?.prerelease !== true
  );
}

/** Installed first, then the least aged, then the smallest: where the search looks first, not what it settles for. */
function byPreference(left: Candidate, right: Candidate): number {
  return ageOf(left.node) - ageOf(right.node) || downloadOf(left.node) - downloadOf(right.node);
}

function ageOf(node: Node): number {
  return node.type === 'kept' ? -1 : node.age;
}

function downloadOf(node: Node): number {
  return node.type === 'kept' ? 0 : (node.choices[0]?.downloadSize ?? 0);
}
