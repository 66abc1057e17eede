import type { ArtifactManifest, NamedRange } from '../artifact/manifest.js';
import type { GatewayProfile } from '../gateway/profile.js';
import { artifactMeets } from '../resolver/gateway-facts.js';
import { neededBy } from './needed-by.js';

/** What an uninstallation takes with it on a gateway; or who stands in its way. */
export type Uninstallation =
  | { readonly neededBy: string }
  /** Names of dependencies that nothing needs any more. */
  | { readonly also: readonly string[] };

type ManifestOf = (installed: {
  readonly name: string;
  readonly version: string;
}) => ArtifactManifest | undefined;

/**
 * Plans the uninstallation of an artifact from a gateway. Dependencies go with it when nothing that stays may use them,
 * be it by choice; while it is not known what something that stays needs, none goes.
 *
 * @param manifestOf the manifest of an installed artifact; undefined when the repository does not know it
 */
export function planUninstallation(
  profile: GatewayProfile,
  name: string,
  manifestOf: ManifestOf,
): Uninstallation {
  const needing = neededBy(profile, name, manifestOf);
  if (needing !== null) return { neededBy: needing };
  const rest = (profile.installed ?? []).filter((other) => other.name !== name);
  const known = rest.flatMap((artifact) => {
    const manifest = manifestOf(artifact);
    return manifest === undefined ? [] : [{ artifact, manifest }];
  });
  if (known.length < rest.length) return { also: [] };
  const used = new Set(
    known.filter(
      ({ artifact, manifest }) => artifact.requested !== false || manifest.policies?.removable === false,
    ),
  );
  // While iterating over what is added: what is used uses others in turn.
  for (const { manifest } of used) {
    for (const { name: wanted, version } of demandsOf(manifest)) {
      for (const other of known) if (meetsAnyhow(other.manifest, wanted, version)) used.add(other);
    }
  }
  return { also: known.filter((entry) => !used.has(entry)).map(({ artifact }) => artifact.name) };
}

function demandsOf({ requires = [] }: ArtifactManifest): NamedRange[] {
  return requires.flatMap((requirement) => ('anyOf' in requirement ? requirement.anyOf : [requirement]));
}

/** Which prereleases were let in is not known any more: what is there was chosen for it. */
function meetsAnyhow(manifest: ArtifactManifest, name: string, range: string | undefined): boolean {
  return artifactMeets({ ...manifest, policies: { ...manifest.policies, prerelease: true } }, name, range);
}
