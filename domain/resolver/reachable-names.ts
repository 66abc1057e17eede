import type { ArtifactManifest } from '../artifact/manifest.js';

/**
 * The names that a resolution may look up because of an artifact. A loader fetches, for every name, all versions of
 * the artifact and all artifacts that provide the name, and goes on from those until nothing new comes. Start from
 * the requested names and from what is installed on the gateways.
 *
 * Conflicts are not followed: an artifact that nothing requires is never installed, so it cannot stand in the way.
 */
export function namesReachedFrom(manifest: ArtifactManifest): string[] {
  const names = new Set<string>([manifest.name]);
  for (const requirement of manifest.requires ?? []) {
    if ('anyOf' in requirement) for (const option of requirement.anyOf) names.add(option.name);
    else names.add(requirement.name);
  }
  return [...names];
}
