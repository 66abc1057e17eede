import type { Catalog } from '../resolver/catalog.js';
import { artifactMeets } from '../resolver/gateway-facts.js';
import { artifactKey, type ArtifactManifest, type NamedRange } from './manifest.js';

/** An artifact that cannot be had any more once another is removed. */
export interface Dependent {
  /** `name@version`. */
  readonly artifact: string;
  /** The requirement that nothing else would meet. */
  readonly because: string;
}

/**
 * Artifacts with a requirement that one artifact of the catalog meets and no other does. What these in turn break is not
 * followed: each is told of when it is asked about itself.
 * @param candidates those that may require it
 */
export function dependentsOf(
  removed: ArtifactManifest,
  candidates: readonly ArtifactManifest[],
  catalog: Catalog,
): Dependent[] {
  const gone = artifactKey(removed);
  const isMetWithout = ({ name, version }: NamedRange) =>
    [...catalog.versionsOf(name), ...catalog.providersOf(name)].some(
      (other) => artifactKey(other) !== gone && artifactMeets(other, name, version),
    );
  return candidates
    .filter((candidate) => artifactKey(candidate) !== gone)
    .flatMap((candidate) => {
      const sole = (candidate.requires ?? [])
        .map((requirement) => ('anyOf' in requirement ? requirement.anyOf : [requirement]))
        .find(
          (ways) =>
            ways.some(({ name, version }) => artifactMeets(removed, name, version)) &&
            !ways.some(isMetWithout),
        );
      return sole === undefined ? [] : [{ artifact: artifactKey(candidate), because: waysText(sole) }];
    });
}

function waysText(ways: readonly NamedRange[]): string {
  return ways.map(({ name, version }) => (version === undefined ? name : `${name} ${version}`)).join(' or ');
}
