/** Changes that might make a request possible, from the least to the most that somebody has to do. */
import semver from 'semver';
import type { ArtifactManifest, NamedRange, Platform } from '../artifact/manifest.js';
import type { ArtifactRequest } from '../plan/request.js';
import type { Budget } from './budget.js';
import type { Catalog } from './catalog.js';
import { profileWithout, withArtifact, withProfile } from './changed-input.js';
import type { ConstraintTag } from './constraint-store.js';
import { eligibilityOf } from './eligibility.js';
import { endStateOf, nameOfPresent, versionOfPresent } from './end-state.js';
import { artifactMeets, versionless, type FixedFact, type GatewayFacts } from './gateway-facts.js';
import type { Reason } from './independent-reasons.js';
import { optionsOf } from './nodes.js';
import { bytesText, demand, factText, platformText, requestText } from './phrases.js';
import { suits, type VariantAim } from './platform.js';
import type { ProblemInput } from './problem.js';
import { shortage } from './shortage.js';
import type { Solved } from './solve-once.js';
import { isAny, meets } from './versions.js';

export interface Change {
  apply(input: ProblemInput): ProblemInput;
  /** A solution of the problem with this change, where one is known. */
  readonly known?: Solved;
  /** How it is said once it works; null when the solution found shows that it says nothing. */
  text(solved: Solved): string | null;
}

/** @param isOnly whether nothing else stands in the way: with more reasons, what was asked for is given up last */
export function* changesAgainst(
  input: ProblemInput,
  reason: Reason,
  isOnly: boolean,
  budget: Budget,
): Generator<Change> {
  const { tags } = reason;
  yield* moreRoom(input, tags, budget);
  yield* otherVersions(input);
  yield* unprotected(tags);
  if (isOnly) yield* fewerRequests(input);
  const demands = demandsOf(tags);
  yield* otherFacts(input, demands);
  yield* reportedPlatforms(input, demands);
  yield* otherPlatforms(input, demands);
  yield* admissions(input, demands);
  yield* newVariants(input, demands);
  yield* newArtifacts(input, demands);
  if (!isOnly) yield* fewerRequests(input);
}

function* moreRoom(input: ProblemInput, tags: readonly ConstraintTag[], budget: Budget): Generator<Change> {
  for (const what of ['disk', 'memory'] as const) {
    if (!tags.some(({ type }) => type === what)) continue;
    const short = shortage(input, what, budget.share(0.5));
    if (short === null) continue;
    const free = what === 'disk' ? 'diskFree' : 'memoryFree';
    yield {
      known: short.solved,
      apply: (before) => ({
        ...before,
        facts: { ...before.facts, [free]: before.facts[free] + short.missing },
      }),
      text: () => `${bytesText(short.missing)} more free ${what}`,
    };
  }
}

/** Versions outside the requested ranges; of prereleases the newest, which a range has to name. */
function* otherVersions({ requests, catalog }: ProblemInput): Generator<Change> {
  for (const [index, request] of requests.entries()) {
    const prerelease = catalog
      .versionsOf(request.name)
      .find(({ version }) => semver.prerelease(version) !== null);
    for (const range of ['*', ...(prerelease === undefined ? [] : [prerelease.version])]) {
      if (range === request.range) continue;
      yield {
        apply: (before) => ({
          ...before,
          requests: before.requests.map((other) => (isEqual(other, request) ? { ...other, range } : other)),
        }),
        text: ({ problem, model }) => {
          const root = endStateOf(problem, model).roots[index];
          // What the gateway has by itself need not be requested.
          if (root === undefined || root.type === 'fixed') return null;
          const instead = `${nameOfPresent(root)}@${versionOfPresent(root)} instead of ${requestText(request)}`;
          return `request ${range === '*' ? '' : 'the prerelease '}${instead}`;
        },
      };
    }
  }
}

function* unprotected(tags: readonly ConstraintTag[]): Generator<Change> {
  for (const tag of tags) {
    if (tag.type !== 'protected') continue;
    const { name, version } = tag.package;
    yield {
      apply: (before) => ({
        ...before,
        facts: {
          ...before.facts,
          installed: before.facts.installed.map((pack) =>
            pack.name === name ? { ...pack, removable: true } : pack,
          ),
        },
      }),
      text: () => `remove ${name} ${version}, against its policy (removable: false)`,
    };
  }
}

function* fewerRequests({ requests }: ProblemInput): Generator<Change> {
  if (requests.length < 2) return;
  for (const request of requests.toReversed()) {
    yield {
      apply: (before) => ({
        ...before,
        requests: before.requests.filter((other) => !isEqual(other, request)),
      }),
      text: () => `leave out ${requestText(request)}`,
    };
  }
}

