/** A gateway as the resolver sees it: fixed nodes, installed packages, and what its resources allow. */
import type { ArtifactManifest } from '../artifact/manifest.js';
import { isolationFacts } from '../gateway/isolation.js';
import type { GatewayProfile } from '../gateway/profile.js';
import { libcOf } from '../gateway/reported-version.js';
import type { Catalog } from './catalog.js';
import { kernelVersion, variantChoices } from './platform.js';
import { isAny, meets, reportedMeets } from './versions.js';

/** A node of the graph that no plan can change: a hardware component, a tool, the kernel, ... */
export interface FixedFact {
  readonly name: string;
  /** Null when it has none (an architecture), or none that is known: it meets only demands for any version. */
  readonly version: string | null;
  /** How it is spoken of in explanations. */
  readonly what:
    | 'hardware component'
    | 'tool'
    | 'kernel'
    | 'operating system'
    | 'architecture'
    | 'libc'
    | 'CPU feature'
    | 'isolation'
    | 'cpus'
    | 'memory';
  /** What the catalog says about it: what it provides and what it conflicts with. */
  readonly manifest: ArtifactManifest | null;
}

/** A package on the gateway. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** Null when the catalog does not have this version: what it needs is unknown then. */
  readonly manifest: ArtifactManifest | null;
  /** Bytes freed when it is removed. */
  readonly installedSize: number;
  /** Bytes of memory freed when it is removed. */
  readonly memory: number;
  /** False when it came as a dependency only: it goes when nothing needs it. */
  readonly wanted: boolean;
  readonly removable: boolean;
}

export interface GatewayFacts {
  /** Null when the request is resolved for no gateway in particular: any platform, no limits. */
  readonly profile: GatewayProfile | null;
  readonly fixed: ReadonlyMap<string, FixedFact>;
  readonly installed: readonly InstalledPackage[];
  /** Bytes; Infinity when the gateway does not say. */
  readonly diskFree: number;
  readonly memoryFree: number;
}

/** Collects the facts of a gateway that bear on a resolution. */
export function gatewayFacts(profile: GatewayProfile | null, catalog: Catalog): GatewayFacts {
  if (profile === null) {
    return { profile, fixed: new Map(), installed: [], diskFree: Infinity, memoryFree: Infinity };
  }
  const installed = installedPackages(profile, catalog);
  const { hardware } = profile;
  return {
    profile,
    fixed: fixedFacts(profile, catalog, new Set(installed.map(({ name }) => name))),
    installed,
    diskFree: hardware.diskFree ?? hardware.diskTotal ?? Infinity,
    memoryFree: hardware.memoryFree ?? hardware.memoryTotal ?? Infinity,
  };
}

function installedPackages(profile: GatewayProfile, catalog: Catalog): InstalledPackage[] {
  const byName = new Map<string, InstalledPackage>();
  for (const { name, version, installedSize, requested } of profile.installed ?? []) {
    if (byName.has(name)) continue;
    const manifest = catalog.versionsOf(name).find((candidate) => candidate.version === version) ?? null;
    const variant = manifest === null ? undefined : variantChoices(manifest, profile)[0];
    byName.set(name, {
      name,
      version,
      manifest,
      // Which variant it is nobody knows, so room that is not known to be there is not counted on.
      installedSize: installedSize ?? 0,
      memory: variant?.memory ?? 0,
      wanted: requested !== false,
      removable: manifest?.policies?.removable !== false,
    });
  }
  return [...byName.values()];
}

/**
 * What LEONORE has installed is not fixed, even when the profiler finds it again as a tool. What has no maker that
 * names it is a node only while the catalog has no installable artifact of that name.
 */
function fixedFacts(
  profile: GatewayProfile,
  catalog: Catalog,
  installedNames: ReadonlySet<string>,
): Map<string, FixedFact> {
  const facts = new Map<string, FixedFact>();
  const installable = ({ kind }: ArtifactManifest) => kind === 'application' || kind === 'library';
  for (const { name, version, what } of reportedFacts(profile)) {
    if (facts.has(name) || installedNames.has(name)) continue;
    const versions = catalog.versionsOf(name);
    if (what !== 'hardware component' && what !== 'tool' && versions.some(installable)) continue;
    const manifest = versions.find((candidate) => candidate.version === version) ?? null;
    facts.set(name, { name, version, what, manifest });
  }
  return facts;
}

/** What has no versions: none can be asked for. */
export const versionless: ReadonlySet<FixedFact['what']> = new Set(['architecture', 'CPU feature']);

/** A fact before a catalog is asked about it. */
export type ReportedFact = Omit<FixedFact, 'manifest'>;

/**
 * Everything about a gateway that can be required, under the name that a requirement uses: components and tools under
 * their own, `kernel`, operating system (`linux`), architecture (`armv7`), C library (`musl`), what the processor can do
 * (`neon`), how far applications are isolated (`isolation-user`, `isolation-full`), `cpus` by their number, and `memory`
 * in MiB.
 */
export function reportedFacts({ hardware, software, state }: GatewayProfile): ReportedFact[] {
  const facts: ReportedFact[] = [];
  const add = (name: string | undefined, version: string | null, what: FixedFact['what']) => {
    if (name !== undefined && name !== '') facts.push({ name, version, what });
  };
  for (const { name, version } of hardware.components ?? []) add(name, version, 'hardware component');
  for (const { name, version } of software.tools ?? []) add(name, version, 'tool');
  const kernel = kernelVersion(software.kernel);
  if (kernel !== null) add('kernel', kernel, 'kernel');
  add(software.os, kernel, 'operating system');
  add(hardware.arch, null, 'architecture');
  if (software.libc !== undefined) {
    const { name, version } = libcOf(software.libc);
    add(name, version ?? null, 'libc');
  }
  for (const feature of hardware.cpuFeatures ?? []) add(feature, null, 'CPU feature');
  if (state !== undefined) for (const name of isolationFacts(state.isolation)) add(name, null, 'isolation');
  const { cpus, memoryTotal } = hardware;
  if (cpus !== undefined) add('cpus', `${cpus}.0.0`, 'cpus');
  if (memoryTotal !== undefined) add('memory', `${Math.floor(memoryTotal / 2 ** 20)}.0.0`, 'memory');
  return facts;
}

/** Tells whether a fixed node meets a demand on a name, by its own name or by what it provides. */
export function factMeets(fact: FixedFact, name: string, range: string | undefined): boolean {
  const prerelease = fact.manifest?.policies?.prerelease ?? false;
  const { version } = fact;
  if (fact.name === name && (version === null ? isAny(range) : reportedMeets(version, range, prerelease)))
    return true;
  return fact.manifest !== null && provides(fact.manifest, name, range);
}

/** Tells whether an artifact lists a name among what it provides, in the range. */
export function provides(manifest: ArtifactManifest, name: string, range: string | undefined): boolean {
  const prerelease = manifest.policies?.prerelease ?? false;
  return (
    manifest.provides?.some(
      (provision) => provision.name === name && meets(provision.version, range, prerelease),
    ) ?? false
  );
}

/** Tells whether an artifact meets a demand on a name, by its own name or by what it provides. */
export function artifactMeets(manifest: ArtifactManifest, name: string, range: string | undefined): boolean {
  return (
    (manifest.name === name && meets(manifest.version, range, manifest.policies?.prerelease ?? false)) ||
    provides(manifest, name, range)
  );
}
