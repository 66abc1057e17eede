/**
 * A current solver as WebAssembly, for comparison: clingo, where the package `clingo-wasm` is installed beside the
 * others (`npm install --no-save clingo-wasm`). It is given what the resolver's oracle is given: is there any plan?
 */
import semver from 'semver';
import type { ArtifactManifest, NamedRange } from '../../domain/artifact/manifest.js';

interface Clingo {
  readonly run: (program: string, models: number) => Promise<{ Result: string }>;
}

/** Null when it is not installed. */
export async function loadClingo(): Promise<Clingo | null> {
  const name = 'clingo-wasm';
  try {
    const { run } = (await import(name)) as Clingo;
    // The first run starts it.
    await run('a.', 1);
    return { run };
  } catch {
    return null;
  }
}

/** The catalog as a logic program: requirements, conflicts, and one version of a name. */
export function programOf(manifests: readonly ArtifactManifest[], requested: string): string {
  const numbers = new Map(manifests.map((manifest, index) => [manifest, index]));
  const bearing = new Map<string, { manifest: ArtifactManifest; version: string }[]>();
  for (const manifest of manifests) {
    for (const { name, version } of [manifest, ...(manifest.provides ?? [])])
      bearing.set(name, [...(bearing.get(name) ?? []), { manifest, version }]);
  }
  const atom = (manifest: ArtifactManifest) => `x(${numbers.get(manifest) ?? 0})`;
  const meeting = ({ name, version }: NamedRange) =>
    (bearing.get(name) ?? [])
      .filter((entry) => semver.satisfies(entry.version, version ?? '*'))
      .map(({ manifest }) => manifest);
  const oneOf = (found: readonly ArtifactManifest[]) => found.map((other) => `not ${atom(other)}`).join(', ');
  const lines = [`{ x(0..${manifests.length - 1}) }.`, `:- ${oneOf(meeting({ name: requested }))}.`];
  for (const manifest of manifests) {
    for (const requirement of manifest.requires ?? []) {
      const options = 'anyOf' in requirement ? requirement.anyOf : [requirement];
      lines.push(
        `:- ${[atom(manifest), oneOf(options.flatMap(meeting))].filter((text) => text !== '').join(', ')}.`,
      );
    }
    for (const conflict of manifest.conflicts ?? []) {
      for (const other of meeting(conflict))
        if (other.name !== manifest.name) lines.push(`:- ${atom(manifest)}, ${atom(other)}.`);
    }
  }
  const byName = new Map<string, string[]>();
  for (const manifest of manifests)
    byName.set(manifest.name, [...(byName.get(manifest.name) ?? []), atom(manifest)]);
  for (const atoms of byName.values()) if (atoms.length > 1) lines.push(`:- 2 { ${atoms.join('; ')} }.`);
  return lines.join('\n');
}
