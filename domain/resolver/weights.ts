import type { ConstraintStore } from './constraint-store.js';
import type { CostLayers } from './cost-layers.js';
import type { KeptNode, NewNode, Node } from './nodes.js';
import { not, type Literal } from './solver/literal.js';

interface Weighted {
  readonly node: Node;
  readonly literal: Literal;
  readonly disk: number;
  readonly memory: number;
  readonly download: number;
}

/** A step of the ladder: the versions that are there weigh at least so much. */
interface Step {
  readonly atLeast: number;
  readonly literal: Literal;
}

/**
 * What the versions of one name weigh, on the disk as a ladder: one literal for each weight there is, "what is there
 * weighs at least so much", each adding the difference to the one below.
 *
 * A requirement makes the step of its lightest candidate true before one is chosen, and the next step follows when
 * the lightest is ruled out. So the search knows at any time how much is taken for certain, and what no longer fits
 * goes at once. With the weights on the versions themselves, that twenty small things do not fit together would be
 * found out by trying their combinations.
 */
export class Weights {
  /** Some version of the name is there. */
  readonly present: Literal;
  private readonly steps: Step[] = [];
  private readonly entries: readonly Weighted[];

  constructor(
    private readonly constraints: ConstraintStore,
    private readonly costs: CostLayers,
    kept: KeptNode | null,
    versions: readonly NewNode[],
  ) {
    this.entries = [...(kept === null ? [] : [keptWeight(kept)]), ...versions.flatMap(versionWeights)];
    this.present = constraints.newLiteral();
    for (const literal of [...(kept === null ? [] : [kept.stays]), ...versions.map((one) => one.selected)]) {
      constraints.addAuxiliary([not(literal), this.present]);
    }
    this.addLadder();
    for (const { literal, memory, download } of this.entries) {
      constraints.addMemory(literal, memory);
      costs.add('memory', literal, memory);
      costs.add('download', literal, download);
    }
  }

  /** What is certain once one of the nodes is there. */
  certain(nodes: readonly Node[]): Literal {
    const lightest = Math.min(...nodes.map((node) => this.lightestOf(node)));
    return this.steps.find(({ atLeast }) => atLeast === lightest)?.literal ?? this.present;
  }

  /** Bytes on the disk that a node takes at the least. */
  lightestOf(node: Node): number {
    return Math.min(...this.entries.filter((entry) => entry.node === node).map(({ disk }) => disk));
  }

  private addLadder(): void {
    const { constraints, costs } = this;
    const levels = [...new Set(this.entries.map(({ disk }) => disk))].sort((left, right) => left - right);
    if (levels.every((level) => level === 0)) return;
    let below = 0;
    for (const atLeast of levels) {
      const step = { atLeast, literal: constraints.newLiteral() };
      const lower = this.steps.at(-1);
      constraints.addAuxiliary(
        lower === undefined ? [not(this.present), step.literal] : [not(step.literal), lower.literal],
      );
      if (lower === undefined) constraints.addAuxiliary([not(step.literal), this.present]);
      constraints.addDisk(step.literal, atLeast - below);
      costs.add('disk', step.literal, atLeast - below);
      this.steps.push(step);
      below = atLeast;
    }
    for (const { literal, disk } of this.entries) this.imply(literal, disk);
    for (const node of new Set(this.entries.map((entry) => entry.node))) {
      if (node.type === 'new' && node.choiceLiterals !== null)
        this.imply(node.selected, this.lightestOf(node));
    }
    this.steps.forEach((step, index) => {
      const here = this.entries.filter(({ disk }) => disk === step.atLeast).map(({ literal }) => literal);
      const next = this.steps[index + 1];
      if (next !== undefined) constraints.addAuxiliary([not(step.literal), ...here, next.literal]);
    });
  }

  private imply(literal: Literal, disk: number): void {
    const step = this.steps.find(({ atLeast }) => atLeast === disk);
    if (step !== undefined) this.constraints.addAuxiliary([not(literal), step.literal]);
  }
}

function keptWeight(node: KeptNode): Weighted {
  const { installedSize, memory } = node.package;
  return { node, literal: node.stays, disk: installedSize, memory, download: 0 };
}

function versionWeights(node: NewNode): Weighted[] {
  const { assumed, choices, choiceLiterals, selected } = node;
  return choices.map(({ downloadSize, installedSize, memory }, index) => ({
    node,
    literal: choiceLiterals?.[index] ?? selected,
    ...(assumed
      ? { disk: 0, memory: 0, download: 0 }
      : { disk: downloadSize + installedSize, memory, download: downloadSize }),
  }));
}
