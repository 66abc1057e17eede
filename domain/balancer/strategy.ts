/** Labels of gateways and nodes, as far as the balancer looks at them: `site`, `latitude`, `longitude` (degrees). */
export type PlaceLabels = Readonly<Record<string, string>>;

/** A node as a strategy sees it. */
export interface NodeLoad {
  readonly id: string;
  readonly labels: PlaceLabels;
  /** Gateways that it has. */
  readonly gateways: number;
  /** Deliveries under way on it. */
  readonly deliveries: number;
  /** Share of the machine's processors that its process uses, 0 to 1, as of its last heartbeat. */
  readonly cpuShare: number;
  /** Share of the machine's memory that its process uses, 0 to 1, as of its last heartbeat. */
  readonly memoryShare: number;
}

/**
 * How the balancer chooses among the nodes that have room (paper, III-C 7: a pluggable strategy). Pure, and asked once
 * a gateway and node; see docs/elastic-nodes.md for how to write another.
 */
export interface BalancerStrategy {
  /**
   * How far a node is from a gateway, in kilometres. The nearest node with room is taken; 0 for all where the place
   * does not matter. `gateway` holds the gateway's labels.
   */
  distance(gateway: PlaceLabels, node: NodeLoad): number;
  /** How loaded a node is: among nodes equally near, the lowest is taken. `threshold` is what fills a node. */
  load(node: NodeLoad, threshold: number): number;
}
