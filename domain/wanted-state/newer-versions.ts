/** Whether a wanted state has something newer to bring out, and whether others let it. */
import semver from 'semver';
import type { WantedOf } from './judge.js';
import { isIn } from './ranges.js';

/**
 * True when one of the versions is newer than what counts so far.
 * @param found `name@version`, one for each request; those that count so far, likewise
 */
export function isNewer(found: readonly string[], counting: readonly string[]): boolean {
  return found.some((key, index) => {
    const before = counting[index];
    return before === undefined || semver.gt(versionOf(key), versionOf(before));
  });
}

/**
 * Why versions are not to be brought out: another wanted state that holds for some of the same gateways allows one of them
 * not, and would take it back. Null when all do.
 */
export function barredBy(versions: readonly string[], others: readonly WantedOf[]): string | null {
  for (const key of versions) {
    const at = key.indexOf('@', 1);
    for (const { title, demands } of others) {
      const other = demands.find(
        ({ name, range }) => name === key.slice(0, at) && !isIn(versionOf(key), range),
      );
      if (other !== undefined)
        return `${key} is not in ${other.name}@${other.range}, which ${title} asks for`;
    }
  }
  return null;
}

function versionOf(key: string): string {
  return key.slice(key.indexOf('@', 1) + 1);
}
