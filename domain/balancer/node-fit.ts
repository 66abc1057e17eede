import type { Endpoint } from '../gateway/endpoint.js';
import { misfit, type GatewayOffer } from '../gateway/negotiate.js';

/** How ill each node suits a gateway by what it serves: 0 the best, Infinity nothing in common. */
export type Misfits = (nodeId: string) => number;

/** For whom all nodes are alike. */
export const fitsAll: Misfits = () => 0;

/** How well nodes suit gateways by what both speak. Thousands of gateways offer a few different things: each is judged once. */
export class NodeFit {
  private readonly judged = new Map<string, Map<string, number>>();

  /** @param preference the operator's order of channels */
  constructor(
    private readonly endpoints: ReadonlyMap<string, readonly Endpoint[]>,
    private readonly preference: readonly string[],
  ) {}

  misfitsOf({ protocols, strategies, pushAddress }: GatewayOffer): Misfits {
    const scheme = pushAddress?.split('://')[0] ?? null;
    const key = JSON.stringify([protocols, strategies, scheme]);
    const byNode = this.judged.get(key) ?? this.judge({ protocols, strategies, pushAddress });
    this.judged.set(key, byNode);
    return (nodeId) => byNode.get(nodeId) ?? Number.POSITIVE_INFINITY;
  }

  private judge(offer: GatewayOffer): Map<string, number> {
    const entries = [...this.endpoints].map(
      ([nodeId, endpoints]) => [nodeId, misfit(offer, endpoints, this.preference)] as const,
    );
    return new Map(entries);
  }
}
