/**
 * A current solver as WebAssembly, for comparison: clingo. It is given what the resolver's oracle is given: is there any
 * plan?
 */
import semver from 'semver';
import type { ArtifactManifest, NamedRange } from '../../domain/artifact/manifest.js';
import type { Room } from '../../domain/resolver/testing/logic-oracle.js';
import type { Timed } from './timed.js';

/** Whether a logic program has a model, and the processor time that took. */
type Clingo = (program: string) => Promise<Timed<boolean>>;

/** Null when it is not installed: it is a development dependency. */
export async function loadClingo(): Promise<Clingo | null> {
  const found = await import('clingo-wasm').catch(() => null);
  if (found === null) return null;
  const { run } = found.default;
  const solve: Clingo = async (program) => {
    const before = process.cpuUsage();
    const { Result: result } = await run(program, 1);
    const { user, system } = process.cpuUsage(before);
    if (result !== 'SATISFIABLE' && result !== 'UNSATISFIABLE') throw new Error(`clingo says ${result}`);
    return { value: result === 'SATISFIABLE', ms: (user + system) / 1_000 };
  };
  // The first run starts it.
  await solve('a.');
  return solve;
}

/** The catalog as a logic program: requirements, conflicts, one version of a name, and what there is room for. */
export function programOf(manifests: readonly ArtifactManifest[], requested: string, room: Room): string {
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
  return [...lines, ...roomLines(manifests, atom, room)].join('\n');
}

function roomLines(
  manifests: readonly ArtifactManifest[],
  atom: (manifest: ArtifactManifest) => string,
  { diskFree, memoryFree, installed = [], removals = installed.length }: Room,
): string[] {
  const lines: string[] = [];
  const within = (weights: readonly string[], bound: number) => {
    if (weights.length > 0) lines.push(`:- #sum { ${weights.join('; ')} } > ${bound}.`);
  };
  const weighed = (weigh: (manifest: ArtifactManifest) => number) =>
    manifests.map((manifest, index) => `${weigh(manifest)},${index} : ${atom(manifest)}`);
  if (installed.length > 0) lines.push(`{ kept(0..${installed.length - 1}) }.`);
  const kept = installed.map(
    ({ installedSize = 0 }, index) => `${installedSize},k(${index}) : kept(${index})`,
  );
  const size = ({ variants: [first] = [] }: ArtifactManifest) =>
    (first?.size ?? 0) + (first?.installedSize ?? first?.size ?? 0);
  const all = installed.reduce((sum, { installedSize = 0 }) => sum + installedSize, 0);
  if (diskFree !== undefined) within([...weighed(size), ...kept], diskFree + all);
  if (memoryFree !== undefined)
    within(
      weighed(({ variants: [first] = [] }) => first?.memory ?? 0),
      memoryFree,
    );
  within(
    installed.map((_, index) => `1,${index} : not kept(${index})`),
    removals,
  );
  return lines;
}
