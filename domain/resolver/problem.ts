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
import type { ArtifactManifest, NamedRange, Requirement } from '../artifact/manifest.js';
import type { ArtifactRequest } from '../plan/request.js';
import { Alternatives } from './alternatives.js';
import { CandidateIndex, Candidates, literalOf, type Side } from './candidates.js';
import type { Catalog } from './catalog.js';
import { ConstraintStore, type ConstraintTag } from './constraint-store.js';
import { CostLayers } from './cost-layers.js';
import { artifactMeets, factMeets, type GatewayFacts, type InstalledPackage } from './gateway-facts.js';
import { Goals } from './goals.js';
import { NameGroups, type NameGroup } from './name-groups.js';
import { keptMeets, nameOf, optionsOf, type KeptNode, type Node } from './nodes.js';
import { rankNodes } from './request-ranks.js';
import { not, type Literal } from './solver/literal.js';
import { tagKey } from './tag-key.js';
import { versionOf as parseVersion } from './versions.js';

export interface ProblemInput {
  readonly catalog: Catalog;
  readonly facts: GatewayFacts;
  readonly requests: readonly ArtifactRequest[];
  /** Whether an older version is preferred to a plan that takes away what an operator asked for; by default it is. */
  readonly allowRemove?: boolean;
  /** Whether what is requested may come in an older version than the gateway has; by default it may. */
  readonly allowDowngrade?: boolean;
  /** Constraints ({@link tagKey}) and barriers to leave out: what would be if something did not stand in the way. */
  readonly ignored?: ReadonlySet<string>;
}

export class Problem {
  readonly constraints: ConstraintStore;
  readonly costs: CostLayers;
  readonly goals = new Goals();
  /** By request: what can meet it, the best first, and the literal that settles for it; none for a fixed fact. */
  readonly requestChoices: (readonly { readonly node: Node; readonly literal: Literal }[])[] = [];
  /** By installed package that may go: what is true when another version takes its place, and when none does. */
  readonly exits = new Map<KeptNode, { readonly changed: Literal; readonly lost: Literal | null }>();

  private readonly names: NameGroups;
  private readonly candidates: CandidateIndex;
  private readonly alternatives: Alternatives;
  private readonly unknownStays: Literal | null;
  private readonly expanded: boolean[] = [];

  constructor(readonly input: ProblemInput) {
    const { facts, requests } = input;
    const { goals } = this;
    const constraints = (this.constraints = new ConstraintStore(facts));
    const costs = (this.costs = new CostLayers(requests.length, input.allowRemove ?? false));
    const alternatives = (this.alternatives = new Alternatives(constraints));
    const isIgnored = (tag: ConstraintTag) => this.isIgnored(tag);
    this.names = new NameGroups({ input, constraints, costs, goals, alternatives, isIgnored });
    this.candidates = new CandidateIndex(input, this.names);
    for (const { name } of facts.installed) this.group(name);
    this.unknownStays = this.addUnknown();
    for (const node of this.keptNodes) this.addKept(node);
    requests.forEach((request, index) => this.addRequest(request, index));
    this.alternatives.settle();
  }

  get keptNodes(): readonly KeptNode[] {
    return this.names.keptNodes;
  }

  /** Whether there may be circles that no order of installation serves (script-circles.ts). */
  get hasScripts(): boolean {
    return this.names.scripts > 1;
  }

  /** Names that have come up. */
  get groups(): ReadonlyMap<string, NameGroup> {
    return this.names.byName;
  }

  /** All that is known about a name, with variables for its versions. */
  group(name: string): NameGroup {
    return this.names.of(name);
  }

  /** The node that a literal selects; undefined for auxiliary literals. */
  nodeOf(literal: Literal): Node | undefined {
    return this.names.nodeOf(literal);
  }

  /** Bytes on the disk that a literal selects at the least; none for one that selects nothing, such as a loss. */
  diskOf(literal: Literal): number {
    const node = this.nodeOf(literal);
    return node === undefined ? 0 : this.group(nameOf(node)).weights.lightestOf(node);
  }

  isExpanded(literal: Literal): boolean {
    return this.expanded[literal] === true || this.nodeOf(literal) === undefined;
  }

  /**
   * Adds the requirements of what literals select, and of what the search will meet these with most likely: a plan would
   * be found by steps of one requirement otherwise.
   */
  expand(literals: readonly Literal[]): void {
    const queue = [...literals];
    for (const literal of queue) {
      if (!this.expandOne(literal)) continue;
      for (const { candidates } of this.goals.of(literal)) {
        const [first = 0] = candidates;
        if (!candidates.some((candidate) => this.expanded[candidate] === true)) queue.push(first);
      }
    }
    this.alternatives.settle();
  }

  /** What could meet a demand, or one of several. */
  candidatesFor(...options: readonly NamedRange[]): Candidates {
    return this.candidates.of(options);
  }

  /** Tells whether a constraint is left out on purpose. */
  isIgnored(tag: ConstraintTag): boolean {
    return this.input.ignored?.has(tagKey(tag)) ?? false;
  }

