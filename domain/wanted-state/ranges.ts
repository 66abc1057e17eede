import semver from 'semver';

/** One artifact that a wanted state asks for. */
export interface Demand {
  readonly name: string;
  /** node-semver range. */
  readonly range: string;
  /** The newest version that counts: one of the range. */
  readonly version: string;
}

/**
 * What several demands of one artifact come to on a gateway: the range in which all of them hold, and the newest version
 * that counts; null when they contradict each other.
 */
export function commonDemand(demands: readonly [Demand, ...Demand[]]): Demand | null {
  const [first, ...others] = demands;
  if (others.length === 0) return first;
  const range = others.reduce((text, other) => bothRanges(text, other.range), first.range);
  const held = demands.map(({ version }) => version).filter((version) => isIn(version, range));
  // Each counts up to its own newest: where none of these suits all, an older one may.
  const version =
    semver.rsort(held)[0] ?? semver.sort(demands.map((demand) => demand.version))[0] ?? first.version;
  const common = { name: first.name, range, version };
  return canBeMet(common) ? common : null;
}

/** `NAME@RANGE` that brings a gateway what is demanded: nothing newer than what counts. */
export function requestOf({ name, range, version }: Demand): string {
  return `${name}@${bothRanges(range, `<=${version}`)}`;
}

/** True for an installed version that is as it should be: in the range, and not older than the newest that counts. */
export function meets(version: string, demand: Demand): boolean {
  return isIn(version, demand.range) && semver.gte(version, demand.version);
}

/** Prereleases are taken as they are: whether one may be chosen was judged when it was. */
export function isIn(version: string, range: string): boolean {
  return semver.satisfies(version, range, { includePrerelease: true });
}

function canBeMet({ range, version }: Demand): boolean {
  return new semver.Range(bothRanges(range, `<=${version}`), { includePrerelease: true }).set.some(
    (comparators) => minimumOf(comparators) !== null,
  );
}

function minimumOf(comparators: readonly semver.Comparator[]): semver.SemVer | null {
  const text = comparators.map(({ value }) => value).join(' ');
  return semver.minVersion(text === '' ? '*' : text);
}

/** A range that holds what both hold: each alternative of one with each of the other. */
function bothRanges(one: string, other: string): string {
  const [left, right] = [alternatives(one), alternatives(other)];
  const both = left.flatMap((a) => right.map((b) => [a, b].filter((part) => part !== '').join(' ')));
  return [...new Set(both)].map((part) => (part === '' ? '*' : part)).join(' || ');
}

function alternatives(range: string): string[] {
  return new semver.Range(range).set.map((comparators) => comparators.map(({ value }) => value).join(' '));
}
