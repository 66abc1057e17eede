/** Why nothing, or only some things, could meet a demand: the facts of the catalog and the gateway that close the ways. */
import semver from 'semver';
import type { ArtifactManifest, NamedRange } from '../artifact/manifest.js';
import { artifactMeets, provides, versionless, type FixedFact } from './gateway-facts.js';
import { factText, listText, rejectionText, versionsText } from './phrases.js';
import type { Problem } from './problem.js';
import { isAny, meets } from './versions.js';

/** One phrase a fact, empty when nothing but other artifacts stands in the way. */
export function closedWays(problem: Problem, option: NamedRange): string[] {
  const { catalog, facts } = problem.input;
  const fact = facts.fixed.get(option.name);
  const versions = catalog.versionsOf(option.name);
  const providers = catalog.providersOf(option.name).filter(({ name }) => name !== option.name);
  if (fact !== undefined) return [fixedWay(fact, option)];
  if (versions.length === 0 && providers.length === 0) {
    const nobody =
      facts.profile === null ? 'the catalog does not have' : 'neither the catalog nor the gateway has';
    const installed = facts.installed.find(({ name }) => name === option.name);
    return installed === undefined
      ? [`${nobody} ${option.name}`]
      : [
          `the gateway has only ${installed.name} ${installed.version}, of which the catalog has no other version`,
        ];
  }
  const inRange = [
    ...versions.filter((manifest) => artifactMeets(manifest, option.name, option.version)),
    ...providers.filter((manifest) => provides(manifest, option.name, option.version)),
  ];
  return inRange.length === 0 ? outOfRange(option, versions, providers) : rejections(problem, inRange);
}

function fixedWay(fact: FixedFact, { version }: NamedRange): string {
  if (fact.version !== null || isAny(version))
    return `the gateway has ${factText(fact)}, which no plan can change`;
  return versionless.has(fact.what)
    ? `the ${factText(fact)} has no version`
    : `the gateway does not say which version of ${fact.name} it has`;
}

function outOfRange(
  { name, version }: NamedRange,
  versions: readonly ArtifactManifest[],
  providers: readonly ArtifactManifest[],
): string[] {
  const prereleases = versions.filter((manifest) => meets(manifest.version, version, true));
  if (prereleases.length > 0) {
    const [text, plural] = [versionsText(name, prereleases.map(versionIn)), prereleases.length > 1];
    return [`${text} ${plural ? 'are prereleases' : 'is a prerelease'}, which a range has to name`];
  }
  if (semver.minVersion(version ?? '*') === null) return ['no version can be in that range'];
  const offers = providers.flatMap((manifest) =>
    (manifest.provides ?? [])
      .filter((provision) => provision.name === name)
      .map((provision) => `${name} ${provision.version} by ${manifest.name} ${manifest.version}`),
  );
  const own = versions.length === 0 ? [] : [versionsText(name, versions.map(versionIn))];
  return [`the catalog has only ${listText([...own, ...offers])}`];
}

function versionIn({ version }: { version: string }): string {
  return version;
}

/** What can never be on the gateway, versions with one reason together. */
function rejections(problem: Problem, manifests: readonly ArtifactManifest[]): string[] {
  const { facts } = problem.input;
  const groups = new Map<string, { name: string; versions: string[]; text: (plural: boolean) => string }>();
  for (const { name, version } of manifests) {
    const rejected = problem.group(name).rejected.find(({ manifest }) => manifest.version === version);
    if (rejected === undefined) continue;
    const text = (plural: boolean) => rejectionText(rejected.rejection, facts, plural);
    const key = `${name} ${text(true)}`;
    const group = groups.get(key) ?? { name, versions: [], text };
    group.versions.push(version);
    groups.set(key, group);
  }
  return [...groups.values()].map(
    ({ name, versions, text }) => `${versionsText(name, versions)} ${text(versions.length > 1)}`,
  );
}
