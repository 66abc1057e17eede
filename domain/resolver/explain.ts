/**
 * Says why there is no plan: the smallest set of constraints that contradict each other (contradiction.ts), told
 * from the requests downwards, one sentence a step, with the facts of the catalog and the gateway that close each
 * way; and the nearest change that would open one (nearest-help.ts).
 */
import { shares, type Budget } from './budget.js';
import type { NamedRange } from '../artifact/manifest.js';
import type { ConstraintTag } from './constraint-store.js';
import { contradictionOf } from './contradiction.js';
import { artifactMeets, provides, type GatewayFacts } from './gateway-facts.js';
import { nearestHelp, shortage } from './nearest-help.js';
import { nameOf, optionsOf, versionOf, type Node } from './nodes.js';
import {
  bytesText,
  demand,
  factText,
  listText,
  nodeText,
  rejectionText,
  requestText,
  requirementText,
  versionsText,
} from './phrases.js';
import type { Problem } from './problem.js';
import { meets } from './versions.js';

type Tag<Type extends ConstraintTag['type']> = Extract<ConstraintTag, { type: Type }>;

/** Sentences of a kind stand together, the requests first. */
const order: readonly ConstraintTag['type'][] = [
  'request',
  'protected',
  'requires',
  'conflict',
  'one-version',
  'order',
  'disk',
  'memory',
];

/**
 * Explains a problem that has no solution.
 * @param problem one in which the search has just found none
 * @param facts the gateway with its limits, which the problem may leave out: help has to respect them
 */
export function explain(problem: Problem, facts: GatewayFacts, budget: Budget): string {
  const { requests } = problem.input;
  const tags = contradictionOf(problem, budget.share(shares.reasons));
  const sentences = order.flatMap((type) => sentencesOf(problem, tags, type, budget.share(shares.reasons)));
  const asked = requests.map(requestText).join(' and ');
  const help = nearestHelp({ ...problem.input, facts }, tags, budget.share(shares.help));
  return [
    `No plan installs ${asked}:`,
    ...shortened(sentences).map((sentence) => `  - ${sentence}`),
    ...(help === null ? [] : [`Nearest help: ${help}`]),
  ].join('\n');
}

/** What is said when the search was given up: nobody may take it for a proof. */
export function explainUndecided({ input, constraints }: Problem): string {
  const asked = input.requests.map(requestText).join(' and ');
  return [
    `No plan that installs ${asked} was found, nor was it proven that there is none:`,
    `  - the search was given up after ${constraints.solver.conflicts} contradictions`,
    'Nearest help: ask for less at once or in narrower ranges, or make room on the gateway',
  ].join('\n');
}

/** Sentences that people read; a contradiction over a whole disk may have a hundred. */
const most = 24;

function shortened(sentences: readonly string[]): readonly string[] {
  if (sentences.length <= most) return sentences;
  const [head, tail] = [most - 4, 3];
  return [
    ...sentences.slice(0, head),
    `… ${sentences.length - head - tail} more …`,
    ...sentences.slice(-tail),
  ];
}

function sentencesOf(
  problem: Problem,
  tags: readonly ConstraintTag[],
  type: ConstraintTag['type'],
  budget: Budget,
): string[] {
  const ofType = <Type extends ConstraintTag['type']>(wanted: Type) =>
    tags.filter((tag): tag is Tag<Type> => tag.type === wanted);
  switch (type) {
    case 'request':
      return ofType('request').map(({ request }) =>
        [
          `${requestText(request)} was requested`,
          ...closed(problem, { name: request.name, version: request.range }),
        ].join('; '),
      );
    case 'protected':
      return ofType('protected').map(
        ({ package: pack }) =>
          `${pack.name} ${pack.version} is installed and its policy forbids to remove it`,
      );
    case 'requires':
      return requirements(problem, ofType('requires'));
    case 'conflict':
      return conflicts(ofType('conflict'));
    case 'one-version':
      return ofType('one-version').map(({ name }) => `only one version of ${name} can be on a gateway`);
    case 'order':
      return ofType('order').map(
        ({ nodes }) =>
          `${nodes.map(nodeText).join(' and ')} require each other, and more than one of them runs an install script: no order serves them`,
      );
    case 'disk':
    case 'memory':
      return ofType(type).map(() => resource(problem, type, budget));
    case 'auxiliary':
      return [];
  }
}

