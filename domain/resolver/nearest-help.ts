/**
 * The nearest change that would make a request possible. Each idea is tried: a problem with the change in it is
 * solved, and only what works is said. The ideas go from the least to the most that somebody has to do.
 */
import semver from 'semver';
import type { ArtifactManifest, NamedRange } from '../artifact/manifest.js';
import type { ArtifactRequest } from '../plan/request.js';
import { shares, type Budget } from './budget.js';
import type { Catalog } from './catalog.js';
import type { ConstraintTag } from './constraint-store.js';
import type { CostLayer, CostLayers } from './cost-layers.js';
import { eligibilityOf } from './eligibility.js';
import { endStateOf, nameOfPresent, versionOfPresent, type Present } from './end-state.js';
import { artifactMeets, type FixedFact, type GatewayFacts } from './gateway-facts.js';
import { optionsOf } from './nodes.js';
import { Optimiser, Undecided } from './optimiser.js';
import { bytesText, demand, factText, nodeText, platformText, requestText } from './phrases.js';
import { Problem, type ProblemInput } from './problem.js';
import { forbidScriptCircles } from './script-circles.js';
import type { Model } from './search.js';
import { isAny } from './versions.js';

/** The first idea that works; null when none does. */
export function nearestHelp(
  input: ProblemInput,
  tags: readonly ConstraintTag[],
  budget: Budget,
): string | null {
  const ideas = [moreRoom, anotherVersion, unprotected, fewerRequests, changedFact, admitted, newArtifact];
  for (const idea of ideas) {
    const help = idea(input, tags, budget);
    if (help !== null) return help;
  }
  return null;
}

/** What the most modest plan lacks of a resource. */
export interface Shortage {
  readonly missing: number;
  /** What it would install, the heaviest first, with the bytes that each takes. */
  readonly takers: readonly { readonly text: string; readonly bytes: number }[];
}

/** Null when the resource is not what stands in the way. */
export function shortage(input: ProblemInput, what: 'disk' | 'memory', budget: Budget): Shortage | null {
  const { facts } = input;
  const solved = attempt({ ...input, facts: unlimited(facts, what) }, budget, (costs) => [costs.layer(what)]);
  if (solved === null) return null;
  const freeable = facts.installed.reduce(
    (sum, pack) => sum + (what === 'disk' ? pack.installedSize : pack.memory),
    0,
  );
  const layer = solved.problem.costs.layer(what);
  const used = layer.terms.reduce(
    (sum, { literal, weight }) => sum + (solved.model.has(literal) ? weight : 0),
    0,
  );
  const missing = used - freeable - (what === 'disk' ? facts.diskFree : facts.memoryFree);
  if (missing <= 0) return null;
  const state = endStateOf(solved.problem, solved.model);
  const ownerOf = (present: Present) =>
    state.roots.includes(present)
      ? undefined
      : [...state.reached].find((other) => state.requiredBy(other).includes(present));
  const takers = state.install.map((present) => {
    const { node, choice } = present;
    const owner = ownerOf(present);
    return {
      text: owner === undefined ? nodeText(node) : `${nodeText(node)} that ${nameOfPresent(owner)} requires`,
      bytes: what === 'disk' ? choice.downloadSize + choice.installedSize : choice.memory,
    };
  });
  return {
    missing,
    takers: takers.filter(({ bytes }) => bytes > 0).sort((left, right) => right.bytes - left.bytes),
  };
}

function attempt(
  input: ProblemInput,
  budget: Budget,
  cheap: (costs: CostLayers) => readonly CostLayer[] = () => [],
): { problem: Problem; model: Model } | null {
  const problem = new Problem(input);
  const optimiser = new Optimiser(problem, (model) => forbidScriptCircles(problem, model));
  try {
    const model = optimiser.best(budget.share(shares.step), budget.share(shares.step), cheap(problem.costs));
    return model === null ? null : { problem, model: model.model };
  } catch (error) {
    if (error instanceof Undecided) return null;
    throw error;
  }
}

function unlimited(facts: GatewayFacts, what: 'disk' | 'memory'): GatewayFacts {
  return what === 'disk' ? { ...facts, diskFree: Infinity } : { ...facts, memoryFree: Infinity };
}

function moreRoom(input: ProblemInput, tags: readonly ConstraintTag[], budget: Budget): string | null {
  for (const what of ['disk', 'memory'] as const) {
    if (!tags.some(({ type }) => type === what)) continue;
    const short = shortage(input, what, budget);
    if (short !== null) return `${bytesText(short.missing)} more free ${what}`;
  }
  return null;
}

/** Versions outside the requested ranges; of prereleases the newest, which a range has to name. */
function anotherVersion(input: ProblemInput, _tags: readonly ConstraintTag[], budget: Budget): string | null {
  for (const request of input.requests) {
    const prerelease = input.catalog
      .versionsOf(request.name)
      .find(({ version }) => semver.prerelease(version) !== null);
    for (const range of ['*', ...(prerelease === undefined ? [] : [prerelease.version])]) {
      if (range === request.range) continue;
      const wider = input.requests.map((other) => (other === request ? { ...other, range } : other));
      const solved = attempt({ ...input, requests: wider }, budget, (costs) => costs.requests);
      if (solved === null) continue;
      const { roots } = endStateOf(solved.problem, solved.model);
      const root = roots[input.requests.indexOf(request)];
      if (root === undefined) continue;
      const instead = `${nameOfPresent(root)}@${versionOfPresent(root)} instead of ${requestText(request)}`;
      return `request ${range === '*' ? '' : 'the prerelease '}${instead}`;
    }
  }
  return null;
}

