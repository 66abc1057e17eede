/**
 * Puts constraints that contradict each other into an order in which people can follow them: each step says what follows
 * from the facts it names and from steps before it, and the last that there is no plan.
 *
 * Two kinds of conclusions are drawn. "Out": a version cannot be on the gateway, because all that could meet one of its
 * requirements is out, or because something excludes it that has to be there. "Needed": one of some versions has to be
 * there, because it was requested, or because all that could meet an earlier need require it. A contradiction is reached
 * when all that could meet a need is out. Where nothing more follows, one version is supposed to be there, and it is out
 * when that leads to a contradiction. Few contradictions need more than that; those that do, such as large puzzles, have no
 * short explanation.
 */
import type { NamedRange, Requirement } from '../artifact/manifest.js';
import type { ArtifactRequest } from '../plan/request.js';
import type { ConstraintTag } from './constraint-store.js';
import { nameOf, optionsOf, type Node } from './nodes.js';
import { requirementText } from './phrases.js';
import type { Problem } from './problem.js';

type Tag<Type extends ConstraintTag['type']> = Extract<ConstraintTag, { type: Type }>;
export type RequiresTag = Tag<'requires'>;

/** Why one of some versions has to be there. */
export type NeedReason =
  | { readonly type: 'request'; readonly request: ArtifactRequest }
  | { readonly type: 'protected'; readonly node: Node }
  | { readonly type: 'supposed' }
  | {
      readonly type: 'requires';
      readonly owners: readonly Node[];
      readonly requirements: readonly Requirement[];
    };

export interface Need {
  readonly reason: NeedReason;
  /** One of these has to be there; those that were out already are not among them. */
  readonly nodes: readonly Node[];
  /** All that could meet it, had nothing been ruled out. */
  readonly all: readonly Node[];
  /** Steps that it follows from. */
  readonly from: readonly Step[];
}

export type Step =
  | ({ readonly type: 'needed' } & Need)
  /** None of what could meet the requirement can be there, so none of the owners can. */
  | {
      readonly type: 'unmet';
      readonly owners: readonly Node[];
      readonly requirement: Requirement;
      readonly from: readonly Step[];
    }
  /** The need, however it is met, excludes the nodes. */
  | {
      readonly type: 'excluded';
      readonly nodes: readonly Node[];
      readonly by: Step & { type: 'needed' };
      readonly conflicts: readonly Tag<'conflict'>[];
      readonly from: readonly Step[];
    }
  /** With the node there, facts that people can take in at once contradict each other. */
  | {
      readonly type: 'refuted';
      readonly nodes: readonly [Node];
      readonly facts: readonly ConstraintTag[];
      readonly from: readonly Step[];
    }
  | { readonly type: 'no-plan'; readonly need: Step & { type: 'needed' }; readonly from: readonly Step[] }
  | { readonly type: 'no-order'; readonly nodes: readonly Node[]; readonly from: readonly Step[] };

/** Constraints among which something is supposed: of more no short chain can be told. */
const mostTags = 60;
/** Facts that one sentence can bear. */
const mostFacts = 9;

/** @returns the steps in order, the last of them the contradiction; null when nothing follows so simply */
export function derive(problem: Problem, tags: readonly ConstraintTag[]): Step[] | null {
  return new Derivation(problem, tags).run();
}

class Derivation {
  private readonly out = new Map<Node, Step>();
  private readonly needs: (Step & { type: 'needed' })[] = [];
  private readonly known = new Set<string>();
  private isSupposing = false;
  private readonly requires: readonly RequiresTag[];
  private readonly conflicts: readonly Tag<'conflict'>[];
  private readonly exclusive: ReadonlySet<string>;
  private readonly met = new Map<RequiresTag, readonly Node[]>();

  constructor(
    private readonly problem: Problem,
    private readonly tags: readonly ConstraintTag[],
    private readonly ids = new Map<Node, number>(),
  ) {
    const ofType = <Type extends ConstraintTag['type']>(type: Type) =>
      tags.filter((tag): tag is Tag<Type> => tag.type === type);
    this.requires = ofType('requires');
    this.conflicts = ofType('conflict');
    this.exclusive = new Set(ofType('one-version').map(({ name }) => name));
    for (const tag of this.requires) this.met.set(tag, this.meeting(optionsOf(tag.requirement)));
  }

