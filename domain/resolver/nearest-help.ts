/**
 * The nearest change that would make a request possible. Each idea is tried: a problem with the change in it is
 * solved, and only what works is said. The ideas go from the least to the most that somebody has to do.
 */
import semver from 'semver';
import type { ArtifactManifest, NamedRange } from '../artifact/manifest.js';
import type { ArtifactRequest } from '../plan/request.js';
import type { Catalog } from './catalog.js';
import type { ConstraintTag } from './constraint-store.js';
import { eligibilityOf } from './eligibility.js';
import { endStateOf, nameOfPresent, versionOfPresent } from './end-state.js';
import { artifactMeets, type FixedFact, type GatewayFacts } from './gateway-facts.js';
import { optionsOf } from './nodes.js';
import { Optimiser } from './optimiser.js';
import { bytesText, demand, factText, platformText, requestText } from './phrases.js';
import { Problem, type ProblemInput } from './problem.js';
import { forbidScriptCircles } from './script-circles.js';
import type { Model } from './search.js';

/** The first idea that works; null when none does. */
export function nearestHelp(input: ProblemInput, tags: readonly ConstraintTag[]): string | null {
  for (const idea of [moreRoom, anotherVersion, unprotected, fewerRequests, changedFact, newArtifact]) {
    const help = idea(input, tags);
    if (help !== null) return help;
  }
  return null;
}

/** Bytes that the most modest plan lacks of a resource; null when that resource is not what stands in the way. */
export function shortage(input: ProblemInput, what: 'disk' | 'memory'): number | null {
  const { facts } = input;
  const solved = attempt({ ...input, facts: unlimited(facts, what) }, what);
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
  return missing > 0 ? missing : null;
}

function attempt(input: ProblemInput, cheap?: 'disk' | 'memory'): { problem: Problem; model: Model } | null {
  const problem = new Problem(input);
  const optimiser = new Optimiser(problem, (model) => forbidScriptCircles(problem, model));
  const model = optimiser.best(cheap === undefined ? [] : [problem.costs.layer(cheap)]);
  return model === null ? null : { problem, model };
}

function unlimited(facts: GatewayFacts, what: 'disk' | 'memory'): GatewayFacts {
  return what === 'disk' ? { ...facts, diskFree: Infinity } : { ...facts, memoryFree: Infinity };
}

function moreRoom(input: ProblemInput, tags: readonly ConstraintTag[]): string | null {
  for (const what of ['disk', 'memory'] as const) {
    if (!tags.some(({ type }) => type === what)) continue;
    const missing = shortage(input, what);
    if (missing !== null) return `${bytesText(missing)} more free ${what}`;
  }
  return null;
}

/** Versions outside the requested ranges. */
function anotherVersion(input: ProblemInput): string | null {
  for (const request of input.requests) {
    if (request.range === '*') continue;
    const wider = input.requests.map((other) => (other === request ? { ...other, range: '*' } : other));
    const solved = attempt({ ...input, requests: wider });
    if (solved === null) continue;
    const { roots } = endStateOf(solved.problem, solved.model);
    const root = roots[input.requests.indexOf(request)];
    if (root !== undefined)
      return `request ${nameOfPresent(root)}@${versionOfPresent(root)} instead of ${requestText(request)}`;
  }
  return null;
}

function unprotected(input: ProblemInput, tags: readonly ConstraintTag[]): string | null {
  for (const tag of tags) {
    if (tag.type !== 'protected') continue;
    const installed = input.facts.installed.map((pack) =>
      pack.name === tag.package.name ? { ...pack, removable: true } : pack,
    );
    if (attempt({ ...input, facts: { ...input.facts, installed } }) === null) continue;
    return `remove ${tag.package.name} ${tag.package.version}, which its policy forbids to do here`;
  }
  return null;
}

function fewerRequests(input: ProblemInput): string | null {
  if (input.requests.length < 2) return null;
  for (const request of input.requests.toReversed()) {
    const fewer = input.requests.filter((other) => other !== request);
    if (attempt({ ...input, requests: fewer }) !== null) return `leave out ${requestText(request)}`;
  }
  return null;
}

/** Another version of something that the gateway fixes, or something that it lacks. */
function changedFact(input: ProblemInput, tags: readonly ConstraintTag[]): string | null {
  const { facts, catalog } = input;
  if (facts.profile === null) return null;
  for (const option of demandsOf(tags)) {
    const fact = facts.fixed.get(option.name);
    const isHardware = catalog.versionsOf(option.name).some(({ kind }) => kind === 'hardware');
    if (fact === undefined && !isHardware) continue;
    // A fact without a version meets every range.
    const ideal: FixedFact = {
      name: option.name,
      version: null,
      what: fact?.what ?? 'hardware component',
      manifest: null,
    };
    const fixed = new Map(facts.fixed).set(option.name, ideal);
    if (attempt({ ...input, facts: { ...facts, fixed } }) === null) continue;
    return fact === undefined
      ? `a gateway with ${demand(option)}`
      : `a gateway with ${demand(option)} instead of ${factText(fact)}`;
  }
  return null;
}

/** An artifact that the catalog lacks. */
function newArtifact(input: ProblemInput, tags: readonly ConstraintTag[]): string | null {
  for (const option of demandsOf(tags)) {
    const version = semver.minVersion(option.version ?? '*')?.version;
    if (version === undefined) continue;
    const extra: ArtifactManifest = { name: option.name, version, kind: 'library' };
    if (attempt({ ...input, catalog: withArtifact(input.catalog, extra) }) === null) continue;
    const place = input.facts.profile === null ? '' : ` for ${platformText(input.facts)}`;
    const range = option.version;
    const there = input.catalog
      .versionsOf(option.name)
      .some(
        (other) => artifactMeets(other, option.name, range) && eligibilityOf(other, input.facts).eligible,
      );
    return there
      ? `add another version of ${demand(option)}${place}, without what stands against those that there are`
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
