import type { GatewayProfile, Installed } from '../gateway/profile.js';
import type { Catalog } from '../resolver/catalog.js';
import { BoundedMap } from './bounded-map.js';
import { Scope, namesTouchedBy } from './scope.js';

/** Scopes are as large as the catalog that they reach; what is installed in a fleet leads to few of them. */
const scopesKept = 1_000;
const signaturesKept = 20_000;

/** The installed packages that bear on a request, and the scope of the request together with them. */
export interface Relevant {
  readonly scope: Scope;
  readonly installed: readonly Installed[];
  /** Equal for gateways with the same relevant packages. */
  readonly key: string;
}

/**
 * Tells which installed packages have to do with a request: those that the scope touches, and, as these may be
 * replaced, those that their own scope touches, and so on. A wanted package that the catalog lacks counts as soon
 * as a dependency could go, because nobody knows what it needs.
 */
export class RelevantPackages {
  private readonly scopes = new BoundedMap<string, Scope>(scopesKept);
  private readonly known = new BoundedMap<string, Relevant>(signaturesKept);

  constructor(
    private readonly requested: readonly string[],
    private readonly catalog: Catalog,
  ) {}

  of({ installed = [] }: GatewayProfile): Relevant {
    const signature = installed.map(keyOf).sort().join(',');
    let relevant = this.known.get(signature);
    if (relevant === undefined) {
      relevant = this.find(installed);
      this.known.set(signature, relevant);
    }
    return relevant;
  }

  private find(installed: readonly Installed[]): Relevant {
    const chosen = new Set<Installed>();
    let scope = this.scopeOf([]);
    for (;;) {
      const added = installed.filter((pack) => !chosen.has(pack) && this.touches(pack, scope));
      if (added.length === 0) break;
      for (const pack of added) chosen.add(pack);
      scope = this.scopeOf([...chosen].map(({ name }) => name));
    }
    if ([...chosen].some(({ requested }) => requested === false)) {
      for (const pack of installed) {
        if (pack.requested !== false && this.manifestOf(pack) === undefined) chosen.add(pack);
      }
    }
    const list = installed.filter((pack) => chosen.has(pack));
    return { scope, installed: list, key: list.map(keyOf).sort().join(',') };
  }

  private touches(pack: Installed, scope: Scope): boolean {
    const manifest = this.manifestOf(pack);
    const names = manifest === undefined ? [pack.name] : namesTouchedBy(manifest);
    return names.some((name) => scope.names.has(name));
  }

  private manifestOf({ name, version }: Installed) {
    return this.catalog.versionsOf(name).find((manifest) => manifest.version === version);
  }

  private scopeOf(installed: readonly string[]): Scope {
    const roots = [...this.requested, ...[...new Set(installed)].sort()];
    const key = roots.join(' ');
    let scope = this.scopes.get(key);
    if (scope === undefined) {
      scope = new Scope(roots, this.catalog);
      this.scopes.set(key, scope);
    }
    return scope;
  }
}

function keyOf({ name, version, requested }: Installed): string {
  return `${name}@${version}${requested === false ? '-' : ''}`;
}
