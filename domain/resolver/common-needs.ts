import type { ArtifactManifest, Requirement } from '../artifact/manifest.js';
import type { Catalog } from './catalog.js';
import type { FixedFact, GatewayFacts } from './gateway-facts.js';
import { optionsOf, type NewNode } from './nodes.js';

/**
 * The names that every one of some versions requires, and that only artifacts of that name can meet: not what is
 * optional, has alternatives, or is provided by others, by the version itself or by the gateway.
 */
export function commonNeeds(
  versions: readonly NewNode[],
  { catalog, facts }: { catalog: Catalog; facts: GatewayFacts },
): string[] {
  const names = new Set(
    versions[0]?.manifest.requires?.flatMap((requirement) => soleName(requirement) ?? []),
  );
  const onFacts = (name: string) => [...facts.fixed.values()].some((fact) => bearsName(fact, name));
  return [...names].filter(
    (name) =>
      versions.every(({ manifest }) => needsOnly(manifest, name)) &&
      !onFacts(name) &&
      catalog.providersOf(name).every((provider) => provider.name === name),
  );
}

/** The one name that can meet a mandatory requirement; null when there are several. */
function soleName(requirement: Requirement): string | null {
  if (requirement.optional === true) return null;
  if (!('anyOf' in requirement)) return requirement.name;
  const [first, ...others] = optionsOf(requirement);
  return first !== undefined && others.every(({ name }) => name === first.name) ? first.name : null;
}

function needsOnly(manifest: ArtifactManifest, name: string): boolean {
  if (manifest.name === name || manifest.provides?.some((provision) => provision.name === name) === true)
    return false;
  for (const requirement of manifest.requires ?? []) if (soleName(requirement) === name) return true;
  return false;
}

function bearsName(fact: FixedFact, name: string): boolean {
  return fact.name === name || (fact.manifest?.provides ?? []).some((provision) => provision.name === name);
}
