/**
 * A second judge, for catalogs too large to try everything: the plain encoding of a resolution for an independent
 * solver. Of installed packages it knows what they take, not what they need, and answers only whether there is a plan.
 */
import Logic from 'logic-solver';
import semver from 'semver';
import type { ArtifactManifest, NamedRange, Variant } from '../../artifact/manifest.js';
import type { ArtifactRequest } from '../../plan/request.js';

const key = ({ name, version }: ArtifactManifest) => `${name}@${version}`;

/** What there is room for, in bytes; each artifact takes what its first variant does. */
export interface Room {
  readonly diskFree?: number;
  readonly memoryFree?: number;
  /** Packages that may go to make room; the catalog knows none of them. */
  readonly installed?: readonly { readonly name: string; readonly installedSize?: number }[];
  /** How many of them may go. */
  readonly removals?: number;
}

/**
 * @param arch of the gateway; variants for others, and those that demand more than arch and os, count as not there.
 *   Nothing else is known of the gateway but that it has this architecture and Linux
 */
export function hasPlan(
  artifacts: readonly ArtifactManifest[],
  requests: readonly ArtifactRequest[],
  arch: string,
  room: Room = {},
): boolean {
  const isFact = ({ name, version = '' }: NamedRange) =>
    (name === arch || name === 'linux') && (version === '' || version === '*');
  const runs = ({ platform }: Variant) =>
    (platform?.arch ?? arch) === arch && platform?.libc === undefined && platform?.kernel === undefined;
  const usable = artifacts.filter(
    ({ kind, variants, conflicts }) =>
      kind !== 'hardware' && (variants?.some(runs) ?? true) && !(conflicts?.some(isFact) ?? false),
  );
  const byName = new Map<string, ArtifactManifest[]>();
  const bearing = new Map<string, { manifest: ArtifactManifest; version: string }[]>();
  const bear = (name: string, manifest: ArtifactManifest, version: string) => {
    bearing.set(name, [...(bearing.get(name) ?? []), { manifest, version }]);
  };
  for (const manifest of usable) {
    byName.set(manifest.name, [...(byName.get(manifest.name) ?? []), manifest]);
    bear(manifest.name, manifest, manifest.version);
    for (const { name, version } of manifest.provides ?? []) bear(name, manifest, version);
  }
  const meeting = ({ name, version }: NamedRange) =>
    (bearing.get(name) ?? [])
      .filter((entry) => semver.satisfies(entry.version, version ?? '*'))
      .map((entry) => entry.manifest);

  const solver = new Logic.Solver();
  for (const versions of byName.values()) solver.require(Logic.atMostOne(versions.map(key)));
  for (const { name, range } of requests)
    solver.require(Logic.or(meeting({ name, version: range }).map(key)));
  for (const manifest of usable) {
    for (const requirement of manifest.requires ?? []) {
      if (requirement.optional === true) continue;
      const options = 'anyOf' in requirement ? requirement.anyOf : [requirement];
      if (options.some(isFact)) continue;
      solver.require(Logic.implies(key(manifest), Logic.or(options.flatMap(meeting).map(key))));
    }
    for (const conflict of manifest.conflicts ?? []) {
      for (const other of meeting(conflict)) {
        if (other.name === manifest.name) continue;
        solver.require(Logic.or(Logic.not(key(manifest)), Logic.not(key(other))));
      }
    }
  }
  requireRoom(solver, usable, room);
  return solver.solve() !== null;
}

function requireRoom(
  solver: InstanceType<typeof Logic.Solver>,
  usable: readonly ArtifactManifest[],
  { diskFree, memoryFree, installed = [], removals = installed.length }: Room,
): void {
  const takes = ({ variants: [first] = [] }: ArtifactManifest) => ({
    disk: (first?.size ?? 0) + (first?.installedSize ?? first?.size ?? 0),
    memory: first?.memory ?? 0,
  });
  const within = (terms: readonly string[], weights: readonly number[], bound: number) =>
    solver.require(Logic.lessThanOrEqual(Logic.weightedSum(terms, weights), Logic.constantBits(bound)));
  const kept = installed.map(({ name }) => `installed ${name}`);
  const sizes = installed.map(({ installedSize = 0 }) => installedSize);
  if (diskFree !== undefined) {
    const all = diskFree + sizes.reduce((sum, size) => sum + size, 0);
    within([...usable.map(key), ...kept], [...usable.map((manifest) => takes(manifest).disk), ...sizes], all);
  }
  if (memoryFree !== undefined) {
    const weights = usable.map((manifest) => takes(manifest).memory);
    within(usable.map(key), weights, memoryFree);
  }
  if (kept.length > 0)
    solver.require(
      Logic.lessThanOrEqual(Logic.sum(kept.map((term) => Logic.not(term))), Logic.constantBits(removals)),
    );
}
