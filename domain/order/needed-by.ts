import { artifactKey, type ArtifactManifest, type NamedRange } from '../artifact/manifest.js';
import type { GatewayProfile } from '../gateway/profile.js';
import { reportedFacts } from '../resolver/gateway-facts.js';
import { isAny, reportedMeets } from '../resolver/versions.js';

interface Named {
  readonly name: string;
  readonly version: string;
}

/** What is there under a name; without a version it meets demands for any. */
interface Available {
  readonly name: string;
  readonly version: string | null;
}

/**
 * What would lose something that it requires, if an artifact were uninstalled from a gateway. What is broken already
 * does not count, nor does what another artifact or the gateway itself provides as well.
 *
 * @param manifestOf the manifest of an installed artifact; undefined when the repository does not know it
 * @returns the key of the first that needs it, or null
 */
export function neededBy(
  profile: GatewayProfile,
  name: string,
  manifestOf: (installed: Named) => ArtifactManifest | undefined,
): string | null {
  const installed = profile.installed ?? [];
  const rest = installed.filter((other) => other.name !== name);
  const own = reportedFacts(profile);
  const provided = (artifacts: readonly Named[]): Available[] =>
    artifacts.flatMap((artifact) => [artifact, ...(manifestOf(artifact)?.provides ?? [])]);
  const before = [...own, ...provided(installed)];
  const after = [...own, ...provided(rest)];
  for (const artifact of rest) {
    for (const requirement of manifestOf(artifact)?.requires ?? []) {
      if (requirement.optional === true) continue;
      const ranges: readonly NamedRange[] = 'anyOf' in requirement ? requirement.anyOf : [requirement];
      if (holds(ranges, before) && !holds(ranges, after)) return artifactKey(artifact);
    }
  }
  return null;
}

function holds(ranges: readonly NamedRange[], available: readonly Available[]): boolean {
  return ranges.some((range) =>
    available.some(({ name, version }) => name === range.name && satisfies(version, range.version)),
  );
}

function satisfies(version: string | null, range: string | undefined): boolean {
  // Which prereleases were let in is not known any more: what is there was chosen for it.
  return version === null ? isAny(range) : reportedMeets(version, range, true);
}
