import type { ArtifactManifest, NamedRange } from '../artifact/manifest.js';
import { artifactMeets, factMeets, provides } from './gateway-facts.js';
import type { NameGroup, NameGroups } from './name-groups.js';
import { keptMeets, type Node } from './nodes.js';
import type { ProblemInput } from './problem.js';
import type { Literal } from './solver/literal.js';

/** Who relies on what meets a demand: what is new needs it, what is kept only wants it to stay. */
export type Side = 'new' | 'kept';

/** What could meet a demand. Requirements that say the same share one. */
export class Candidates {
  /** What is certain once one of them is there ({@link Problem}); undefined until somebody asked. */
  certain: Literal | null | undefined = undefined;
  private preferred: readonly Node[] | null = null;
  private asNew: readonly Literal[] | null = null;
  private asKept: readonly Literal[] | null = null;

  /**
   * @param fixed a fact of the gateway meets the demand: there is nothing to do
   * @param nodes in the order of the options, the named one before its providers, newest first
   */
  constructor(
    readonly fixed: boolean,
    readonly nodes: readonly Node[],
  ) {}

  /** Installed first, then the least aged, then the smallest: where the search looks first, not what it settles for. */
  literals(side: Side): readonly Literal[] {
    // Who relies on it tells only installed packages apart.
    if (side === 'new' || this.nodes.every(({ type }) => type === 'new'))
      return (this.asNew ??= this.inOrder('new'));
    return (this.asKept ??= this.inOrder('kept'));
  }

  private inOrder(side: Side): readonly Literal[] {
    this.preferred ??= isInOrder(this.nodes) ? this.nodes : this.nodes.toSorted(byPreference);
    return this.preferred.map((node) => literalOf(node, side));
  }
}

/** Finds what could meet demands, each once. */
export class CandidateIndex {
  private readonly known = new Map<string, Candidates>();

  constructor(
    private readonly input: ProblemInput,
    private readonly groups: NameGroups,
  ) {}

  /** @param options a demand, or several of which one suffices */
  of(options: readonly NamedRange[]): Candidates {
    const [first] = options;
    const key = options.length === 1 && first !== undefined ? keyOf(first) : options.map(keyOf).join(' or ');
    let found = this.known.get(key);
    if (found === undefined) {
      found = options.length === 1 && first !== undefined ? this.find(first) : this.join(options);
      this.known.set(key, found);
    }
    return found;
  }

  private join(options: readonly NamedRange[]): Candidates {
    const all = options.map((option) => this.of([option]));
    return new Candidates(
      all.some(({ fixed }) => fixed),
      [...new Set(all.flatMap(({ nodes }) => nodes))],
    );
  }

  private find({ name, version }: NamedRange): Candidates {
    const { facts, catalog } = this.input;
    let fixed = false;
    for (const fact of facts.fixed.values()) fixed ||= factMeets(fact, name, version);
    const nodes: Node[] = [];
    const group = this.groups.of(name);
    if (group.kept !== null && keptMeets(group.kept.package, name, version)) nodes.push(group.kept);
    for (const node of group.versions) if (artifactMeets(node.manifest, name, version)) nodes.push(node);
    let providers: ReadonlyMap<ArtifactManifest | null, Node> = new Map();
    let providersOf: string | null = null;
    for (const manifest of catalog.providersOf(name)) {
      if (manifest.name === name || !provides(manifest, name, version)) continue;
      // Providers come name by name.
      if (manifest.name !== providersOf) providers = nodesByManifest(this.groups.of(manifest.name));
      providersOf = manifest.name;
      const node = providers.get(manifest);
      if (node !== undefined) nodes.push(node);
    }
    return new Candidates(fixed, nodes);
  }
}

/** The literal that a requirement of something asks for. */
export function literalOf(node: Node, side: Side): Literal {
  if (node.type === 'new') return node.selected;
  return side === 'new' ? node.needed : node.stays;
}

function keyOf({ name, version }: NamedRange): string {
  return `${name} ${version ?? ''}`;
}

function nodesByManifest({ kept, versions }: NameGroup): Map<ArtifactManifest | null, Node> {
  const nodes = new Map<ArtifactManifest | null, Node>(versions.map((node) => [node.manifest, node]));
  if (kept !== null) nodes.set(kept.package.manifest, kept);
  return nodes;
}

function byPreference(left: Node, right: Node): number {
  return ageOf(left) - ageOf(right) || downloadOf(left) - downloadOf(right);
}

/** As the versions of one name mostly are. */
function isInOrder(nodes: readonly Node[]): boolean {
  return nodes.every((node, index) => index === 0 || byPreference(nodes[index - 1] ?? node, node) <= 0);
}

function ageOf(node: Node): number {
  return node.type === 'kept' ? -1 : node.age;
}

function downloadOf(node: Node): number {
  return node.type === 'kept' ? 0 : (node.choices[0]?.downloadSize ?? 0);
}
