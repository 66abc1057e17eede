/** Steps of a derivation as sentences: `Because A and B, C.`, each with what follows from it. */
import type { Requirement } from '../artifact/manifest.js';
import { closedWays } from './closed-ways.js';
import { factTexts } from './fact-texts.js';
import type { Step } from './derivation.js';
import { nameOf, optionsOf, versionOf, type Node } from './nodes.js';
import {
  demand,
  listText,
  nodeText,
  premisesText,
  requestText,
  requirementText,
  versionsText,
} from './phrases.js';
import type { Problem } from './problem.js';

type Needed = Extract<Step, { type: 'needed' }>;

/** One sentence a step, but for steps that lead to nothing but the next: these are told with it. */
export function tellSteps(problem: Problem, steps: readonly Step[]): string[] {
  return new Telling(problem, steps).sentences();
}

/** Premises that one sentence can bear. */
const bearable = 3;

class Telling {
  private readonly uses = new Map<Step, number>();
  /** Premises of steps that are told with what follows from them. */
  private readonly carried = new Map<Step, readonly string[]>();
  /** Steps with a sentence of their own, in order. */
  private readonly spoken: Step[] = [];
  private readonly requestsTold = new Set<string>();

  constructor(
    private readonly problem: Problem,
    private readonly steps: readonly Step[],
  ) {
    for (const { from } of steps)
      for (const step of from) this.uses.set(step, (this.uses.get(step) ?? 0) + 1);
  }

  sentences(): string[] {
    return this.steps.flatMap((step) => {
      const earlier = step.from.flatMap((from) => this.carried.get(from) ?? []);
      const own = this.ownPremises(step);
      // A chain of requirements is told from above.
      const fromAbove = step.type === 'unmet' && step.from.every((from) => from.type === 'unmet');
      const premises = fromAbove ? [...own, ...earlier] : [...earlier, ...own];
      if (this.isCarried(step, premises)) {
        this.carried.set(step, premises);
        return [];
      }
      // What was requested need not be said again.
      const fresh = premises.filter((premise) => !this.requestsTold.has(premise));
      const previous = this.spoken.at(-1);
      const follows = previous !== undefined && this.restsOn(step, previous);
      const unsaid = fresh.filter((premise) => !follows || premise !== conclusionOf(previous));
      const said = this.requestsTogether(unsaid.length === 0 ? premises : unsaid);
      this.spoken.push(step);
      for (const premise of premises) if (premise.endsWith(' requested')) this.requestsTold.add(premise);
      if (step.type === 'no-order')
        return [circleText(step.nodes), `So, because ${premisesText(said)}, there is no plan.`];
      return [`${follows ? 'So, because' : 'Because'} ${premisesText(said)}, ${conclusionOf(step)}.`];
    });
  }

  /** `a and b were requested`, in the order of the requests. */
  private requestsTogether(premises: readonly string[]): readonly string[] {
    const asked = this.problem.input.requests
      .map(requestText)
      .filter((request) => premises.includes(requestedText(request)));
    if (new Set(asked).size < 2) return premises;
    const single = new Set(asked.map(requestedText));
    const others = premises.filter((premise) => !single.has(premise));
    return [`${listText([...new Set(asked)], asked.length)} were requested`, ...others];
  }

  private isCarried(step: Step, premises: readonly string[]): boolean {
    if (step.type === 'needed' && step.reason.type !== 'requires') return true;
    if (this.isLink(step)) return premises.length < bearable;
    const isPassage = step.type === 'needed' || (step.type === 'excluded' && step.conflicts.length === 0);
    return isPassage && this.uses.get(step) === 1 && premises.length < bearable;
  }

  /** A requirement that cannot be met only because of the step before, and that closes only the way of the next. */
  private isLink(step: Step): boolean {
    if (step.type !== 'unmet' || step.from.length !== 1 || step.from[0]?.type !== 'unmet') return false;
    const next = this.steps.filter(({ from }) => from.includes(step));
    return next.length === 1 && next[0]?.type === 'unmet' && next[0].from.length === 1;
  }

  private restsOn(step: Step, earlier: Step): boolean {
    return step.from.some(
      (from) => from === earlier || (this.carried.has(from) && this.restsOn(from, earlier)),
    );
  }

  /** What a step adds, and what it rests on that was said too far above to be remembered. */
  private ownPremises(step: Step): string[] {
    const own = premisesOf(this.problem, step, (need) => this.carried.has(need));
    if (step.type !== 'unmet') return own;
    let above = this.spoken.length;
    while (above > 0 && step.from.includes(this.spoken[above - 1] ?? step)) above -= 1;
    const recalled = step.from.filter((from) => this.spoken.slice(0, above).includes(from));
    return [...own, ...new Set(recalled.map(conclusionOf))];
  }
}

