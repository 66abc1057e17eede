import type { ConstraintStore } from './constraint-store.js';
import { Ladder } from './ladder.js';
import type { Node } from './nodes.js';
import type { Literal } from './solver/literal.js';
import type { Weights } from './weights.js';

/**
 * What a requirement that artifacts of several names can meet takes of the disk for certain: the lightest of them.
 *
 * The disk is counted a second time, in a sum that is never more than what is really taken. Names that are
 * alternatives of each other stand there as one, with one ladder over them all; every name counts in one place only.
 * Forty interfaces with ten implementations each are then known not to fit as soon as their lightest ones do not.
 *
 * A name takes its place when it is settled, shortly after it came up: as one of the alternatives of the first
 * requirement that leads to it, or by itself.
 */
export class Alternatives {
  /** Names that came up lately. */
  private readonly unsettled = new Map<string, Weights>();
  /** Names that count by themselves, until there are alternatives at all; then they are in the sum. */
  private readonly single: Weights[] = [];
  private readonly ladders = new Map<string, Ladder>();

  constructor(private readonly constraints: ConstraintStore) {}

  add(name: string, weights: Weights): void {
    if (this.constraints.limitsDisk) this.unsettled.set(name, weights);
  }

  /**
   * What is certain once one of the nodes is there, which are of the given names.
   * @returns null when one of the names counts elsewhere already
   */
  certain(names: readonly string[], nodes: readonly Node[]): Literal | null {
    const key = [...names].sort().join(' ');
    const known = this.ladders.get(key);
    if (known !== undefined) return known.certain(nodes);
    const members = names.map((name) => this.unsettled.get(name));
    if (!members.every((weights) => weights !== undefined)) return null;
    const ladder = new Ladder(
      this.constraints,
      members.flatMap(({ entries }) => entries),
      members.map(({ present }) => present),
    );
    for (const name of names) this.unsettled.delete(name);
    this.ladders.set(key, ladder);
    this.count(ladder);
    if (this.ladders.size === 1) for (const weights of this.single.splice(0)) this.count(weights.ladder);
    return ladder.certain(nodes);
  }

  /** Gives every name that has come up its place. */
  settle(): void {
    for (const weights of this.unsettled.values()) {
      if (this.ladders.size === 0) this.single.push(weights);
      else this.count(weights.ladder);
    }
    this.unsettled.clear();
  }

  private count(ladder: Ladder): void {
    for (const { literal, more } of ladder.steps) this.constraints.addDiskAtLeast(literal, more);
  }
}
