/** Constraints as they are said one by one: what is asked, what the catalog says, and what the gateway has room for. */
import { components } from './components.js';
import type { ConstraintTag } from './constraint-store.js';
import type { GatewayFacts } from './gateway-facts.js';
import { nameOf, optionsOf } from './nodes.js';
import { bytesText, listText, nodeText, requestText, requirementText } from './phrases.js';
import { isAny } from './versions.js';

/** Names that one statement lists. */
const mostNames = 12;

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

/** What constraints say of single versions, the requests first; those that begin alike go together. */
export function factTexts(tags: readonly ConstraintTag[], facts: GatewayFacts): string[] {
  return grouped(sorted(tags).map((tag) => statement(tag, facts)));
}

/** What they say of whole names, conflicts in the place of the first of them: shorter, and less exact. */
export function roughTexts(tags: readonly ConstraintTag[], facts: GatewayFacts): string[] {
  return grouped(rough(sorted(tags), facts));
}

function sorted(tags: readonly ConstraintTag[]): ConstraintTag[] {
  return tags.toSorted((left, right) => order.indexOf(left.type) - order.indexOf(right.type));
}

function rough(tags: readonly ConstraintTag[], facts: GatewayFacts): Statement[] {
  const conflicts = tags.filter((tag): tag is Conflict => tag.type === 'conflict');
  const inConflict = conflicting(conflicts).map((names) => ({
    begin: `versions of ${listText(names, mostNames)} conflict with one another`,
    end: '',
  }));
  return tags.flatMap((tag): Statement[] => {
    if (tag.type === 'conflict') return tag === conflicts[0] ? inConflict : [];
    if (tag.type !== 'requires') return [statement(tag, facts)];
    const options = optionsOf(tag.requirement);
    const some = options.every(({ version }) => isAny(version)) ? '' : ' some versions of';
    const names = options.map(({ name }) => name).join(' or ');
    return [{ begin: `${nameOf(tag.owner)} requires${some}`, end: names }];
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
  return [...ends].map(([begin, all]) => `${begin} ${listText([...all], mostNames)}`.trim());
}

function statement(tag: ConstraintTag, facts: GatewayFacts): Statement {
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
      return { begin: roomText(facts.diskFree, 'disk', facts), end: '' };
    case 'memory':
      return { begin: roomText(facts.memoryFree, 'memory', facts), end: '' };
    case 'auxiliary':
      return { begin: '', end: '' };
  }
}

function roomText(free: number, what: 'disk' | 'memory', { installed }: GatewayFacts): string {
  const besides = installed.length === 0 ? '' : ', besides what is installed';
  return `${bytesText(free)} of ${what} are free${besides}`;
}
