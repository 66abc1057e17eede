/** A contradiction as sentences. */
import type { Budget } from './budget.js';
import type { ConstraintTag } from './constraint-store.js';
import { derive } from './derivation.js';
import type { Reason } from './independent-reasons.js';
import { bytesText, listText, nodeText, requestText, requirementText } from './phrases.js';
import type { Problem } from './problem.js';
import { shortage } from './shortage.js';
import { tellSteps } from './tell-steps.js';

/** Sentences that people read. */
const most = 12;

export function chainText(reason: Reason, budget: Budget): string[] {
  const resources = (['disk', 'memory'] as const).filter((what) =>
    reason.tags.some(({ type }) => type === what),
  );
  if (resources.length > 0) {
    const both = resources.length > 1;
    return resources.map((what) => resource(reason.problem, what, both, budget.share(0.5)));
  }
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
  ];
  const statements = tags
    .toSorted((left, right) => order.indexOf(left.type) - order.indexOf(right.type))
    .map(statement);
  return [
    ...grouped(statements),
    'Each of these can hold, and many of them together, but not all of them, so there is no plan.',
  ];
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
    case 'auxiliary':
      return { begin: '', end: '' };
  }
}

/** @param both whether the other resource stands in the way as well */
function resource(problem: Problem, what: 'disk' | 'memory', both: boolean, budget: Budget): string {
  const { requests, facts } = problem.input;
  const { diskFree, memoryFree, installed } = facts;
  const asked = `${requests.map(requestText).join(' and ')} ${requests.length > 1 ? 'were' : 'was'} requested`;
  const short = shortage(problem.input, what, budget);
  const free = what === 'disk' ? diskFree : memoryFree;
  if (short === null)
    return `Because ${asked} and the gateway has ${bytesText(free)} of ${what} free, nothing that would do fits.`;
  const takers = listText(short.takers.map(({ text, bytes }) => `${bytesText(bytes)} for ${text}`));
  const counted = what === 'disk' ? ' (download and unpacked files together)' : '';
  const other = what === 'disk' ? 'memory' : 'disk';
  const beside = both ? ` and no more ${other} is used than there is` : '';
  const least = short.isLeast ? 'at least ' : '';
  const after = installed.length === 0 ? '' : ', even after removing what may be removed';
  return `Because ${asked}${beside}, ${least}${bytesText(free + short.missing)} of ${what} would have to be free${after}: ${takers}${counted}; the gateway has ${bytesText(free)}.`;
}
