/** A contradiction as sentences. */
import type { ArtifactRequest } from '../plan/request.js';
import type { Budget } from './budget.js';
import { components } from './components.js';
import type { ConstraintTag } from './constraint-store.js';
import { derive } from './derivation.js';
import type { Reason } from './independent-reasons.js';
import { nameOf, optionsOf } from './nodes.js';
import { bytesText, listText, nodeText, requestText, requirementText } from './phrases.js';
import type { Problem } from './problem.js';
import { shortage } from './shortage.js';
import { solveOnce } from './solve-once.js';
import { tellSteps } from './tell-steps.js';

/** Sentences that people read. */
const most = 12;

export function chainText(reason: Reason, budget: Budget): string[] {
  const resources = (['disk', 'memory'] as const).filter((what) =>
    reason.tags.some(({ type }) => type === what),
  );
  const both = resources.length > 1;
  if (resources.length > 0 && !fitsIfRoomy(reason.problem, budget.share(0.2))) return listed(reason);
  const scarce = resources.flatMap((what) => resource(reason.problem, what, both, budget.share(0.5)) ?? []);
  if (scarce.length > 0) return scarce;
  if (resources.length > 0) return [tooMuch(reason.problem, resources)];
  const steps = derive(reason.problem, reason.tags);
  return shortened(steps === null ? listed(reason) : tellSteps(reason.problem, steps));
}

function shortened(sentences: readonly string[]): string[] {
  if (sentences.length <= most) return [...sentences];
  const [head, tail] = [most - 4, 3];
  return [
    ...sentences.slice(0, head),
    `… ${sentences.length - head - tail} more …`,
    ...sentences.slice(-tail),
  ];
}

/** A contradiction without a chain: what it consists of, the requests first. */
function listed({ tags }: Reason): string[] {
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
  const sorted = tags.toSorted((left, right) => order.indexOf(left.type) - order.indexOf(right.type));
  const each = grouped(sorted.map(statement));
  return [
    ...(each.length > readable ? grouped(rough(sorted)) : each),
    'So, because no choice of versions satisfies all of these together, there is no plan.',
  ];
}

/** Statements about single versions; with more of them, only the names are told. */
const readable = 7;

/** As {@link statement}, of whole names; conflicts in the place of the first of them. */
function rough(tags: readonly ConstraintTag[]): Statement[] {
  const conflicts = tags.filter((tag): tag is Conflict => tag.type === 'conflict');
  const inConflict = conflicting(conflicts).map((names) => ({
    begin: `versions of ${listText(names, most)} conflict with one another`,
    end: '',
  }));
  return tags.flatMap((tag): Statement[] => {
    if (tag.type === 'conflict') return tag === conflicts[0] ? inConflict : [];
    if (tag.type !== 'requires') return [statement(tag)];
    const names = optionsOf(tag.requirement).map(({ name }) => name);
    return [{ begin: `${nameOf(tag.owner)} requires some versions of`, end: names.join(' or ') }];
  });
}

type Conflict = Extract<ConstraintTag, { type: 'conflict' }>;

/** Names that conflict with one another, directly or by others. */
function conflicting(conflicts: readonly Conflict[]): string[][] {
  const pairs = conflicts.map(({ declarer, other }) => [nameOf(declarer), nameOf(other)]);
  const names = [...new Set(pairs.flat())].sort();
  const places = new Map(names.map((name, place) => [name, place]));
  const edges = names.map((): number[] => []);
  for (const pair of pairs) {
    const [left = 0, right = 0] = pair.map((name) => places.get(name) ?? 0);
    edges[left]?.push(right);
    edges[right]?.push(left);
  }
  return components(names.length, (place) => edges[place] ?? []).map((circle) =>
    circle.toSorted((a, b) => a - b).flatMap((place) => names[place] ?? []),
  );
}

/** What is said, and of whom or what. */
interface Statement {
  readonly begin: string;
  readonly end: string;
}

/** Equal beginnings go together. */
function grouped(statements: readonly Statement[]): string[] {
  const ends = new Map<string, Set<string>>();
  for (const { begin, end } of statements) ends.set(begin, (ends.get(begin) ?? new Set()).add(end));
  return [...ends].map(([begin, all]) => `${begin} ${listText([...all], most)}`.trim());
}

function statement(tag: ConstraintTag): Statement {
  switch (tag.type) {
    case 'request':
      return { begin: `${requestText(tag.request)} was requested`, end: '' };
    case 'protected':
      return {
        begin: `${tag.package.name} ${tag.package.version} may not be removed (policy removable: false)`,
        end: '',
      };
    case 'requires':
      return { begin: `${nodeText(tag.owner)} requires`, end: requirementText(tag.requirement) };
    case 'conflict':
      return { begin: `${nodeText(tag.declarer)} conflicts with`, end: nodeText(tag.other) };
    case 'one-version':
      return { begin: 'a gateway can have only one version of', end: tag.name };
    case 'order':
      return {
        begin: `${listText(tag.nodes.map(nodeText))} require each other, and more than one of them runs an install script`,
        end: '',
      };
    case 'disk':
    case 'memory':
      return {
        begin: `the ${tag.type} of the gateway may have its part in it, which was not found out`,
        end: '',
      };
    case 'auxiliary':
      return { begin: '', end: '' };
  }
}

/** Whether there is a plan as soon as there is room for it: else the room may have nothing to do with it. */
function fitsIfRoomy({ input }: Problem, budget: Budget): boolean {
  const facts = { ...input.facts, diskFree: Infinity, memoryFree: Infinity };
  return solveOnce({ ...input, facts }, budget).outcome === 'solved';
}

/** What is said when the least that would do was not found. */
function tooMuch({ input }: Problem, resources: readonly ('disk' | 'memory')[]): string {
  const { diskFree, memoryFree } = input.facts;
  const free = resources.map((what) => `${bytesText(what === 'disk' ? diskFree : memoryFree)} of ${what}`);
  return `Because ${askedText(input.requests)} and nothing that would do fits into the ${free.join(' and ')} that are free, there is no plan.`;
}

function askedText(requests: readonly ArtifactRequest[]): string {
  return `${requests.map(requestText).join(' and ')} ${requests.length > 1 ? 'were' : 'was'} requested`;
}

/**
 * @param both whether the other resource stands in the way as well
 * @returns null when it was not found that the resource is missing
 */
function resource(problem: Problem, what: 'disk' | 'memory', both: boolean, budget: Budget): string | null {
  const { requests, facts } = problem.input;
  const { diskFree, memoryFree, installed } = facts;
  const short = shortage(problem.input, what, budget);
  if (short === null) return null;
  const asked = askedText(requests);
  const needed = (what === 'disk' ? diskFree : memoryFree) + short.missing;
  // What hardly counts is not worth a word.
  const heavy = short.takers.filter(({ bytes }) => bytes * 100 >= (short.takers[0]?.bytes ?? 0));
  const takers = listText(heavy.map(({ text, bytes }) => `${bytesText(bytes)} for ${text}`));
  const counted = what === 'disk' ? ', download and unpacked files together' : '';
  const other = what === 'disk' ? 'memory' : 'disk';
  const beside = both ? `, no more ${other} is used than there is,` : '';
  const least = short.isLeast ? 'at least ' : '';
  const after = installed.length === 0 ? '' : ' after removing what may be removed';
  return `Because ${asked}${beside} and ${least}${bytesText(needed)} of ${what} would have to be free for it${after} (${takers}${counted}), which is ${bytesText(short.missing)} more than there is, there is no plan.`;
}