  /** Tells whether there was anything to do. */
  private expandOne(literal: Literal): boolean {
    const node = this.nodeOf(literal);
    if (node === undefined || this.expanded[literal] === true) return false;
    this.expanded[literal] = true;
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
      const versions = new Candidates(false, [node, ...group.versions]);
      this.addHard([], versions, alternatives, { type: 'protected', package: pack });
      this.goals.roots.push({ optional: false, candidates: alternatives });
    } else {
      const lost = this.constraints.newLiteral();
      this.costs.add('disturbed', lost, 1);
      this.costs.add('lost', lost, 1);
      if (pack.wanted) this.costs.add('taken', lost, 1);
      this.exits.set(node, { changed, lost: pack.wanted ? lost : null });
      const goal = [...alternatives, lost];
      if (pack.wanted) {
        this.constraints.addAuxiliary(goal);
        this.goals.roots.push({ optional: false, candidates: goal });
      } else if (this.unknownStays !== null) {
        this.constraints.addAuxiliary([not(this.unknownStays), ...goal]);
        this.goals.add(this.unknownStays, goal);
      }
    }
    this.expanded[node.stays] = true;
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
    const found = this.candidatesFor({ name: request.name, version: request.range });
    if (found.fixed) return;
    const ranked = rankNodes(request.name, found.nodes, (name) => this.group(name));
    if (ranked.every(({ node }) => nameOf(node) === request.name)) {
      const literals = ranked.map(({ node }) => literalOf(node, 'new'));
      this.requestChoices[index] = ranked.map(({ node }) => ({ node, literal: literalOf(node, 'new') }));
      this.addHard([], found, literals, { type: 'request', request });
      this.goals.roots.push({ optional: false, candidates: literals });
      literals.forEach((literal, rank) => this.costs.addRequest(index, literal, rank));
      return;
    }
    // Several may be present for other reasons; what counts is the one that the request settles for.
    const settled = ranked.map(({ node, rank }) => {
      const choice = this.constraints.newLiteral();
      this.constraints.addAuxiliary([not(choice), literalOf(node, 'new')]);
      this.costs.addRequest(index, choice, rank);
      return { node, literal: choice };
    });
    const choices = settled.map(({ literal }) => literal);
    this.requestChoices[index] = settled;
    this.constraints.add(choices, { type: 'request', request });
    this.goals.roots.push({ optional: false, candidates: choices });
  }

  private addRequirement(owner: Node, literal: Literal, requirement: Requirement, soft: boolean): void {
    if (this.isIgnored({ type: 'requires', owner, requirement })) return;
    const options = optionsOf(requirement);
    // An artifact may meet its own requirement.
    const itself = owner.type === 'new' ? owner.manifest : owner.package.manifest;
    if (itself !== null && options.some(({ name, version }) => artifactMeets(itself, name, version))) return;
    const found = this.candidatesFor(...options);
    if (found.fixed) return;
    const side: Side = owner.type === 'kept' && literal === owner.stays ? 'kept' : 'new';
    const candidates = found.literals(side);
    if (!soft) {
      this.addHard([not(literal)], found, candidates, { type: 'requires', owner, requirement });
      this.goals.add(literal, candidates);
      return;
    }
    // What nothing on this gateway could ever meet is nobody's fault and costs nothing.
    if (candidates.length === 0) return;
    const unmet = this.constraints.newLiteral();
    this.constraints.addAuxiliary([not(literal), ...candidates, unmet]);
    this.goals.add(literal, [...candidates, unmet], true);
    this.costs.add('optional', unmet, 1);
  }

  /** States that one of the candidates must hold once the owner does, and what follows for the disk. */
  private addHard(
    owner: readonly Literal[],
    found: Candidates,
    literals: readonly Literal[],
    tag: ConstraintTag,
  ): void {
    this.constraints.add([...owner, ...literals], tag);
    // What a single one takes follows from itself.
    if (literals.length < 2) return;
    const certain = this.certain(found);
    if (certain !== null) this.constraints.add([...owner, certain], tag);
  }

  private certain(found: Candidates): Literal | null {
    if (found.certain === undefined) {
      const [first] = found.nodes;
      const name = first === undefined ? '' : nameOf(first);
      found.certain = found.nodes.every((node) => nameOf(node) === name)
        ? this.group(name).weights.certain(found.nodes)
        : this.alternatives.certain([...new Set(found.nodes.map(nameOf))], found.nodes);
    }
    return found.certain;
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

/** A prerelease that takes the place of a release, although its policy does not say that it may. */
function isUnaskedPrerelease(manifest: ArtifactManifest, pack: InstalledPackage): boolean {
  const isPrerelease = (version: string) => (parseVersion(version)?.prerelease.length ?? 0) > 0;
  return (
    isPrerelease(manifest.version) && !isPrerelease(pack.version) && manifest.policies?.prerelease !== true
  );
}