function premisesOf(problem: Problem, step: Step, isCarried: (step: Step) => boolean): string[] {
  switch (step.type) {
    case 'needed': {
      const { reason } = step;
      if (reason.type === 'request') return [requestedText(requestText(reason.request))];
      if (reason.type === 'supposed') return [];
      if (reason.type === 'protected')
        return [`${nodeText(reason.node)} may not be removed (policy removable: false)`];
      return [
        `${nodesText(reason.owners)} ${verb(reason.owners, 'requires', 'require')} ${requirementsText(reason.requirements)}`,
      ];
    }
    case 'unmet': {
      const options = optionsOf(step.requirement);
      const ways = [...new Set(options.flatMap((option) => closedWays(problem, option)))];
      const owners = nodesText(step.owners);
      const requires = `${owners} ${verb(step.owners, 'requires', 'require')} ${requirementText(step.requirement)}`;
      return [`${requires}${providersText(problem, step.requirement)}`, ...ways];
    }
    case 'excluded':
      return [...(isCarried(step.by) ? [] : [needText(step.by)]), ...exclusions(step)];
    case 'refuted':
      return factTexts(step.facts, problem.input.facts);
    case 'no-plan': {
      const { reason } = step.need;
      const own = isCarried(step.need) ? [] : [needText(step.need)];
      const options =
        reason.type === 'request' ? [{ name: reason.request.name, version: reason.request.range }] : [];
      return [...own, ...options.flatMap((option) => closedWays(problem, option))];
    }
    case 'no-order':
      return [];
  }
}

/** Why there is no order of installation. */
function circleText(nodes: readonly Node[]): string {
  const all = nodes.map(nodeText).sort();
  const scripted = nodes
    .filter((node) => node.type === 'new' && node.manifest.control?.install !== undefined)
    .map(nodeText)
    .sort();
  const who =
    scripted.length < all.length
      ? `${listText(scripted, 3)} run install scripts`
      : `${all.length === 2 ? 'both' : 'all of them'} run install scripts`;
  const circle = `${listText(all, 5)} require each other${all.length > 2 ? ' in a circle' : ''}`;
  return `Because ${circle}, ${who}, and a script needs all that is required to be there first, no order of installation serves them all.`;
}

/** Who could meet a requirement under another name than its own; empty when nobody could, or the name itself is there. */
function providersText(problem: Problem, requirement: Requirement): string {
  const options = optionsOf(requirement);
  const names = new Set(options.map(({ name }) => name));
  const providers = problem.candidatesFor(...options).nodes;
  if (providers.length === 0 || providers.some((node) => names.has(nameOf(node)))) return '';
  return `, which only ${nodesText(providers)} ${verb(providers, 'provides', 'provide')}`;
}

function conclusionOf(step: Step): string {
  switch (step.type) {
    case 'needed':
      return neededText(step.nodes);
    case 'unmet':
      return goneText(step.owners);
    case 'excluded':
    case 'refuted':
      return goneText(step.nodes);
    case 'no-plan':
      return 'there is no plan';
    case 'no-order':
      return 'there is no plan';
  }
}

function requestedText(request: string): string {
  return `${request} was requested`;
}

function needText({ reason, nodes }: Needed): string {
  if (reason.type === 'request') return requestedText(requestText(reason.request));
  if (reason.type === 'protected')
    return `${nodeText(reason.node)} may not be removed (policy removable: false)`;
  return neededText(nodes);
}

function neededText(nodes: readonly Node[]): string {
  const isChoice = nodes.length > 1 && new Set(nodes.map(nameOf)).size === 1;
  return `${isChoice ? 'one of ' : ''}${nodesText(nodes)} is needed`;
}

function exclusions({ nodes, conflicts, by }: Extract<Step, { type: 'excluded' }>): string[] {
  if (conflicts.length === 0)
    return [`only one version of ${nameOf(nodes[0] ?? by.nodes[0] ?? never())} can be on a gateway`];
  // By declarer and what it is about: the versions that it excludes.
  const excluded = new Map<Node, Map<string, Node[]>>();
  for (const { declarer, other, over } of conflicts) {
    const by = excluded.get(declarer) ?? new Map<string, Node[]>();
    excluded.set(declarer, by);
    const provided = over.name === nameOf(other) ? '' : demand(over);
    by.set(provided, [...(by.get(provided) ?? []), other]);
  }
  const groups = new Map<string, { declarers: Node[]; text: string }>();
  for (const [declarer, by] of excluded) {
    for (const [provided, others] of by) {
      const who = nodesText(others);
      const text = provided === '' ? who : `${provided}, which ${who} ${verb(others, 'provides', 'provide')}`;
      const key = `${nameOf(declarer)} ${text}`;
      const group = groups.get(key) ?? { declarers: [], text };
      group.declarers.push(declarer);
      groups.set(key, group);
    }
  }
  return [...groups.values()].map(
    ({ declarers, text }) =>
      `${nodesText(declarers)} ${verb(declarers, 'conflicts', 'conflict')} with ${text}`,
  );
}

function never(): never {
  throw new Error('an exclusion without nodes');
}

function goneText(nodes: readonly Node[]): string {
  const kept = nodes.every(({ type }) => type === 'kept');
  return `${nodesText(nodes)} cannot ${kept ? 'stay' : 'be installed'}`;
}

/** Versions of one artifact together, alternatives by `or`. */
function nodesText(nodes: readonly Node[]): string {
  const byName = new Map<string, Node[]>();
  for (const node of nodes) byName.set(nameOf(node), [...(byName.get(nameOf(node)) ?? []), node]);
  const texts = [...byName].map(([name, versions]) => {
    const [only] = versions;
    return versions.length === 1 && only !== undefined
      ? nodeText(only)
      : versionsText(name, versions.map(versionOf));
  });
  return texts.length > 1 ? listText(texts, 3, 'or') : texts.join('');
}

function requirementsText(requirements: readonly Parameters<typeof requirementText>[0][]): string {
  return listText([...new Set(requirements.map(requirementText))], 3, 'or');
}

function verb(nodes: readonly Node[], one: string, many: string): string {
  return nodes.length === 1 ? one : many;
}
