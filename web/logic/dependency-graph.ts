/** Who needs whom among artifacts: what one needs, and what needs it, over some steps. */
import semver from 'semver';
import type { Schemas } from '../api/queries.js';

type Artifact = Schemas['Artifact'];
type Requirement = NonNullable<Artifact['manifest']['requires']>[number];

export interface GraphNode {
  /** Name of the artifact, or of what nobody in the catalog is called. */
  readonly name: string;
  /** The newest version that is looked at; null for what the gateway itself must have. */
  readonly version: string | null;
  readonly isCentre: boolean;
}

export interface GraphEdge {
  /** Needs `to`. */
  readonly from: string;
  readonly to: string;
  readonly range: string;
  readonly optional: boolean;
}

export interface DependencyGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Nodes that are left out since there are too many. */
  readonly leftOut: number;
}

/** More cannot be looked at in one picture. */
const mostNodes = 40;

/**
 * @param artifacts of each name the newest counts
 * @param centre the one that is looked at; it counts for its name
 */
export function dependencyGraph(artifacts: readonly Artifact[], centre: Artifact): DependencyGraph {
  const newest = new Map<string, Artifact>();
  for (const artifact of artifacts) {
    const before = newest.get(artifact.name);
    if (before === undefined || semver.gt(artifact.version, before.version))
      newest.set(artifact.name, artifact);
  }
  newest.set(centre.name, centre);
  const providers = providersOf([...newest.values()]);
  const needed = reach([centre.name], (name) => needsOf(newest.get(name), providers).map(({ to }) => to));
  const needing = reach([centre.name], (name) =>
    [...newest.values()]
      .filter((artifact) => needsOf(artifact, providers).some(({ to }) => to === name))
      .map((artifact) => artifact.name),
  );
  const all = [...new Set([...needed, ...needing])];
  const names = new Set(all.slice(0, mostNodes));
  const edges = [...names]
    .flatMap((name) => needsOf(newest.get(name), providers))
    .filter(({ from, to }) => from !== to && names.has(from) && names.has(to))
    .filter(({ from, to }) => (needed.has(from) && needed.has(to)) || (needing.has(from) && needing.has(to)));
  return {
    nodes: [...names].map((name) => ({
      name,
      version: newest.get(name)?.version ?? null,
      isCentre: name === centre.name,
    })),
    edges,
    leftOut: all.length - names.size,
  };
}

/** Names of artifacts by what they provide. */
function providersOf(artifacts: readonly Artifact[]): ReadonlyMap<string, string[]> {
  const providers = new Map<string, string[]>();
  for (const { name, manifest } of artifacts)
    for (const { name: provided } of manifest.provides ?? [])
      providers.set(provided, [...(providers.get(provided) ?? []), name]);
  return providers;
}

function needsOf(artifact: Artifact | undefined, providers: ReadonlyMap<string, string[]>): GraphEdge[] {
  if (artifact === undefined) return [];
  return (artifact.manifest.requires ?? []).flatMap((requirement) =>
    alternativesOf(requirement).flatMap(({ name, version = '' }) =>
      (providers.get(name) ?? [name]).map((to) => ({
        from: artifact.name,
        to,
        range: to === name ? version : `${name} ${version}`.trim(),
        optional: requirement.optional === true,
      })),
    ),
  );
}

function alternativesOf(requirement: Requirement): readonly { name: string; version?: string }[] {
  return 'anyOf' in requirement ? requirement.anyOf : [requirement];
}

/** All that can be reached, nearest first. */
function reach(from: readonly string[], next: (name: string) => readonly string[]): ReadonlySet<string> {
  const seen = new Set(from);
  for (const name of seen) for (const other of next(name)) seen.add(other);
  return seen;
}
