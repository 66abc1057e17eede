import { fitsAll, type Misfits } from './node-fit.js';
import type { BalancerStrategy, NodeLoad, PlaceLabels } from './strategy.js';

/**
 * Places gateways on nodes one after the other, each by a strategy, and counts them as it goes: what one takes the
 * next no longer finds.
 */
export class Placer {
  private readonly nodes: Map<string, NodeLoad>;

  constructor(
    private readonly strategy: BalancerStrategy,
    /** Gateways that fill a node. */
    private readonly threshold: number,
    nodes: readonly NodeLoad[],
  ) {
    this.nodes = new Map(nodes.map((node) => [node.id, node]));
  }

  /**
   * Of the nodes that have something in common with the gateway the one that suits it best, among those that suit it equally
   * by the strategy. One that is full is taken only when others have room that it cannot speak with: no further node would
   * come for it.
   * @param misfits how ill nodes suit the gateway by what they serve
   * @returns the node that takes the gateway; null when all are full
   */
  place(gateway: PlaceLabels, misfits: Misfits = fitsAll): string | null {
    const fits = (node: NodeLoad): boolean => node.gateways < this.threshold;
    const id = this.take(gateway, misfits, fits);
    return id ?? ([...this.nodes.values()].some(fits) ? this.take(gateway, misfits, () => true) : null);
  }

  /** As {@link place}, and when all nodes are full, a full one. @returns null only when there is no node */
  placeAnyhow(gateway: PlaceLabels, misfits: Misfits = fitsAll): string | null {
    return this.place(gateway, misfits) ?? this.take(gateway, misfits, () => true);
  }

  /** Gateways that still fit below the threshold. */
  get room(): number {
    let room = 0;
    for (const { gateways } of this.nodes.values()) room += Math.max(0, this.threshold - gateways);
    return room;
  }

  private take(gateway: PlaceLabels, misfits: Misfits, fits: (node: NodeLoad) => boolean): string | null {
    let best: NodeLoad | null = null;
    let least: Costs = [0, 0, 0];
    for (const node of this.suited(misfits)) {
      if (!fits(node)) continue;
      const costs: Costs = [
        misfits(node.id),
        this.strategy.distance(gateway, node),
        this.strategy.load(node, this.threshold),
      ];
      if (best !== null && !isLess(costs, least)) continue;
      best = node;
      least = costs;
    }
    if (best === null) return null;
    this.nodes.set(best.id, { ...best, gateways: best.gateways + 1 });
    return best.id;
  }

  /** Those that the gateway can speak with; all when there are none, so that it is told so by one. */
  private suited(misfits: Misfits): Iterable<NodeLoad> {
    const all = [...this.nodes.values()];
    const suited = all.filter(({ id }) => Number.isFinite(misfits(id)));
    return suited.length === 0 ? all : suited;
  }
}

/** What a node would cost: how ill it suits, how far it is, how loaded; the first that differs decides. */
type Costs = readonly [number, number, number];

function isLess(left: Costs, right: Costs): boolean {
  const place = left.findIndex((cost, index) => cost !== right[index]);
  return place !== -1 && (left[place] ?? 0) < (right[place] ?? 0);
}
