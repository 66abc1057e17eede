/**
 * The judge of the resolver's tests: it looks at every possible end state of a small gateway, one by one, and knows
 * the rules of docs/dependency-resolution.md only. It shares no code with the solver.
 */
import semver from 'semver';
import type {
  ArtifactManifest,
  NamedRange,
  Platform,
  Requirement,
  Variant,
} from '../../artifact/manifest.js';
import type { GatewayProfile } from '../../gateway/profile.js';
import type { Plan } from '../../plan/plan.js';
import type { ArtifactRequest } from '../../plan/request.js';

export interface Case {
  readonly catalog: readonly ArtifactManifest[];
  readonly gateway: GatewayProfile;
  readonly requests: readonly ArtifactRequest[];
}

interface Item {
  readonly name: string;
  /** Null for what has none: only a demand for any version means it. */
  readonly version: string | null;
  readonly manifest: ArtifactManifest | null;
  readonly type: 'fixed' | 'keep' | 'install';
}

export interface State {
  readonly items: readonly Item[];
  readonly install: readonly string[];
}

interface Choice {
  readonly download: number;
  readonly installed: number;
  readonly memory: number;
}

const key = (item: { name: string; version: string | null }) => `${item.name}@${item.version ?? ''}`;

const satisfied = new Map<string, boolean>();
function inRange(version: string | null, range: string | undefined): boolean {
  if (version === null) return range === undefined || range === '' || range === '*';
  const id = `${version} ${range ?? '*'}`;
  let known = satisfied.get(id);
  if (known === undefined) {
    // Tools report what they like: `1.35` is 1.35.0.
    const read = semver.parse(version) ?? semver.coerce(version);
    known = read !== null && semver.satisfies(read, range ?? '*');
    satisfied.set(id, known);
  }
  return known;
}

function meets(item: Item, { name, version }: NamedRange): boolean {
  return (
    (item.name === name && inRange(item.version, version)) ||
    (item.manifest?.provides ?? []).some((given) => given.name === name && inRange(given.version, version))
  );
}

function isPrerelease(version: string | null): boolean {
  return version !== null && semver.prerelease(version) !== null;
}

/** The numbers of a kernel; its suffix names a build, not a prerelease. */
function kernelOf({ software }: GatewayProfile): string | null {
  const read = semver.parse(software.kernel) ?? semver.coerce(software.kernel);
  return read === null ? null : `${read.major}.${read.minor}.${read.patch}`;
}

function runs(platform: Platform | undefined, gateway: GatewayProfile): boolean {
  const { arch, os, libc, kernel } = platform ?? {};
  const running = kernelOf(gateway);
  return (
    (arch ?? gateway.hardware.arch) === gateway.hardware.arch &&
    (os ?? gateway.software.os) === gateway.software.os &&
    (libc ?? gateway.software.libc) === gateway.software.libc &&
    (kernel === undefined || (running !== null && semver.satisfies(running, kernel)))
  );
}

/** The variants that run on a gateway, the smallest download and then the most specific first. */
function choicesOf(manifest: ArtifactManifest, gateway: GatewayProfile): Choice[] {
  const demands = ({ platform }: Variant) => Object.keys(platform ?? {}).length;
  return (manifest.variants ?? [{ size: 0 }])
    .filter(({ platform }) => runs(platform, gateway))
    .sort((a, b) => (a.size ?? 0) - (b.size ?? 0) || demands(b) - demands(a))
    .map(({ size = 0, installedSize = size, memory = 0 }) => ({
      download: size,
      installed: installedSize,
      memory,
    }));
}

function options(requirement: Requirement): readonly NamedRange[] {
  return 'anyOf' in requirement ? requirement.anyOf : [requirement];
}

function holds(requirement: Requirement, items: readonly Item[]): boolean {
  return options(requirement).some((option) => items.some((item) => meets(item, option)));
}

export class Oracle {
  private readonly fixed: readonly Item[];
  private readonly before: readonly Item[];
  private readonly names: readonly string[];
  private readonly eligible = new Map<string, readonly Item[]>();
  private readonly choices = new Map<string, readonly Choice[]>();

  constructor(private readonly subject: Case) {
    const { catalog, gateway } = subject;
    const manifestOf = (name: string, version: string) =>
      catalog.find((manifest) => manifest.name === name && manifest.version === version) ?? null;
    this.before = (gateway.installed ?? []).map(({ name, version }) => ({
      name,
      version,
      manifest: manifestOf(name, version),
      type: 'keep',
    }));
    this.fixed = this.facts().map((fact) => ({
      ...fact,
      manifest: fact.version === null ? null : manifestOf(fact.name, fact.version),
      type: 'fixed',
    }));
    this.names = [...new Set([...catalog, ...this.before].map(({ name }) => name))];
    for (const name of this.names) this.eligible.set(name, this.eligibleVersions(name));
  }

  /** Every valid end state. */
  *states(): Generator<State> {
    yield* this.extend([], 0);
  }

