import { fitsAll, type Misfits } from './node-fit.js';
import type { BalancerStrategy, NodeLoad, PlaceLabels } from './strategy.js';

/** A gateway that may be moved. */
export interface MovableGateway {
  readonly id: string;
  readonly nodeId: string;
  readonly labels: PlaceLabels;
  /** It is at work on a delivery: moved only when too few others are left. */
  readonly isBusy: boolean;
  /** How ill nodes suit it by what they serve; absent: all alike. */
  readonly misfits?: Misfits;
}

export interface Move {
  readonly gatewayId: string;
  readonly nodeId: string;
  /** Where it must still be when it is moved; undefined where that does not matter. */
  readonly fromNodeId?: string;
}

/** One that may go: `gain` is how many kilometres nearer the new node is to it than its own. */
interface Candidate {
  readonly id: string;
  readonly isBusy: boolean;
  readonly gain: number;
}

/**
 * The share that a new node takes from the others (paper, IV-B: requests are scheduled evenly to both nodes). It is
 * taken from the fullest, until the new node has as many as they have left, or one less. Gateways that are nearer to
 * where they are than to the new node stay, and those that their node suits better by what it serves.
 *
 * The gateways of {@link donors} are shown to it some at a time, in any order, and it remembers no more of a donor than
 * that one can have to give: half of what it has.
 */
export class EvenShare {
  private readonly byId: ReadonlyMap<string, NodeLoad>;
  private readonly newNode: NodeLoad | undefined;
  private readonly average: number;
  private readonly candidates = new Map<string, Candidate[]>();

  constructor(
    private readonly strategy: BalancerStrategy,
    nodes: readonly NodeLoad[],
    newNodeId: string,
  ) {
    this.byId = new Map(nodes.map((node) => [node.id, node]));
    this.newNode = this.byId.get(newNodeId);
    const all = nodes.reduce((sum, node) => sum + node.gateways, 0);
    this.average = all / Math.max(1, nodes.length);
  }

  /** Nodes that have more than their even part. None when the new node is not among the nodes. */
  get donors(): string[] {
    const { newNode } = this;
    if (newNode === undefined) return [];
    return [...this.byId.values()]
      .filter(({ id, gateways }) => id !== newNode.id && gateways > this.average)
      .map(({ id }) => id);
  }

  consider(gateways: readonly MovableGateway[]): void {
    const { newNode, strategy } = this;
    if (newNode === undefined) return;
    for (const { id, nodeId, labels, isBusy, misfits = fitsAll } of gateways) {
      const present = this.byId.get(nodeId);
      if (present === undefined || nodeId === newNode.id || misfits(newNode.id) > misfits(nodeId)) continue;
      const gain = strategy.distance(labels, present) - strategy.distance(labels, newNode);
      if (gain < 0) continue;
      const own = this.candidates.get(nodeId) ?? [];
      own.push({ id, isBusy, gain });
      this.candidates.set(nodeId, own);
      const kept = Math.ceil(present.gateways / 2);
      if (own.length > 2 * kept) own.sort(firstToGo).splice(kept);
    }
  }

  moves(): Move[] {
    const { newNode } = this;
    if (newNode === undefined) return [];
    // Popped from the end: whoever goes first comes last.
    const left = new Map(
      [...this.byId.keys()].map((id) => [id, (this.candidates.get(id) ?? []).toSorted(firstToGo).reverse()]),
    );
    const counts = new Map([...this.byId.values()].map(({ id, gateways }) => [id, gateways]));
    const moves: Move[] = [];
    for (;;) {
      const donor = fullest(counts, left);
      const taken = counts.get(newNode.id) ?? 0;
      if (donor === null || donor.count - taken < 2) return moves;
      const gateway = left.get(donor.id)?.pop();
      if (gateway === undefined) return moves;
      moves.push({ gatewayId: gateway.id, nodeId: newNode.id, fromNodeId: donor.id });
      counts.set(donor.id, donor.count - 1);
      counts.set(newNode.id, taken + 1);
    }
  }
}

function firstToGo(left: Candidate, right: Candidate): number {
  return (
    Number(left.isBusy) - Number(right.isBusy) || right.gain - left.gain || (left.id < right.id ? -1 : 1)
  );
}

function fullest(
  counts: ReadonlyMap<string, number>,
  candidates: ReadonlyMap<string, readonly Candidate[]>,
): { id: string; count: number } | null {
  let found: { id: string; count: number } | null = null;
  for (const [id, left] of candidates) {
    const count = counts.get(id) ?? 0;
    if (left.length > 0 && (found === null || count > found.count)) found = { id, count };
  }
  return found;
}
