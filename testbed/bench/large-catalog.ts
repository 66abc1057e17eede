/** A catalog of a size and shape as a large fleet has, the same on every run. */
import type { ArtifactManifest, Requirement, Variant } from '../../domain/artifact/manifest.js';

/** A small generator of numbers from 0 to 1 (mulberry32): a benchmark must not depend on luck. */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const arches = ['armv7', 'aarch64', 'mips', 'x86_64'] as const;

/**
 * Artifacts in layers, as they are found: applications need libraries, libraries need libraries of lower layers, the
 * lowest are popular. Requirements are caret ranges of what was newest when the version was published, some have
 * alternatives or are optional; some artifacts provide a common name or conflict with a neighbour.
 */
export function largeCatalog(names: number, versions: number, seed = 1): ArtifactManifest[] {
  const random = numbers(seed);
  const pick = (from: number, to: number) => from + Math.floor(random() * (to - from));
  const manifests: ArtifactManifest[] = [];
  for (let index = 0; index < names; index += 1) {
    const slots = Array.from({ length: pick(0, 5) }, () => pickLower(index, names, random));
    // Versions of an artifact resemble each other in size.
    const base = Math.round(1_000 * 200 ** random());
    for (let version = 0; version < versions; version += 1) {
      const requires = slots
        .filter((target) => target !== null)
        .map((target) => requirement(target, version, versions, random, pickLower(index, names, random)));
      manifests.push({
        name: nameOf(index),
        version: versionAt(version),
        kind: index < names / 10 ? 'application' : 'library',
        ...(requires.length === 0 ? {} : { requires }),
        ...(index % 50 === 7
          ? { provides: [{ name: `interface-${index % 500}`, version: versionAt(version) }] }
          : {}),
        ...(index % 40 === 3
          ? { conflicts: [{ name: nameOf(index + 1), version: `<${versionAt(1)}` }] }
          : {}),
        variants: arches.slice(0, index % 97 === 0 ? 2 : 4).map((arch): Variant => ({
          platform: { arch, os: 'linux' },
          size: Math.round(base * (0.9 + 0.2 * random())),
        })),
      });
    }
  }
  return manifests;
}

export function nameOf(index: number): string {
  return `artifact-${index}`;
}

/** 1.0.0, 1.1.0, ... with a new major version after every fifth. */
function versionAt(index: number): string {
  return `${1 + Math.floor(index / 5)}.${index % 5}.0`;
}

/** An artifact of a lower layer, the popular ones more often; null for the lowest. */
function pickLower(index: number, names: number, random: () => number): number | null {
  const first = Math.max(index + 1, Math.floor(names / 10));
  if (first >= names) return null;
  return first + Math.floor((names - first) * Math.sqrt(random()));
}

function requirement(
  target: number,
  version: number,
  versions: number,
  random: () => number,
  other: number | null,
): Requirement {
  const range = (at: number) => `^${versionAt(Math.min(at, versions - 1))}`;
  const main = { name: nameOf(target), version: range(Math.max(0, version - Math.floor(random() * 2))) };
  const luck = random();
  if (luck < 0.05 && other !== null)
    return { anyOf: [main, { name: nameOf(other), version: range(version) }] };
  return luck < 0.15 ? { ...main, optional: true } : main;
}
