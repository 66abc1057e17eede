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
  let common = null as Set<string> | null;
  for (const { manifest } of versions) {
    const own = new Set([manifest.name, ...(manifest.provides ?? []).map(({ name }) => name)]);
    const needs = new Set<string>();
    for (const requirement of manifest.requires ?? []) {
      if (requirement.optional === true) continue;
      const [name, ...others] = new Set(optionsOf(requirement).map((option) => option.name));
      if (name !== undefined && others.length === 0 && !own.has(name)) needs.add(name);
    }
    common = common === null ? needs : new Set([...common].filter((name) => needs.has(name)));
    if (common.size === 0) return [];
  }
  const onFacts = (name: string) => [...facts.fixed.values()].some((fact) => bearsName(fact, name));
  return [...(common ?? [])].filter(
    (name) => !onFacts(name) && catalog.providersOf(name).every((provider) => provider.name === name),
  );
}

function bearsName(fact: FixedFact, name: string): boolean {
  return fact.name === name || (fact.manifest?.provides ?? []).some((provision) => provision.name === name);
}
