import semver from 'semver';
import type { ArtifactManifest } from '../artifact/manifest.js';
import { reportedVersion } from '../gateway/reported-version.js';

/** Parsing a range costs microseconds, and a catalog repeats the same few thousand. */
const ranges = new Map<string, semver.Range | null>();
/** The same ranges, with prereleases in between. */
const inclusive = new Map<string, semver.Range>();
const parsed = new Map<string, semver.SemVer | null>();
/** Bounds each of the caches of a process that lives for months. */
const cacheSize = 50_000;

function remember<T>(cache: Map<string, T>, key: string, value: T): T {
  if (cache.size >= cacheSize) cache.clear();
  cache.set(key, value);
  return value;
}

/** The range, parsed; null when it cannot be read, which nothing satisfies. Absent means `*`. */
export function rangeOf(text: string | undefined): semver.Range | null {
  const key = text ?? '*';
  const known = ranges.get(key);
  if (known !== undefined) return known;
  let range: semver.Range | null = null;
  try {
    range = new semver.Range(key);
  } catch {
    // Input was checked when it was read; a stored catalog of an older LEONORE may still hold one.
  }
  return remember(ranges, key, range);
}

/** A version as far as it can be read: what a gateway reports (`1.35`, `2.31-r4`) is not always SemVer. */
export function versionOf(text: string): semver.SemVer | null {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  return remember(parsed, text, semver.parse(text) ?? semver.coerce(text));
}

/**
 * Tells whether a version meets a range by node-semver's rules: a prerelease only when the range names one, unless
 * `prerelease` (an artifact's policy) lets it.
 */
export function meets(version: string, range: string | undefined, prerelease = false): boolean {
  const version_ = versionOf(version);
  const range_ = rangeOf(range);
  if (range_ === null) return false;
  if (version_ === null) return isAny(range);
  if (version_.prerelease.length === 0) return holds(range_, version_);
  if (!prerelease) return range_.test(version_);
  return holds(inclusiveOf(range_.raw), version_);
}

function inclusiveOf(raw: string): semver.Range {
  return inclusive.get(raw) ?? remember(inclusive, raw, new semver.Range(raw, { includePrerelease: true }));
}

/**
 * As `Range.test`, which makes objects for each comparison: a catalog takes hundreds of thousands. For releases, and for
 * prereleases within a range that includes them.
 */
function holds({ set }: semver.Range, version: semver.SemVer): boolean {
  for (const comparators of set) if (areWithin(comparators, version)) return true;
  return false;
}

function areWithin(comparators: readonly semver.Comparator[], version: semver.SemVer): boolean {
  for (const comparator of comparators) if (!isWithin(comparator, version)) return false;
  return true;
}

function isWithin({ operator, semver: bound }: semver.Comparator, version: semver.SemVer): boolean {
  // The comparator for any version has no bound of its own.
  if (!(bound instanceof semver.SemVer)) return true;
  const order = version.compare(bound);
  switch (operator) {
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '=':
    case '':
      return order === 0;
  }
}

/** Whether a range means any version: then also what has none, or none that can be read. */
export function isAny(range: string | undefined): boolean {
  return rangeOf(range)?.range === '';
}

/**
 * Tells whether what a gateway reports of itself meets a range: as it is written, or without the build of its
 * distribution (`1.35.0-r17`).
 */
export function reportedMeets(version: string, range: string | undefined, prerelease = false): boolean {
  if (meets(version, range, prerelease)) return true;
  const read = reportedVersion(version);
  return read !== null && meets(read.version, range, prerelease);
}

/** SemVer's order; build metadata breaks ties, so that the order is total. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [versionOf(left), versionOf(right)];
  if (a === null || b === null) return left < right ? -1 : left > right ? 1 : 0;
  return a.compare(b) || a.compareBuild(b);
}

export function newestFirst(left: ArtifactManifest, right: ArtifactManifest): number {
  return compareVersions(right.version, left.version);
}