/** Another version of something that the gateway fixes, or hardware that it lacks. */
function* otherFacts({ facts, catalog }: ProblemInput, demands: readonly NamedRange[]): Generator<Change> {
  if (facts.profile === null) return;
  for (const option of demands) {
    const fact = facts.fixed.get(option.name);
    const isHardware = catalog.versionsOf(option.name).some(({ kind }) => kind === 'hardware');
    if (fact === undefined && !isHardware) continue;
    if (fact !== undefined && versionless.has(fact.what)) continue;
    const version = isAny(option.version)
      ? null
      : (semver.minVersion(option.version ?? '*')?.version ?? null);
    const what = fact?.what ?? 'hardware component';
    const ideal: FixedFact = { name: option.name, version, what, manifest: null };
    const isAmount = (what === 'memory' || what === 'cpus') && meets('999999999.0.0', option.version);
    const wanted = isAmount ? `at least ${factText(ideal)}` : demand(option);
    yield {
      apply: (before) => ({
        ...before,
        facts: { ...before.facts, fixed: new Map(before.facts.fixed).set(option.name, ideal) },
      }),
      text: () => `a gateway with ${wanted}${fact === undefined ? '' : ` instead of ${factText(fact)}`}`,
    };
  }
}

/** A gateway that differs only in its kernel, or in its C library, from what a variant asks for. */
function* otherPlatforms(
  { facts, catalog }: ProblemInput,
  demands: readonly NamedRange[],
): Generator<Change> {
  const { profile } = facts;
  if (profile === null) return;
  for (const { platform, format } of rejectedVariants(facts, catalog, demands)) {
    const ideals = [
      { field: 'kernel', wanted: `kernel ${platform.kernel ?? ''}`, ideal: lowestIn(platform.kernel) },
      { field: 'libc', wanted: platform.libc ?? '', ideal: libcLike(platform.libc) },
    ] as const;
    for (const { field, wanted, ideal } of ideals) {
      if (ideal === undefined) continue;
      const other = { ...profile, software: { ...profile.software, [field]: ideal } };
      if (!suits({ platform, format }, other)) continue;
      const has = profile.software[field];
      const instead = field === 'kernel' ? `kernel ${has ?? ''}` : has;
      yield {
        apply: (before) => withProfile(before, other),
        text: () => `a gateway with ${wanted}${has === undefined ? '' : ` instead of ${instead ?? ''}`}`,
      };
    }
  }
}

function isPlatformKnown({ profile }: GatewayFacts): boolean {
  return profile !== null && profile.hardware.arch + profile.software.os !== '';
}

/** A gateway that reports what it is: a profile that leaves it out meets no demand. */
function* reportedPlatforms(
  { facts, catalog }: ProblemInput,
  demands: readonly NamedRange[],
): Generator<Change> {
  const { profile } = facts;
  if (profile === null || isPlatformKnown(facts)) return;
  for (const { platform, format } of rejectedVariants(facts, catalog, demands)) {
    const { arch = '', os = '' } = platform;
    const other = {
      ...profile,
      hardware: { ...profile.hardware, arch },
      software: { ...profile.software, os },
    };
    if (!suits({ platform, format }, other)) continue;
    yield {
      apply: (before) => withProfile(before, other),
      text: () => `a gateway that reports to be ${[arch, os].filter((part) => part !== '').join('-')}`,
    };
  }
}

function lowestIn(range: string | undefined): string | undefined {
  return range === undefined ? undefined : semver.minVersion(range)?.version;
}

/** A C library that a variant's demand (`musl`, `glibc >=2.31`) means. */
function libcLike(demanded: string | undefined): string | undefined {
  const [, name = demanded, range] = /^(\S+)\s+(\S.*)$/u.exec(demanded ?? '') ?? [];
  const version = range === undefined || semver.validRange(range) === null ? undefined : lowestIn(range);
  return version === undefined ? name : `${name ?? ''} ${version}`;
}

function* rejectedVariants(
  facts: GatewayFacts,
  catalog: Catalog,
  demands: readonly NamedRange[],
): Generator<VariantAim & { readonly manifest: ArtifactManifest; readonly platform: Platform }> {
  for (const { name, version } of demands) {
    for (const manifest of bearersOf(name, catalog)) {
      if (!artifactMeets(manifest, name, version)) continue;
      const judged = eligibilityOf(manifest, facts);
      if (judged.eligible || judged.rejection.type !== 'platform') continue;
      for (const { platform = {}, format } of manifest.variants ?? []) yield { manifest, platform, format };
    }
  }
}

/** Artifacts that bear a name, then those that only provide it. */
function bearersOf(name: string, catalog: Catalog): ReadonlySet<ArtifactManifest> {
  return new Set([...catalog.versionsOf(name), ...catalog.providersOf(name)]);
}

