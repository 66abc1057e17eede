import type { ConstraintStore } from './constraint-store.js';
import type { CostLayers } from './cost-layers.js';
import { Ladder, type Weighted } from './ladder.js';
import type { KeptNode, NewNode, Node } from './nodes.js';
import type { Literal } from './solver/literal.js';

/** Its weight is what it takes on the disk. */
export interface Entry extends Weighted {
  readonly memory: number;
  readonly download: number;
}

/** What the versions of one name weigh: on the disk as a ladder, in memory, and as a download. */
export class Weights {
  readonly ladder: Ladder;
  readonly entries: readonly Entry[];

  constructor(
    constraints: ConstraintStore,
    costs: CostLayers,
    kept: KeptNode | null,
    versions: readonly NewNode[],
  ) {
    const entries = kept === null ? [] : [keptEntry(kept)];
    for (const node of versions) addEntries(entries, node);
    const present = versions.map(({ selected }) => selected);
    if (kept !== null) present.push(kept.stays);
    this.entries = entries;
    this.ladder = new Ladder(constraints, entries, present);
    for (const { literal, more } of this.ladder.steps) {
      constraints.addDisk(literal, more);
      costs.add('disk', literal, more);
    }
    for (const { literal, memory, download } of entries) {
      constraints.addMemory(literal, memory);
      costs.add('memory', literal, memory);
      costs.add('download', literal, download);
    }
  }

  /** Some version of the name is there. */
  get present(): Literal {
    return this.ladder.present;
  }

  /** What is certain once one of the nodes is there. */
  certain(nodes: readonly Node[]): Literal {
    return this.ladder.certain(nodes);
  }

  /** Bytes on the disk that a node takes at the least. */
  lightestOf(node: Node): number {
    return this.ladder.lightestOf(node);
  }
}

function keptEntry(node: KeptNode): Entry {
  const { installedSize, memory } = node.package;
  return { node, literal: node.stays, weight: installedSize, memory, download: 0 };
}

/** One a variant; hardware that is taken for granted weighs nothing. */
function addEntries(entries: Entry[], node: NewNode): void {
  const { assumed, choices, choiceLiterals, selected } = node;
  choices.forEach(({ downloadSize, installedSize, memory }, index) => {
    const literal = choiceLiterals?.[index] ?? selected;
    entries.push(
      assumed
        ? { node, literal, weight: 0, memory: 0, download: 0 }
        : { node, literal, weight: downloadSize + installedSize, memory, download: downloadSize },
    );
  });
}