/** Versions of one artifact with the same requirement are spoken of together. */
function requirements(problem: Problem, tags: readonly Tag<'requires'>[]): string[] {
  const groups = new Map<string, Tag<'requires'>[]>();
  for (const tag of tags) {
    const key = `${nameOf(tag.owner)} ${requirementText(tag.requirement)}`;
    groups.set(key, [...(groups.get(key) ?? []), tag]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const owners = ownersText(group.map(({ owner }) => owner));
    const verb = group.length === 1 ? 'requires' : 'require';
    const reasons = optionsOf(first.requirement).flatMap((option) => closed(problem, option));
    return [[`${owners} ${verb} ${requirementText(first.requirement)}`, ...reasons].join('; ')];
  });
}

function ownersText(owners: readonly Node[]): string {
  const [only] = owners;
  if (owners.length === 1 && only !== undefined) return nodeText(only);
  return versionsText(only === undefined ? '' : nameOf(only), owners.map(versionOf));
}

function conflicts(tags: readonly Tag<'conflict'>[]): string[] {
  const groups = new Map<string, Tag<'conflict'>[]>();
  for (const tag of tags) {
    const key = `${nameOf(tag.declarer)} ${nodeText(tag.other)} ${demand(tag.over)}`;
    groups.set(key, [...(groups.get(key) ?? []), tag]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const declarers = ownersText(group.map(({ declarer }) => declarer));
    const given = first.over.name === nameOf(first.other) ? '' : `, which ${nodeText(first.other)} provides`;
    const what = given === '' ? nodeText(first.other) : demand(first.over);
    return [`${declarers} ${group.length === 1 ? 'conflicts' : 'conflict'} with ${what}${given}`];
  });
}

/** The facts that close ways of meeting a demand. */
function closed(problem: Problem, option: NamedRange): string[] {
  const { catalog, facts } = problem.input;
  const fact = facts.fixed.get(option.name);
  const versions = catalog.versionsOf(option.name);
  const providers = catalog.providersOf(option.name).filter(({ name }) => name !== option.name);
  if (fact !== undefined) return [`the gateway has ${factText(fact)}, which no plan can change`];
  if (versions.length === 0 && providers.length === 0) {
    return [
      facts.profile === null
        ? `the catalog has nothing of the name ${option.name}`
        : `neither the catalog nor the gateway has ${option.name}`,
    ];
  }
  const inRange = [
    ...versions.filter((manifest) => artifactMeets(manifest, option.name, option.version)),
    ...providers.filter((manifest) => provides(manifest, option.name, option.version)),
  ];
  if (inRange.length === 0) {
    const there = versions.length > 0 ? versions : providers;
    const names = [...new Set(there.map(({ name }) => name))];
    const prereleases = there.filter(({ version }) => meets(version, option.version, true));
    if (versions.length > 0 && prereleases.length > 0) {
      const [text, plural] = [versionsText(option.name, prereleases.map(versionIn)), prereleases.length > 1];
      return [`${text} ${plural ? 'are prereleases' : 'is a prerelease'}, which a range has to name`];
    }
    return [
      `the catalog has ${names
        .map((name) => versionsText(name, there.filter((one) => one.name === name).map(versionIn)))
        .join(', ')} only`,
    ];
  }
  const rejected = rejections(problem, inRange);
  if (versions.length > 0 || rejected.length > 0) return rejected;
  const names = [...new Set(providers.map(({ name }) => name))];
  return [`${listText(names)} ${names.length > 1 ? 'provide' : 'provides'} it`];
}

function versionIn({ version }: { version: string }): string {
  return version;
}

function rejections(problem: Problem, manifests: readonly { name: string; version: string }[]): string[] {
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

function resource(problem: Problem, what: 'disk' | 'memory', budget: Budget): string {
  const short = shortage(problem.input, what, budget);
  const { diskFree, memoryFree, installed } = problem.input.facts;
  const free = what === 'disk' ? diskFree : memoryFree;
  if (short === null) return `the plan does not fit into the ${what} of the gateway`;
  const takers = listText(short.takers.map(({ text, bytes }) => `${bytesText(bytes)} for ${text}`));
  const counted = what === 'disk' ? ' (download and unpacked files together)' : '';
  const after = installed.length === 0 ? '' : ', even after removing what may be removed';
  return `at least ${bytesText(free + short.missing)} of ${what} would have to be free${after}: ${takers}${counted}; the gateway has ${bytesText(free)}`;
}
