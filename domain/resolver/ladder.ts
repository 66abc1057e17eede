import type { ConstraintStore } from './constraint-store.js';
import type { Node } from './nodes.js';
import { not, type Literal } from './solver/literal.js';

/** One way in which a node can be on the gateway, and what it takes there. */
export interface Weighted {
  readonly node: Node;
  readonly literal: Literal;
  readonly disk: number;
}

/** A step of the ladder: the heaviest that is there weighs at least so much. */
interface Step {
  readonly atLeast: number;
  readonly literal: Literal;
  /** Bytes more than the step below. */
  readonly bytes: number;
}

/**
 * What some nodes weigh on the disk, as a ladder: one literal for each weight there is, "the heaviest that is there
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
  readonly steps: Step[] = [];
  private readonly lightest = new Map<Node, number>();

  /**
   * @param entries one a variant of each node
   * @param whenPresent literals of which each means that one of the nodes is there
   */
  constructor(
    private readonly constraints: ConstraintStore,
    entries: readonly Weighted[],
    whenPresent: readonly Literal[],
  ) {
    for (const { node, disk } of entries)
      this.lightest.set(node, Math.min(disk, this.lightest.get(node) ?? Infinity));
    this.present = constraints.newLiteral();
    for (const literal of whenPresent) constraints.addAuxiliary([not(literal), this.present]);
    this.build(entries);
  }

  /** What is certain once one of the nodes is there. */
  certain(nodes: readonly Node[]): Literal {
    const lightest = nodes.reduce((least, node) => Math.min(least, this.lightestOf(node)), Infinity);
    return this.steps.find(({ atLeast }) => atLeast === lightest)?.literal ?? this.present;
  }

  /** Bytes on the disk that a node takes at the least. */
  lightestOf(node: Node): number {
    return this.lightest.get(node) ?? 0;
  }

  private build(entries: readonly Weighted[]): void {
    const { constraints } = this;
    const byWeight = new Map<number, Literal[]>();
    for (const { disk, literal } of entries) {
      const here = byWeight.get(disk);
      if (here === undefined) byWeight.set(disk, [literal]);
      else here.push(literal);
    }
    const weights = [...byWeight.keys()].sort((left, right) => left - right);
    if (weights.every((weight) => weight === 0)) return;
    for (const atLeast of weights) {
      const lower = this.steps.at(-1);
      const literal = constraints.newLiteral();
      constraints.addAuxiliary(
        lower === undefined ? [not(this.present), literal] : [not(literal), lower.literal],
      );
      if (lower === undefined) constraints.addAuxiliary([not(literal), this.present]);
      this.steps.push({ atLeast, literal, bytes: atLeast - (lower?.atLeast ?? 0) });
    }
    const stepOf = new Map(this.steps.map((step) => [step.atLeast, step.literal]));
    const imply = (literal: Literal, weight: number) => {
      const step = stepOf.get(weight);
      if (step !== undefined) constraints.addAuxiliary([not(literal), step]);
    };
    for (const { literal, disk } of entries) imply(literal, disk);
    for (const [node, weight] of this.lightest) {
      if (node.type === 'new' && node.choiceLiterals !== null) imply(node.selected, weight);
    }
    this.steps.forEach((step, index) => {
      const next = this.steps[index + 1];
      if (next === undefined) return;
      constraints.addAuxiliary([not(step.literal), ...(byWeight.get(step.atLeast) ?? []), next.literal]);
    });
  }
}
