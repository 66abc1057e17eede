import type { ConstraintStore } from './constraint-store.js';
import { presence, type Node } from './nodes.js';
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
    this.build();
  }

  /** What is certain once one of the nodes is there. */
  certain(nodes: readonly Node[]): Literal {
    const least = nodes.reduce((lightest, node) => Math.min(lightest, this.lightestOf(node)), Infinity);
    return this.steps.find(({ atLeast }) => atLeast === least)?.literal ?? this.present;
  }

  /** Bytes on the disk that a node takes at the least. */
  lightestOf(node: Node): number {
    const [first] = this.entries;
    if (this.entries.length === 1 && first?.node === node) return first.disk;
    this.lightest ??= lightestIn(this.entries);
    return this.lightest.get(node) ?? 0;
  }

  private build(): void {
    const { constraints, entries } = this;
    if (entries.every(({ disk }) => disk === 0)) return;
    const byWeight = new Map<number, Literal[]>();
    for (const { disk, literal } of entries) {
      const here = byWeight.get(disk);
      if (here === undefined) byWeight.set(disk, [literal]);
      else here.push(literal);
    }
    for (const atLeast of [...byWeight.keys()].sort((left, right) => left - right)) {
      const lower = this.steps.at(-1);
      // Whatever is there weighs as much as the lightest.
      const literal = lower === undefined ? this.present : constraints.newLiteral();
      if (lower !== undefined) constraints.addAuxiliary([not(literal), lower.literal]);
      this.steps.push({ atLeast, literal, bytes: atLeast - (lower?.atLeast ?? 0) });
    }
    this.implySteps();
    this.steps.forEach((step, index) => {
      const next = this.steps[index + 1];
      if (next === undefined) return;
      constraints.addAuxiliary([not(step.literal), ...(byWeight.get(step.atLeast) ?? []), next.literal]);
    });
  }

  private implySteps(): void {
    const stepOf = new Map(this.steps.map((step) => [step.atLeast, step.literal]));
    const imply = (literal: Literal, node: Node, weight: number) => {
      const step = stepOf.get(weight);
      // That something is there follows from the node itself.
      if (step === undefined || (step === this.present && literal === presence(node))) return;
      this.constraints.addAuxiliary([not(literal), step]);
    };
    for (const { literal, node, disk } of this.entries) imply(literal, node, disk);
    for (const { node } of this.entries)
      if (node.type === 'new' && node.choiceLiterals !== null)
        imply(node.selected, node, this.lightestOf(node));
  }
}

function lightestIn(entries: readonly Weighted[]): Map<Node, number> {
  const lightest = new Map<Node, number>();
  for (const { node, disk } of entries)
    lightest.set(node, Math.min(disk, lightest.get(node) ?? Infinity));
  return lightest;
}
