import type { LeonoreNode } from '../repositories/node-repository.js';

/** A node as the API shows it. */
export function nodeOnWire(node: LeonoreNode) {
  return {
    ...node,
    endpoints: node.endpoints.map((endpoint) => ({ ...endpoint, strategies: [...endpoint.strategies] })),
    requestedAt: node.requestedAt?.toISOString() ?? null,
    launchedAt: node.launchedAt?.toISOString() ?? null,
    startedAt: node.startedAt.toISOString(),
    sharedAt: node.sharedAt?.toISOString() ?? null,
    heartbeatAt: node.heartbeatAt.toISOString(),
  };
}