/** Without what keeps a version that there is from this gateway: a policy of it, or a fact that it conflicts with. */
function* admissions({ catalog, facts }: ProblemInput, demands: readonly NamedRange[]): Generator<Change> {
  for (const option of demands) {
    for (const manifest of bearersOf(option.name, catalog)) {
      const key = `${manifest.name} ${manifest.version}`;
      const { select, ...others } = manifest.policies ?? {};
      const instead = (policies: ArtifactManifest['policies']) => (before: ProblemInput) => ({
        ...before,
        catalog: withArtifact(before.catalog, {
          ...manifest,
          ...(policies === undefined ? {} : { policies }),
        }),
      });
      if (!artifactMeets(manifest, option.name, option.version)) {
        const policies = { ...manifest.policies, prerelease: true };
        if (!artifactMeets({ ...manifest, policies }, option.name, option.version)) continue;
        yield {
          apply: instead(policies),
          text: () =>
            `let ${key} be chosen although it is a prerelease, by its policy or by a range that names it`,
        };
        continue;
      }
      const judged = eligibilityOf(manifest, facts);
      if (judged.eligible) continue;
      const { rejection } = judged;
      if (rejection.type === 'policy') {
        yield {
          apply: instead(others),
          text: () => `a gateway that the policy of ${key} admits: ${select ?? ''}`,
        };
      } else if (rejection.type === 'conflict') {
        const { fact } = rejection;
        const other = facts.profile === null ? null : profileWithout(facts.profile, fact);
        if (other === null) continue;
        yield {
          apply: (before) => withProfile(before, other),
          text: () => withoutText(fact),
        };
      }
    }
  }
}

function withoutText(fact: FixedFact): string {
  const { name, what } = fact;
  if (what === 'architecture') return `a gateway of another architecture than ${name}`;
  if (what === 'operating system') return `a gateway with another operating system than ${name}`;
  if (what === 'libc') return `a gateway with another C library than ${factText(fact)}`;
  return `a gateway without ${factText(fact)}`;
}

/** A further variant of a version that there is. */
function* newVariants({ facts, catalog }: ProblemInput, demands: readonly NamedRange[]): Generator<Change> {
  const seen = new Set<ArtifactManifest>();
  for (const { manifest, platform } of rejectedVariants(facts, catalog, demands)) {
    if (seen.has(manifest)) continue;
    seen.add(manifest);
    const formats = facts.profile?.software.formats;
    const anywhere = { ...manifest };
    if (formats === undefined) delete anywhere.variants;
    else anywhere.variants = formats.map((format) => ({ format }));
    const kernel = platform.kernel === undefined ? undefined : facts.profile?.software.kernel;
    yield {
      apply: (before) => ({ ...before, catalog: withArtifact(before.catalog, anywhere) }),
      text: () =>
        `add a variant of ${manifest.name} ${manifest.version}` +
        (isPlatformKnown(facts) ? ` for ${platformText(facts)}` : ' that runs anywhere') +
        (kernel === undefined ? '' : ` that runs on kernel ${kernel}`),
    };
  }
}

/** Names of platforms and of what processors can do: an artifact of such a name is no help. */
const platformNames =
  /^(neon|asimd\w*|vfp\w*|mmx\w*|sse\w*|ssse3|avx\w*|fma\w*|altivec|armv[4-9]\w*|arm|armhf|aarch64|arm64|x86|x86_64|amd64|i[3-6]86|mips\w*|riscv\w*|ppc\w*|powerpc\w*|s390x?|isolation-\w+|linux|kernel|musl|glibc|uclibc\S*|cpus|memory)$/u;

/** An artifact that the catalog lacks. */
function* newArtifacts(
  { facts, catalog, requests }: ProblemInput,
  demands: readonly NamedRange[],
): Generator<Change> {
  for (const option of demands) {
    const version = semver.minVersion(option.version ?? '*')?.version;
    if (version === undefined) continue;
    const extra: ArtifactManifest = { name: option.name, version, kind: 'library' };
    const place = facts.profile === null || !isPlatformKnown(facts) ? '' : ` for ${platformText(facts)}`;
    const known = catalog.versionsOf(option.name);
    const isKnown = known.length > 0 || catalog.providersOf(option.name).length > 0;
    // What is required and nobody has heard of may be a part of other gateways; what is requested is an artifact.
    const isRequested = requests.some(({ name }) => name === option.name);
    const isThere = known.some((other) => artifactMeets(other, option.name, option.version));
    const add = `add ${isThere ? 'a version of ' : ''}${demand(option)}${place} to the catalog`;
    const elsewhere = `a gateway with ${demand(option)}`;
    yield {
      apply: (before) => ({ ...before, catalog: withArtifact(before.catalog, extra) }),
      text: () => {
        if (facts.profile !== null && platformNames.test(option.name)) return isRequested ? null : elsewhere;
        if (!isKnown && !isRequested && facts.profile !== null)
          return `${elsewhere}, or ${demand(option)}${place} in the catalog`;
        return isThere ? `${add} that agrees with the rest` : add;
      },
    };
  }
}

/** What is asked for in a contradiction, the deepest first: there the least has to change. */
function demandsOf(tags: readonly ConstraintTag[]): NamedRange[] {
  const demands = tags.flatMap((tag): readonly NamedRange[] => {
    if (tag.type === 'request') return [rangeOf(tag.request)];
    return tag.type === 'requires' ? optionsOf(tag.requirement) : [];
  });
  const different = new Map(demands.toReversed().map((option) => [demand(option), option]));
  return [...different.values()];
}

function isEqual(left: ArtifactRequest, right: ArtifactRequest): boolean {
  return left.name === right.name && left.range === right.range;
}

function rangeOf({ name, range }: ArtifactRequest): NamedRange {
  return { name, version: range };
}
