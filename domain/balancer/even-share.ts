import type { BalancerStrategy, NodeLoad, PlaceLabels } from './strategy.js';

/** A gateway that may be moved. */
export interface MovableGateway {
  readonly id: string;
  readonly nodeId: string;
  readonly labels: PlaceLabels;
  /** It is at work on a delivery: moved only when too few others are left. */
  readonly isBusy: boolean;
}

export interface Move {
  readonly gatewayId: string;
  readonly nodeId: string;
}

/**
 * The share that a new node takes from the others (paper, IV-B: requests are scheduled evenly to both nodes). It is
 * taken from the fullest, until the new node has as many as they have left, or one less. Gateways that are nearer to
 * where they are than to the new node stay.
 */
export function evenShare(
  strategy: BalancerStrategy,
  nodes: readonly NodeLoad[],
  gateways: readonly MovableGateway[],
  newNodeId: string,
): Move[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const newNode = byId.get(newNodeId);
  if (newNode === undefined) return [];
  const candidates = new Map<string, MovableGateway[]>();
  for (const gateway of preferred(strategy, byId, newNode, gateways)) {
    const own = candidates.get(gateway.nodeId);
    if (own === undefined) candidates.set(gateway.nodeId, [gateway]);
    else own.push(gateway);
  }
  const counts = new Map(nodes.map(({ id, gateways: count }) => [id, count]));
  const moves: Move[] = [];
  for (;;) {
    const donor = fullest(counts, candidates);
    const taken = counts.get(newNodeId) ?? 0;
    if (donor === null || donor.count - taken < 2) return moves;
    const gateway = candidates.get(donor.id)?.pop();
    if (gateway === undefined) return moves;
    moves.push({ gatewayId: gateway.id, nodeId: newNodeId });
    counts.set(donor.id, donor.count - 1);
    counts.set(newNodeId, taken + 1);
  }
}

/** Those that may go, in the order in which they are popped: the last first. */
function preferred(
  strategy: BalancerStrategy,
  byId: ReadonlyMap<string, NodeLoad>,
  newNode: NodeLoad,
  gateways: readonly MovableGateway[],
): MovableGateway[] {
  const gains = new Map<string, number>();
  for (const { id, nodeId, labels } of gateways) {
    const present = byId.get(nodeId);
    if (present === undefined || nodeId === newNode.id) continue;
    const gain = strategy.distance(labels, present) - strategy.distance(labels, newNode);
    if (gain >= 0) gains.set(id, gain);
  }
  return gateways
    .filter(({ id }) => gains.has(id))
    .sort(
      (left, right) =>
        Number(right.isBusy) - Number(left.isBusy) ||
        (gains.get(left.id) ?? 0) - (gains.get(right.id) ?? 0) ||
        (left.id < right.id ? 1 : -1),
    );
}

function fullest(
  counts: ReadonlyMap<string, number>,
  candidates: ReadonlyMap<string, readonly MovableGateway[]>,
): { id: string; count: number } | null {
  let found: { id: string; count: number } | null = null;
  for (const [id, left] of candidates) {
    const count = counts.get(id) ?? 0;
    if (left.length > 0 && (found === null || count > found.count)) found = { id, count };
  }
  return found;
}
