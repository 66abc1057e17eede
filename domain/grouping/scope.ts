/**
 * What a set of requests can reach in a catalog, and so which facts of a gateway can make a difference to its plans.
 */
import type { ArtifactManifest, Platform } from '../artifact/manifest.js';
import type { GatewayProfile } from '../gateway/profile.js';
import type { Catalog } from '../resolver/catalog.js';
import { distancesFrom } from '../resolver/distances.js';
import { reportedFacts } from '../resolver/gateway-facts.js';
import { BoundedMap } from './bounded-map.js';
import { runsOn } from '../resolver/platform.js';
import { namesReachedFrom } from '../resolver/reachable-names.js';
import { matches, parseSelector, type Selector } from '../selector/selector.js';

/** The names that an artifact has to do with: its own, what it provides, requires and conflicts with. */
export function namesTouchedBy(manifest: ArtifactManifest): string[] {
  return [
    ...namesReachedFrom(manifest),
    ...(manifest.provides ?? []).map(({ name }) => name),
    ...(manifest.conflicts ?? []).map(({ name }) => name),
  ];
}

/** Equal for equal platforms; faster than JSON, of which a large catalog would need hundreds of thousands. */
function textOf({ arch, os, libc, kernel = '\n' }: Platform): string {
  return `${arch ?? ''}\n${os ?? ''}\n${libc ?? ''}\n${kernel}`;
}

export class Scope {
  /** Names that a plan may look at; everything else on a gateway is of no account. */
  readonly names = new Set<string>();
  /** True when a variant that can be reached says how much memory it needs. */
  readonly usesMemory: boolean;
  private readonly platforms: readonly Platform[];
  private readonly selectors: readonly Selector[];
  /** Answers by platform: a fleet has few. */
  private readonly platformKeys = new BoundedMap<string, string>(1_000);

  constructor(roots: readonly string[], catalog: Catalog) {
    const platforms = new Map<string, Platform>();
    const selectors = new Set<string>();
    let usesMemory = false;
    for (const name of roots) this.names.add(name);
    for (const name of distancesFrom(roots, catalog).keys()) {
      for (const manifest of catalog.versionsOf(name)) {
        for (const touched of namesTouchedBy(manifest)) this.names.add(touched);
        if (manifest.policies?.select !== undefined) selectors.add(manifest.policies.select);
        for (const { platform, memory } of manifest.variants ?? []) {
          if (platform !== undefined) platforms.set(textOf(platform), platform);
          usesMemory ||= (memory ?? 0) > 0;
        }
      }
    }
    this.usesMemory = usesMemory;
    this.platforms = [...platforms.values()];
    this.selectors = [...selectors].map((text) => parseSelector(text));
  }

  /** Equal for gateways between which the scope cannot tell, but for what is installed and free on them. */
  keyOf(profile: GatewayProfile): string {
    const fixed = reportedFacts(profile).flatMap(({ name, version, what }) =>
      this.names.has(name) ? [`${what} ${name}@${version ?? ''}`] : [],
    );
    const policies = this.selectors.map((selector) => (matches(selector, profile) ? '1' : '0')).join('');
    return `${this.platformKey(profile)} ${policies} ${fixed.sort().join(',')}`;
  }

  /** Which of the variants' platforms run on the gateway. */
  private platformKey(profile: GatewayProfile): string {
    const { arch } = profile.hardware;
    const { os, libc, kernel } = profile.software;
    const facts = `${arch}\n${os}\n${libc ?? ''}\n${kernel ?? ''}`;
    let key = this.platformKeys.get(facts);
    if (key === undefined) {
      key = this.platforms.map((platform) => (runsOn(platform, profile) ? '1' : '0')).join('');
      this.platformKeys.set(facts, key);
    }
    return key;
  }
}