function unprotected(input: ProblemInput, tags: readonly ConstraintTag[], budget: Budget): string | null {
  for (const tag of tags) {
    if (tag.type !== 'protected') continue;
    const installed = input.facts.installed.map((pack) =>
      pack.name === tag.package.name ? { ...pack, removable: true } : pack,
    );
    if (attempt({ ...input, facts: { ...input.facts, installed } }, budget) === null) continue;
    return `remove ${tag.package.name} ${tag.package.version}, which its policy forbids to do here`;
  }
  return null;
}

function fewerRequests(input: ProblemInput, _tags: readonly ConstraintTag[], budget: Budget): string | null {
  if (input.requests.length < 2) return null;
  for (const request of input.requests.toReversed()) {
    const fewer = input.requests.filter((other) => other !== request);
    if (attempt({ ...input, requests: fewer }, budget) !== null) return `leave out ${requestText(request)}`;
  }
  return null;
}

/** Another version of something that the gateway fixes, or something that it lacks. */
function changedFact(input: ProblemInput, tags: readonly ConstraintTag[], budget: Budget): string | null {
  const { facts, catalog } = input;
  if (facts.profile === null) return null;
  for (const option of demandsOf(tags)) {
    const fact = facts.fixed.get(option.name);
    const isHardware = catalog.versionsOf(option.name).some(({ kind }) => kind === 'hardware');
    if (fact === undefined && !isHardware) continue;
    const version = isAny(option.version)
      ? null
      : (semver.minVersion(option.version ?? '*')?.version ?? null);
    const what = fact?.what ?? 'hardware component';
    const ideal: FixedFact = { name: option.name, version, what, manifest: null };
    const fixed = new Map(facts.fixed).set(option.name, ideal);
    if (attempt({ ...input, facts: { ...facts, fixed } }, budget) === null) continue;
    return fact === undefined
      ? `a gateway with ${demand(option)}`
      : `a gateway with ${demand(option)} instead of ${factText(fact)}`;
  }
  return null;
}

/** Without what keeps a version that there is from this gateway: a policy of it, or a fact that it conflicts with. */
function admitted(input: ProblemInput, tags: readonly ConstraintTag[], budget: Budget): string | null {
  const { catalog, facts } = input;
  for (const option of demandsOf(tags)) {
    for (const manifest of catalog.versionsOf(option.name)) {
      const key = `${manifest.name} ${manifest.version}`;
      const { select, ...others } = manifest.policies ?? {};
      const possible = (changed: Partial<ProblemInput>) => attempt({ ...input, ...changed }, budget) !== null;
      if (!artifactMeets(manifest, option.name, option.version)) {
        const policies = { ...manifest.policies, prerelease: true };
        if (!artifactMeets({ ...manifest, policies }, option.name, option.version)) continue;
        if (!possible({ catalog: withArtifact(catalog, { ...manifest, policies }) })) continue;
        return `let ${key} be chosen although it is a prerelease, by its policy or by a range that names it`;
      }
      const judged = eligibilityOf(manifest, facts);
      if (judged.eligible) continue;
      const { rejection } = judged;
      if (rejection.type === 'policy') {
        if (!possible({ catalog: withArtifact(catalog, { ...manifest, policies: others }) })) continue;
        return `a gateway that the policy of ${key} admits: ${select ?? ''}`;
      }
      if (rejection.type === 'conflict') {
        const { fact } = rejection;
        const fixed = new Map([...facts.fixed].filter(([name]) => name !== fact.name));
        if (possible({ facts: { ...facts, fixed } })) return `a gateway without ${factText(fact)}`;
      }
    }
  }
  return null;
}

/** An artifact that the catalog lacks. */
function newArtifact(input: ProblemInput, tags: readonly ConstraintTag[], budget: Budget): string | null {
  for (const option of demandsOf(tags)) {
    const version = semver.minVersion(option.version ?? '*')?.version;
    if (version === undefined) continue;
    const extra: ArtifactManifest = { name: option.name, version, kind: 'library' };
    if (attempt({ ...input, catalog: withArtifact(input.catalog, extra) }, budget) === null) continue;
    const place = input.facts.profile === null ? '' : ` for ${platformText(input.facts)}`;
    const range = option.version;
    const isKnown =
      input.catalog.versionsOf(option.name).length > 0 || input.catalog.providersOf(option.name).length > 0;
    // What is required and nobody has heard of may be a part of other gateways; what is requested is an artifact.
    const isRequested = input.requests.some(({ name }) => name === option.name);
    if (!isKnown && !isRequested && input.facts.profile !== null)
      return `a gateway with ${demand(option)}, or ${demand(option)}${place} in the catalog`;
    const there = input.catalog
      .versionsOf(option.name)
      .some(
        (other) => artifactMeets(other, option.name, range) && eligibilityOf(other, input.facts).eligible,
      );
    return there
      ? `add a version of ${demand(option)}${place} to the catalog that agrees with the rest`
      : `add ${demand(option)}${place} to the catalog`;
  }
  return null;
}

/** What is asked for in a contradiction, the deepest first: there the least has to change. */
function demandsOf(tags: readonly ConstraintTag[]): NamedRange[] {
  const demands = tags.flatMap((tag): readonly NamedRange[] => {
    if (tag.type === 'request') return [rangeOf(tag.request)];
    return tag.type === 'requires' ? optionsOf(tag.requirement) : [];
  });
  return demands.toReversed();
}

function rangeOf({ name, range }: ArtifactRequest): NamedRange {
  return { name, version: range };
}

function withArtifact(catalog: Catalog, extra: ArtifactManifest): Catalog {
  return {
    versionsOf(name) {
      const others = catalog.versionsOf(name).filter(({ version }) => version !== extra.version);
      return name === extra.name ? [extra, ...others] : catalog.versionsOf(name);
    },
    providersOf: (name) => catalog.providersOf(name),
  };
}