  /** The state that a plan claims to lead to. */
  stateOf(plan: Plan): State {
    const items = [...this.fixed];
    for (const kept of this.before) if (plan.keep.includes(key(kept))) items.push(kept);
    for (const name of plan.install) {
      const manifest = this.subject.catalog.find((candidate) => key(candidate) === name);
      if (manifest === undefined) throw new Error(`${name} is not in the catalog`);
      items.push({ name: manifest.name, version: manifest.version, manifest, type: 'install' });
    }
    return { items, install: [...plan.install].sort() };
  }

  isValid({ items }: State): boolean {
    return (
      new Set(items.map(({ name }) => name)).size === items.length &&
      this.subject.requests.every((request) =>
        items.some((item) => meets(item, { name: request.name, version: request.range })),
      ) &&
      items.every((item) => this.isSound(item, items)) &&
      this.keepsProtected(items) &&
      this.download(items) !== null
    );
  }

  /** The ranking, most important first; smaller is better. */
  cost({ items }: State): number[] {
    const { requests, gateway } = this.subject;
    const unknown = this.before.some(
      (kept) => kept.manifest === null && this.isWanted(kept.name) && items.includes(kept),
    );
    let changed = 0;
    let lost = 0;
    let taken = 0;
    for (const { name, version } of gateway.installed ?? []) {
      const now = items.find((item) => item.name === name && item.type !== 'fixed');
      if (now === undefined) {
        lost += this.isWanted(name) || unknown ? 1 : 0;
        taken += this.isWanted(name) ? 1 : 0;
      }
      // A prerelease that nobody asked for is worse than nothing.
      else if (now.version !== version) {
        const unasked = isPrerelease(now.version) && !isPrerelease(version);
        changed += unasked ? 2 : 1;
        taken += unasked && this.isWanted(name) && !this.isProtected(name) ? 1 : 0;
      }
    }
    const installed = items.filter(({ type }) => type === 'install');
    const distances = this.distances(items);
    const ages = new Array<number>(12).fill(0);
    for (const item of installed) {
      const distance = distances.get(item) ?? 11;
      const age = this.age(item);
      if (distance > 0) ages[distance] = (ages[distance] ?? 0) + age;
    }
    return [
      taken,
      ...requests.map((request) => this.rank(request, items)),
      changed + lost,
      lost,
      this.unmetOptions(items),
      ...ages,
      this.download(items) ?? Infinity,
      installed.length,
    ];
  }

  /** Whether what a package needs, or would like, was not there before: then its mending is a matter of taste. */
  hasLooseEnds(): boolean {
    return this.before.some((kept) =>
      (kept.manifest?.requires ?? []).some(
        (requirement) =>
          requirement.optional === true || !holds(requirement, [...this.fixed, ...this.before]),
      ),
    );
  }

  /** What the gateway has by itself, by name; what LEONORE has installed is not fixed. */
  private facts(): { name: string; version: string | null }[] {
    const { catalog, gateway } = this.subject;
    const { hardware, software } = gateway;
    const kernel = kernelOf(gateway);
    const implicit = [
      ...(kernel === null ? [] : [{ name: 'kernel', version: kernel }]),
      { name: software.os, version: kernel },
      { name: hardware.arch, version: null },
      ...(software.libc === undefined ? [] : [{ name: software.libc, version: null }]),
    ].filter(
      ({ name }) =>
        !catalog.some((one) => one.name === name && (one.kind === 'application' || one.kind === 'library')),
    );
    const all = [...(hardware.components ?? []), ...(software.tools ?? []), ...implicit];
    return all.filter(({ name }) => !this.before.some((kept) => kept.name === name));
  }

  private *extend(items: readonly Item[], index: number): Generator<State> {
    const name = this.names[index];
    if (name === undefined) {
      const state = {
        items: [...this.fixed, ...items],
        install: items
          .filter(({ type }) => type === 'install')
          .map(key)
          .sort(),
      };
      if (this.isValid(state)) yield state;
      return;
    }
    yield* this.extend(items, index + 1);
    const kept = this.before.filter((item) => item.name === name);
    for (const item of [...kept, ...(this.eligible.get(name) ?? [])])
      yield* this.extend([...items, item], index + 1);
  }

  private eligibleVersions(name: string): Item[] {
    const { catalog, gateway } = this.subject;
    const found: Item[] = [];
    for (const manifest of catalog.filter((candidate) => candidate.name === name)) {
      if (this.before.some((kept) => kept.name === name && kept.version === manifest.version)) continue;
      if (manifest.kind === 'hardware' || this.fixed.some((fact) => fact.name === name)) continue;
      const choices = choicesOf(manifest, gateway);
      if (choices.length === 0) continue;
      const item: Item = { name, version: manifest.version, manifest, type: 'install' };
      if (this.fixed.some((fact) => this.conflict(item, fact))) continue;
      this.choices.set(key(item), choices);
      found.push(item);
    }
    return found.sort(newestFirst);
  }

  private conflict(left: Item, right: Item): boolean {
    return (
      (left.manifest?.conflicts ?? []).some((range) => meets(right, range)) ||
      (right.manifest?.conflicts ?? []).some((range) => meets(left, range))
    );
  }

