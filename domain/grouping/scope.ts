/**
 * What a set of requests can reach in a catalog, and so which facts of a gateway can make a difference to its plans.
 */
import type { ArtifactManifest } from '../artifact/manifest.js';
import type { GatewayProfile } from '../gateway/profile.js';
import type { Catalog } from '../resolver/catalog.js';
import { distancesFrom } from '../resolver/distances.js';
import { reportedFacts } from '../resolver/gateway-facts.js';
import { BoundedMap } from './bounded-map.js';
import { suits, type VariantAim } from '../resolver/platform.js';
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

/** Equal for equal aims; faster than JSON, of which a large catalog would need hundreds of thousands. */
function textOf({ platform: { arch, os, libc, kernel = '\n' } = {}, format }: VariantAim): string {
  return `${format ?? ''}\n${arch ?? ''}\n${os ?? ''}\n${libc ?? ''}\n${kernel}`;
}

export class Scope {
  /** Names that a plan may look at; everything else on a gateway is of no account. */
  readonly names = new Set<string>();
  /** True when a variant that can be reached says how much memory it needs. */
  readonly usesMemory: boolean;
  private readonly aims: readonly VariantAim[];
  private readonly selectors: readonly Selector[];
  /** Answers by platform: a fleet has few. */
  private readonly platformKeys = new BoundedMap<string, string>(1_000);

  constructor(roots: readonly string[], catalog: Catalog) {
    const aims = new Map<string, VariantAim>();
    const selectors = new Set<string>();
    let usesMemory = false;
    for (const name of roots) this.names.add(name);
    for (const name of distancesFrom(roots, catalog).keys()) {
      for (const manifest of catalog.versionsOf(name)) {
        for (const touched of namesTouchedBy(manifest)) this.names.add(touched);
        if (manifest.policies?.select !== undefined) selectors.add(manifest.policies.select);
        for (const { platform, format, memory } of manifest.variants ?? []) {
          const aim = { platform, format };
          if (platform !== undefined || format !== undefined) aims.set(textOf(aim), aim);
          usesMemory ||= (memory ?? 0) > 0;
        }
      }
    }
    this.usesMemory = usesMemory;
    this.aims = [...aims.values()];
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

  /** Which of the variants are for the gateway. */
  private platformKey(profile: GatewayProfile): string {
    const { arch } = profile.hardware;
    const { os, libc, kernel, formats } = profile.software;
    const facts = `${formats?.join() ?? '-'}\n${arch}\n${os}\n${libc ?? ''}\n${kernel ?? ''}`;
    let key = this.platformKeys.get(facts);
    if (key === undefined) {
      // What has no variant, or one for all, is for gateways with an agent alone.
      const takesPackages = formats === undefined ? '1' : '0';
      key = takesPackages + this.aims.map((aim) => (suits(aim, profile) ? '1' : '0')).join('');
      this.platformKeys.set(facts, key);
    }
    return key;
  }
}
