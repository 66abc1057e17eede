import type { ConstraintStore } from './constraint-store.js';
import { presence, type Node } from './nodes.js';
import { not, type Literal } from './solver/literal.js';

/** One way in which a node can be on the gateway, and what it weighs there. */
export interface Weighted {
  readonly node: Node;
  readonly literal: Literal;
  readonly weight: number;
}

/** A step of the ladder: the heaviest that is there weighs at least so much. */
interface Step {
  readonly atLeast: number;
  readonly literal: Literal;
  /** How much more than the step below. */
  readonly more: number;
}

/**
 * What some nodes weigh, such as bytes on the disk, as a ladder: one literal for each weight there is, "the heaviest that is there
 * weighs at least so much", each standing for the difference to the one below.
 *
 * A requirement makes the step of its lightest candidate true before one is chosen, and the next step follows when
 * the lightest is ruled out. So the search knows at any time how much is taken for certain, and what no longer fits
 * goes at once. With the weights on the nodes themselves, that twenty small things do not fit together would be
 * found out by trying their combinations.
 */
export class Ladder {
  /** One of the nodes is there. */
  readonly present: Literal;
  readonly steps: readonly Step[];
  /** Made when first asked for: most ladders have one node. */
  private lightest: ReadonlyMap<Node, number> | null = null;

  /**
   * @param entries one a variant of each node
   * @param whenPresent literals of which each means that one of the nodes is there
   */
  constructor(
    private readonly constraints: ConstraintStore,
    private readonly entries: readonly Weighted[],
    whenPresent: readonly Literal[],
  ) {
    this.present = constraints.newLiteral();
    for (const literal of whenPresent) constraints.addAuxiliary([not(literal), this.present]);
    this.steps = entries.every(({ weight }) => weight === 0) ? [] : this.build();
  }

  /** What is certain once one of the nodes is there. */
  certain(nodes: readonly Node[]): Literal {
    const [lowest] = this.steps;
    if (lowest === undefined || this.steps.length === 1) return this.present;
    const least = nodes.reduce((lightest, node) => Math.min(lightest, this.lightestOf(node)), Infinity);
    return this.steps.find(({ atLeast }) => atLeast === least)?.literal ?? this.present;
  }

  /** What a node weighs at the least. */
  lightestOf(node: Node): number {
    const [first] = this.entries;
    if (this.entries.length === 1 && first?.node === node) return first.weight;
    this.lightest ??= lightestIn(this.entries);
    return this.lightest.get(node) ?? 0;
  }

  private build(): Step[] {
    const { constraints, entries } = this;
    const [only, ...others] = entries;
    // As most are: nothing to be said about it but its weight.
    if (only !== undefined && others.length === 0)
      return [{ atLeast: only.weight, literal: this.present, more: only.weight }];
    const steps: Step[] = [];
    const byWeight = new Map<number, Literal[]>();
    for (const { weight, literal } of entries) {
      const here = byWeight.get(weight);
      if (here === undefined) byWeight.set(weight, [literal]);
      else here.push(literal);
    }
    for (const atLeast of [...byWeight.keys()].sort((left, right) => left - right)) {
      const lower = steps.at(-1);
      // Whatever is there weighs as much as the lightest.
      const literal = lower === undefined ? this.present : constraints.newLiteral();
      if (lower !== undefined) constraints.addAuxiliary([not(literal), lower.literal]);
      steps.push({ atLeast, literal, more: atLeast - (lower?.atLeast ?? 0) });
    }
    this.implySteps(steps);
    steps.forEach((step, index) => {
      const next = steps[index + 1];
      if (next === undefined) return;
      constraints.addAuxiliary([not(step.literal), ...(byWeight.get(step.atLeast) ?? []), next.literal]);
    });
    return steps;
  }

  private implySteps(steps: readonly Step[]): void {
    const stepOf = new Map(steps.map((step) => [step.atLeast, step.literal]));
    const imply = (literal: Literal, node: Node, weight: number) => {
      const step = stepOf.get(weight);
      // That something is there follows from the node itself.
      if (step === undefined || (step === this.present && literal === presence(node))) return;
      this.constraints.addAuxiliary([not(literal), step]);
    };
    for (const { literal, node, weight } of this.entries) imply(literal, node, weight);
    for (const { node } of this.entries)
      if (node.type === 'new' && node.choiceLiterals !== null)
        imply(node.selected, node, this.lightestOf(node));
  }
}

function lightestIn(entries: readonly Weighted[]): Map<Node, number> {
  const lightest = new Map<Node, number>();
  for (const { node, weight } of entries)
    lightest.set(node, Math.min(weight, lightest.get(node) ?? Infinity));
  return lightest;
}
