import type { ArtifactManifest } from '../artifact/manifest.js';
import { isolationFact } from '../gateway/isolation.js';
import type { Catalog } from './catalog.js';
import { newestFirst } from './versions.js';

const none: readonly ArtifactManifest[] = [];

/**
 * Builds a catalog in memory. The order of the manifests does not matter: versions are listed newest first,
 * providers by name and then newest first, so equal sets give equal plans.
 * @param manifests ones that readCatalog or readManifest accepted; no `name@version` twice
 */
export function createCatalog(manifests: readonly ArtifactManifest[]): Catalog {
  const byName = new Map<string, ArtifactManifest[]>();
  const byProvided = new Map<string, Set<ArtifactManifest>>();
  for (const stored of manifests) {
    const manifest = withIsolation(stored);
    const versions = byName.get(manifest.name);
    if (versions === undefined) byName.set(manifest.name, [manifest]);
    else versions.push(manifest);
    for (const { name } of manifest.provides ?? []) {
      const providers = byProvided.get(name);
      if (providers === undefined) byProvided.set(name, new Set([manifest]));
      else providers.add(manifest);
    }
  }
  // Sorted when first asked for: a resolution touches a small part of a large catalog.
  const sortedVersions = new Map<string, readonly ArtifactManifest[]>();
  const sortedProviders = new Map<string, readonly ArtifactManifest[]>();
  return {
    versionsOf(name) {
      const known = sortedVersions.get(name);
      if (known !== undefined) return known;
      const versions = byName.get(name);
      if (versions === undefined) return none;
      const sorted = versions.toSorted(newestFirst);
      sortedVersions.set(name, sorted);
      return sorted;
    },
    providersOf(name) {
      const known = sortedProviders.get(name);
      if (known !== undefined) return known;
      const providers = byProvided.get(name);
      if (providers === undefined) return none;
      const sorted = [...providers].sort((left, right) =>
        left.name === right.name ? newestFirst(left, right) : left.name < right.name ? -1 : 1,
      );
      sortedProviders.set(name, sorted);
      return sorted;
    },
  };
}

/** A level of isolation is a fact of the gateway: it is required like any other. */
function withIsolation(manifest: ArtifactManifest): ArtifactManifest {
  const { isolation, requires = [] } = manifest;
  return isolation === undefined
    ? manifest
    : { ...manifest, requires: [...requires, { name: isolationFact(isolation) }] };
}