  run(): Step[] | null {
    for (const tag of this.tags) {
      if (tag.type === 'request') {
        const { name, range } = tag.request;
        const nodes = this.meeting([{ name, version: range }]);
        this.need({ type: 'request', request: tag.request }, nodes, []);
      } else if (tag.type === 'protected') {
        const { kept, versions } = this.problem.group(tag.package.name);
        if (kept !== null) this.need({ type: 'protected', node: kept }, [kept, ...versions], []);
      }
    }
    const end = this.follow();
    return end === null ? null : used(end);
  }

  /** Draws conclusions until they contradict each other; null when nothing more follows. */
  private follow(): Step | null {
    for (;;) {
      const end = this.contradiction();
      if (end !== null) return end;
      if (!this.ruleOut() && !this.exclude() && !this.needMore() && !this.refute()) return null;
    }
  }

  private meeting(options: readonly NamedRange[]): readonly Node[] {
    return this.problem.candidatesFor(...options).nodes;
  }

  private need(reason: NeedReason, all: readonly Node[], from: readonly Step[]): boolean {
    const nodes = all.filter((node) => !this.out.has(node));
    const key = nodes
      .map((node) => this.idOf(node))
      .sort((a, b) => a - b)
      .join(' ');
    if (this.known.has(key)) return false;
    this.known.add(key);
    const excluded = all.flatMap((node) => this.out.get(node) ?? []);
    this.needs.push({ type: 'needed', reason, nodes, all, from: [...from, ...excluded] });
    return true;
  }

  private idOf(node: Node): number {
    let id = this.ids.get(node);
    if (id === undefined) {
      id = this.ids.size;
      this.ids.set(node, id);
    }
    return id;
  }

  private contradiction(): Step | null {
    for (const need of this.needs) {
      const steps = need.nodes.map((node) => this.out.get(node));
      if (steps.every((step) => step !== undefined)) return { type: 'no-plan', need, from: [need, ...steps] };
    }
    for (const tag of this.tags) {
      if (tag.type !== 'order') continue;
      const needs = tag.nodes.map((node) =>
        this.needs.find(({ nodes }) => nodes.length === 1 && nodes[0] === node),
      );
      if (needs.every((need) => need !== undefined))
        return { type: 'no-order', nodes: tag.nodes, from: needs };
    }
    return null;
  }

  /** Versions of one artifact with the same requirement go together. */
  private ruleOut(): boolean {
    const isOut = (node: Node) => this.out.has(node);
    const open = this.requires.filter((tag) => !isOut(tag.owner) && (this.met.get(tag) ?? []).every(isOut));
    const [first] = open;
    if (first === undefined) return false;
    const alike = open.filter(
      ({ owner, requirement }) =>
        nameOf(owner) === nameOf(first.owner) &&
        requirementText(requirement) === requirementText(first.requirement),
    );
    const from = (this.met.get(first) ?? []).flatMap((node) => this.out.get(node) ?? []);
    const owners = [...new Set(alike.map(({ owner }) => owner))];
    const step: Step = { type: 'unmet', owners, requirement: first.requirement, from };
    for (const owner of owners) this.out.set(owner, step);
    return true;
  }

  /** What a need excludes however it is met. */
  private exclude(): boolean {
    for (const need of this.needs) {
      const left = need.nodes.filter((node) => !this.out.has(node));
      const [first] = left;
      if (first === undefined) continue;
      const excluded = this.excludedBy(first).filter(
        (node) =>
          !this.out.has(node) &&
          !left.includes(node) &&
          left.every((other) => other === first || this.excludedBy(other).includes(node)),
      );
      const [node] = excluded;
      if (node === undefined) continue;
      const alike = excluded.filter((other) => nameOf(other) === nameOf(node));
      const conflicts = this.conflicts.filter(
        ({ declarer, other }) =>
          (left.includes(declarer) && alike.includes(other)) ||
          (left.includes(other) && alike.includes(declarer)),
      );
      const outs = need.nodes.flatMap((other) => this.out.get(other) ?? []);
      const step: Step = { type: 'excluded', nodes: alike, by: need, conflicts, from: [need, ...outs] };
      for (const other of alike) this.out.set(other, step);
      return true;
    }
    return false;
  }

