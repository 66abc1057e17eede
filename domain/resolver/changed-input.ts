/** Gateways and catalogs as they would be after a change. */
import type { ArtifactManifest } from '../artifact/manifest.js';
import type { GatewayProfile } from '../gateway/profile.js';
import type { Catalog } from './catalog.js';
import { gatewayFacts, type FixedFact } from './gateway-facts.js';
import type { ProblemInput } from './problem.js';
import { newestFirst } from './versions.js';

/** A gateway like this one without a fact; null where every gateway has one like it. */
export function profileWithout(profile: GatewayProfile, { name, what }: FixedFact): GatewayProfile | null {
  const { hardware, software } = profile;
  const isOther = (one: { name: string }) => one.name !== name;
  switch (what) {
    case 'architecture':
      return { ...profile, hardware: { ...hardware, arch: '' } };
    case 'operating system':
      return { ...profile, software: { ...software, os: '' } };
    case 'libc':
      return { ...profile, software: { ...software, libc: '' } };
    case 'tool':
      return { ...profile, software: { ...software, tools: (software.tools ?? []).filter(isOther) } };
    case 'hardware component':
      return {
        ...profile,
        hardware: { ...hardware, components: (hardware.components ?? []).filter(isOther) },
      };
    case 'CPU feature': {
      const cpuFeatures = (hardware.cpuFeatures ?? []).filter((feature) => feature !== name);
      return { ...profile, hardware: { ...hardware, cpuFeatures } };
    }
    case 'kernel':
    case 'isolation':
    case 'cpus':
    case 'memory':
      return null;
  }
}

/** The problem for a gateway of another profile; facts that were changed otherwise stay so. */
export function withProfile(before: ProblemInput, profile: GatewayProfile): ProblemInput {
  const { facts, catalog } = before;
  const was = gatewayFacts(facts.profile, catalog).fixed;
  const now = gatewayFacts(profile, catalog).fixed;
  const fixed = new Map(facts.fixed);
  for (const name of was.keys()) if (!now.has(name)) fixed.delete(name);
  for (const [name, fact] of now)
    if (!was.has(name) || was.get(name)?.version !== fact.version) fixed.set(name, fact);
  return { ...before, facts: { ...facts, profile, fixed } };
}

/** The catalog with an artifact more, or with another one in the place of its version. */
export function withArtifact(catalog: Catalog, extra: ArtifactManifest): Catalog {
  const exchanged = (known: readonly ArtifactManifest[]) => [
    extra,
    ...known.filter(({ name, version }) => name !== extra.name || version !== extra.version),
  ];
  return {
    versionsOf(name) {
      const known = catalog.versionsOf(name);
      return name === extra.name ? exchanged(known).sort(newestFirst) : known;
    },
    providersOf(name) {
      const known = catalog.providersOf(name);
      return extra.provides?.some((provision) => provision.name === name) === true ? exchanged(known) : known;
    },
  };
}