  private isSound(item: Item, items: readonly Item[]): boolean {
    if (item.type === 'fixed') return true;
    const old = [...this.fixed, ...this.before];
    const requires = (item.manifest?.requires ?? []).filter(
      (requirement) => requirement.optional !== true && (item.type === 'install' || holds(requirement, old)),
    );
    if (!requires.every((requirement) => holds(requirement, items))) return false;
    return items.every(
      (other) =>
        other === item ||
        (item.type === 'keep' && other.type !== 'install') ||
        (other.type === 'keep' && item.type !== 'install') ||
        !this.conflict(item, other),
    );
  }

  private keepsProtected(items: readonly Item[]): boolean {
    return this.before.every(
      ({ name, manifest }) =>
        manifest?.policies?.removable !== false ||
        items.some((item) => item.name === name && item.type !== 'fixed'),
    );
  }

  /** The smallest download with which the items fit; null when they do not in any variants. */
  private download(items: readonly Item[]): number | null {
    const { hardware, installed } = this.subject.gateway;
    let disk = hardware.diskFree ?? Infinity;
    let memory = hardware.memoryFree ?? Infinity;
    for (const { name, installedSize = 0 } of installed ?? []) {
      if (items.some((item) => item.type === 'keep' && item.name === name)) continue;
      disk += installedSize;
      const manifest = this.before.find((item) => item.name === name)?.manifest ?? null;
      if (manifest !== null) memory += choicesOf(manifest, this.subject.gateway)[0]?.memory ?? 0;
    }
    const choices = items.flatMap((item) =>
      item.type === 'install' ? [this.choices.get(key(item)) ?? []] : [],
    );
    const least = (index: number, diskLeft: number, memoryLeft: number): number => {
      if (diskLeft < 0 || memoryLeft < 0) return Infinity;
      const here = choices[index];
      if (here === undefined) return 0;
      return Math.min(
        ...here.map(
          ({ download, installed: unpacked, memory: used }) =>
            download + least(index + 1, diskLeft - download - unpacked, memoryLeft - used),
        ),
      );
    };
    const found = least(0, disk, memory);
    return found === Infinity ? null : found;
  }

  private rank(request: ArtifactRequest, items: readonly Item[]): number {
    const range: NamedRange = { name: request.name, version: request.range };
    if (this.fixed.some((fact) => meets(fact, range))) return 0;
    const possible = this.names.flatMap((name) => [
      ...this.before.filter((kept) => kept.name === name),
      ...(this.eligible.get(name) ?? []),
    ]);
    const candidates = possible.filter((item) => meets(item, range)).sort(newestFirst);
    const own = candidates.filter(({ name }) => name === request.name);
    const ranks = candidates
      .filter((candidate) => items.some((item) => key(item) === key(candidate)))
      .map((item) => (item.name === request.name ? own.indexOf(item) : own.length + this.age(item)));
    return Math.min(...ranks);
  }

  /** How many newer versions of it there are, among those that can be installed and the one that is. */
  private age({ name, version }: Item): number {
    return [...(this.eligible.get(name) ?? []), ...this.before].filter(
      (other) => other.name === name && newestFirst(other, { version }) < 0,
    ).length;
  }

  private unmetOptions(items: readonly Item[]): number {
    const possible = [...this.fixed, ...this.before, ...[...this.eligible.values()].flat()];
    let unmet = 0;
    for (const item of items) {
      if (item.type !== 'install') continue;
      for (const requirement of item.manifest?.requires ?? []) {
        if (requirement.optional !== true || holds(requirement, items)) continue;
        if (holds(requirement, possible)) unmet += 1;
      }
    }
    return unmet;
  }

  private isProtected(name: string): boolean {
    return this.before.find((kept) => kept.name === name)?.manifest?.policies?.removable === false;
  }

  private isWanted(name: string): boolean {
    return this.subject.gateway.installed?.find((entry) => entry.name === name)?.requested !== false;
  }

  /** How many requirements each item is away from what meets a request; what a request does not lead to is absent. */
  private distances(items: readonly Item[]): Map<Item, number> {
    const distances = new Map<Item, number>();
    let front = items.filter((item) =>
      this.subject.requests.some(({ name, range }) => meets(item, { name, version: range })),
    );
    for (let distance = 0; front.length > 0; distance += 1) {
      const fresh = [...new Set(front)].filter((item) => !distances.has(item));
      for (const item of fresh) distances.set(item, distance);
      front = fresh.flatMap((item) =>
        (item.manifest?.requires ?? []).flatMap((requirement) => {
          const meeting = items.filter((other) =>
            options(requirement).some((option) => meets(other, option)),
          );
          // What it or the gateway meets leads nowhere.
          return meeting.some((other) => other === item || other.type === 'fixed') ? [] : meeting;
        }),
      );
    }
    return distances;
  }
}

function newestFirst(left: { version: string | null }, right: { version: string | null }): number {
  return semver.compareBuild(right.version ?? '0.0.0', left.version ?? '0.0.0');
}

/** Negative when the left cost is better. */
export function compareCosts(left: readonly number[], right: readonly number[]): number {
  for (const [index, value] of left.entries()) {
    const difference = value - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
