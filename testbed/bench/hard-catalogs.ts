/** Catalogs that keep a resolver busy, a family each, the same on every run. */
import type { ArtifactManifest } from '../../domain/artifact/manifest.js';
import type { GatewayProfile } from '../../domain/gateway/profile.js';
import { numbers } from './large-catalog.js';

/** What is asked for in each of them. */
export const hardRequest = 'app';

function library(name: string, major: number, sketch: Partial<ArtifactManifest> = {}): ArtifactManifest {
  return { name, version: `${major}.0.0`, kind: 'library', ...sketch };
}

function application(requires: readonly string[]): ArtifactManifest {
  return {
    name: hardRequest,
    version: '1.0.0',
    kind: 'application',
    requires: requires.map((name) => ({ name })),
  };
}

const named = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

/**
 * Every version of every name has requirements of windows of three versions; one choice of versions is made to satisfy
 * them all.
 */
export function windows(
  names: number,
  versions: number,
  requirements: number,
  seed: number,
): ArtifactManifest[] {
  const width = 3;
  const random = numbers(seed);
  const pick = (count: number) => Math.floor(random() * count);
  const solution = Array.from({ length: names }, () => 1 + pick(versions));
  const manifests = [application(named('n', names))];
  for (let index = 0; index < names; index += 1) {
    for (let version = 1; version <= versions; version += 1) {
      const requires = Array.from({ length: requirements }, () => {
        const target = (index + 1 + pick(names - 1)) % names;
        const chosen = solution[target] ?? 1;
        const free = 1 + pick(versions - width + 1);
        const around = Math.min(versions - width + 1, Math.max(1, chosen - pick(width)));
        const lowest = version === solution[index] ? around : free;
        return { name: `n${target}`, version: `>=${lowest} <${lowest + width}` };
      });
      manifests.push(library(`n${index}`, version, { requires }));
    }
  }
  return manifests;
}

/** Names that exclude each other in each of their versions, of which there is one too few. */
export function pigeonhole(count: number): ArtifactManifest[] {
  const names = named('p', count);
  const manifests = [application(names)];
  for (const name of names) {
    for (let hole = 1; hole < count; hole += 1)
      manifests.push(
        library(name, hole, { conflicts: names.map((other) => ({ name: other, version: `${hole}.x` })) }),
      );
  }
  return manifests;
}

/** Names of which each requires the next, in any of its versions. */
export function chain(names: number, versions: number): ArtifactManifest[] {
  const manifests = [application(['n0'])];
  for (let index = 0; index < names; index += 1) {
    const requires = index + 1 < names ? { requires: [{ name: `n${index + 1}` }] } : {};
    for (let version = 1; version <= versions; version += 1)
      manifests.push(library(`n${index}`, version, requires));
  }
  return manifests;
}

/** Names of which all can be reached, each requiring some of the next ones in a version or a newer one. */
export function reachable(names: number, versions: number): ArtifactManifest[] {
  const random = numbers(5);
  const manifests = [application(['n0'])];
  for (let index = 0; index < names; index += 1) {
    for (let version = 1; version <= versions; version += 1) {
      const requires = Array.from({ length: 4 }, () => ({
        name: `n${Math.min(names - 1, index + 1 + Math.floor(random() * 30))}`,
        version: `>=${1 + Math.floor(random() * version)}`,
      })).filter(({ name }) => name !== `n${index}`);
      manifests.push(library(`n${index}`, version, { requires, variants: [{ size: 10 }] }));
    }
  }
  return manifests;
}

/** One name in many versions, and a name that many provide. */
export function crowd(count: number): ArtifactManifest[] {
  const provides = [{ name: 'bus', version: '1.0.0' }];
  return [
    application(['one', 'bus']),
    ...Array.from({ length: count }, (_, index) => library('one', index + 1)),
    ...named('bus-', count).map((name, index) => library(name, 1, { provides, variants: [{ size: index }] })),
  ];
}

export interface Removals {
  readonly manifests: readonly ArtifactManifest[];
  readonly gateway: GatewayProfile;
  /** As few as have to go. */
  readonly fewest: number;
}

/** An application for which some of many packages have to go. */
export function removals(packages: number): Removals {
  const random = numbers(packages);
  const sizes = Array.from({ length: packages }, () => Math.round(40_000 + 330_000 * random()));
  const diskFree = 20_000;
  const peak = diskFree + Math.round(sizes.reduce((sum, size) => sum + size, 0) * 0.45);
  let [free, fewest] = [diskFree, 0];
  for (const size of sizes.toSorted((left, right) => right - left)) {
    if (free >= peak) break;
    free += size;
    fewest += 1;
  }
  return {
    manifests: [{ ...application([]), variants: [{ size: 1, installedSize: peak - 1 }] }],
    gateway: {
      id: 'bench',
      hardware: { arch: 'armv7', diskFree },
      software: { os: 'linux' },
      installed: sizes.map((installedSize, index) => ({
        name: `old-${index}`,
        version: '1.0.0',
        installedSize,
      })),
    },
    fewest,
  };
}

/** Choices between what takes disk and what takes memory, on a gateway with half of both. */
export function halves(choices: number): { manifests: readonly ArtifactManifest[]; gateway: GatewayProfile } {
  const random = numbers(choices);
  const weights = Array.from({ length: choices }, () => (1 + Math.floor(random() * 999)) * 4_096);
  const half = Math.floor(weights.reduce((sum, weight) => sum + weight, 0) / 2);
  const part = (name: string, installedSize: number, memory: number) =>
    library(name, 1, { variants: [{ size: 1, installedSize, memory }] });
  const puzzle: ArtifactManifest = {
    ...application([]),
    requires: weights.map((_, index) => ({
      anyOf: [{ name: `disk-${index}` }, { name: `memory-${index}` }],
    })),
  };
  return {
    manifests: [
      puzzle,
      ...weights.flatMap((weight, index) => [
        part(`disk-${index}`, weight, 1),
        part(`memory-${index}`, 1, weight),
      ]),
    ],
    gateway: {
      id: 'bench',
      hardware: { arch: 'armv7', diskFree: half, memoryFree: half },
      software: { os: 'linux' },
    },
  };
}