  /** Rules out what cannot be there although nothing else follows, if few facts show it. */
  private refute(): boolean {
    if (this.isSupposing || this.tags.length > mostTags) return false;
    const fewestFirst = this.needs.toSorted((left, right) => left.nodes.length - right.nodes.length);
    for (const node of new Set(fewestFirst.flatMap(({ nodes }) => nodes))) {
      if (this.out.has(node)) continue;
      const end = this.supposing(node).follow();
      if (end === null || end.type === 'no-order') continue;
      const steps = used(end);
      const before = new Set<Step>([...this.needs, ...this.out.values()]);
      // A need that leaves a choice is told as the requirement that it comes from.
      const isTold = (step: Step) => !before.has(step) || (step.type === 'needed' && step.nodes.length > 1);
      const told = new Set(steps.filter(isTold).flatMap((step) => this.factsOf(step)));
      const facts = this.tags.filter((tag) => told.has(tag));
      if (facts.length > mostFacts) continue;
      const from = steps.filter((step) => before.has(step) && !isTold(step));
      this.out.set(node, { type: 'refuted', nodes: [node], facts, from });
      return true;
    }
    return false;
  }

  /** What follows once a node is taken to be there. */
  private supposing(node: Node): Derivation {
    const trial = new Derivation(this.problem, this.tags, this.ids);
    trial.isSupposing = true;
    for (const [other, step] of this.out) trial.out.set(other, step);
    for (const key of this.known) trial.known.add(key);
    // What follows from the node itself is the shortest.
    trial.need({ type: 'supposed' }, [node], []);
    trial.needs.push(...this.needs);
    return trial;
  }

  /** The constraints that a step adds to those that it follows from. */
  private factsOf(step: Step): readonly ConstraintTag[] {
    switch (step.type) {
      case 'unmet':
        return this.requires.filter(
          ({ owner, requirement }) =>
            step.owners.includes(owner) && requirementText(requirement) === requirementText(step.requirement),
        );
      case 'excluded': {
        const names = new Set(step.nodes.map(nameOf));
        const versions = this.tags.filter((tag) => tag.type === 'one-version' && names.has(tag.name));
        return step.conflicts.length > 0 ? step.conflicts : versions;
      }
      case 'needed': {
        const { reason } = step;
        if (reason.type !== 'requires') return [];
        return this.requires.filter(
          ({ owner, requirement }) =>
            reason.owners.includes(owner) && reason.requirements.includes(requirement),
        );
      }
      case 'refuted':
        return step.facts;
      case 'no-plan':
      case 'no-order':
        return [];
    }
  }

  private excludedBy(node: Node): Node[] {
    const found = this.conflicts.flatMap(({ declarer, other }) =>
      declarer === node ? [other] : other === node ? [declarer] : [],
    );
    if (this.exclusive.has(nameOf(node))) {
      const { kept, versions } = this.problem.group(nameOf(node));
      for (const other of kept === null ? versions : [kept, ...versions])
        if (other !== node) found.push(other);
    }
    return found;
  }

  /** What everything that can meet a need requires is needed as well. */
  private needMore(): boolean {
    for (const need of this.needs) {
      const left = need.nodes.filter((node) => !this.out.has(node));
      const [first] = left;
      if (first === undefined) continue;
      for (const tag of this.requires.filter(({ owner }) => owner === first)) {
        const alike = left.map((node) =>
          this.requires.find(
            ({ owner, requirement }) => owner === node && sameNames(requirement, tag.requirement),
          ),
        );
        if (!alike.every((other) => other !== undefined)) continue;
        const all = [...new Set(alike.flatMap((other) => this.met.get(other) ?? []))];
        const outs = need.nodes.flatMap((node) => this.out.get(node) ?? []);
        const requirements = alike.map(({ requirement }) => requirement);
        if (this.need({ type: 'requires', owners: left, requirements }, all, [need, ...outs])) return true;
      }
    }
    return false;
  }
}

function sameNames(left: Requirement, right: Requirement): boolean {
  const names = (requirement: Requirement) =>
    optionsOf(requirement)
      .map(({ name }) => name)
      .sort()
      .join(' ');
  return names(left) === names(right);
}

/** The steps that a contradiction rests on, each after those that it follows from. */
function used(end: Step): Step[] {
  const ordered = new Set<Step>();
  const visit = (step: Step) => {
    if (ordered.has(step)) return;
    for (const earlier of step.from) visit(earlier);
    ordered.add(step);
  };
  visit(end);
  return [...ordered];
}
