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

  /** @returns the node that takes the gateway; null when all are full */
  place(gateway: PlaceLabels): string | null {
    return this.take(gateway, (node) => node.gateways < this.threshold);
  }

  /** As {@link place}, and when all nodes are full, a full one. @returns null only when there is no node */
  placeAnyhow(gateway: PlaceLabels): string | null {
    return this.place(gateway) ?? this.take(gateway, () => true);
  }

  /** Gateways that still fit below the threshold. */
  get room(): number {
    let room = 0;
    for (const { gateways } of this.nodes.values()) room += Math.max(0, this.threshold - gateways);
    return room;
  }

  private take(gateway: PlaceLabels, fits: (node: NodeLoad) => boolean): string | null {
    let best: NodeLoad | null = null;
    let bestDistance = 0;
    let bestLoad = 0;
    for (const node of this.nodes.values()) {
      if (!fits(node)) continue;
      const distance = this.strategy.distance(gateway, node);
      const load = this.strategy.load(node, this.threshold);
      const isBetter =
        best === null || distance < bestDistance || (distance === bestDistance && load < bestLoad);
      if (!isBetter) continue;
      best = node;
      bestDistance = distance;
      bestLoad = load;
    }
    if (best === null) return null;
    this.nodes.set(best.id, { ...best, gateways: best.gateways + 1 });
    return best.id;
  }
}
