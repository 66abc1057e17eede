/** The part of the demo in which the pool of nodes grows with the fleet and shrinks after it, both by itself. */
import type { LeonoreApi, NodeView } from '../api.js';
import { until } from '../until.js';

/** The nodes at one moment of the demo. */
export interface NodesSnapshot {
  /** Such as `registered`. */
  readonly moment: string;
  readonly nodes: readonly NodeView[];
  /** Registrations that waited for a node. */
  readonly queued: number;
}

/** Each wait is bounded, so that the demo ends by itself; what is missing then is told by the checks. */
const growTimeoutMs = 30_000;
const shrinkTimeoutMs = 40_000;
const decommissionsAtOnce = 16;

/** The node that the pool launched, once there is one. */
export function launchedNode({ nodes }: NodesSnapshot): NodeView | undefined {
  return nodes.find((node) => node.origin === 'pool');
}

export async function takeSnapshot(api: LeonoreApi, moment: string): Promise<NodesSnapshot> {
  const { items, pool } = await api.nodes();
  return { moment, nodes: items, queued: pool.queued };
}

/** The nodes as soon as the launched one serves its share and nobody waits, or after a while as they are then. */
export async function nodesAfterGrowth(api: LeonoreApi, gateways: number): Promise<NodesSnapshot> {
  return snapshotOnce(api, 'all registered', growTimeoutMs, (snapshot) => {
    const placed = snapshot.nodes.reduce((sum, node) => sum + node.gatewayCount, 0);
    return launchedNode(snapshot)?.state === 'active' && snapshot.queued === 0 && placed === gateways;
  });
}

/** Takes gateways out of service: their agents must have ended, since they would enrol again. */
export async function decommission(api: LeonoreApi, ids: readonly string[]): Promise<void> {
  for (let next = 0; next < ids.length; next += decommissionsAtOnce) {
    await Promise.all(ids.slice(next, next + decommissionsAtOnce).map((id) => api.decommission(id)));
  }
}

/** The nodes as soon as the launched one has gone, or after a while as they are then. */
export async function nodesAfterShrinking(api: LeonoreApi): Promise<NodesSnapshot> {
  return snapshotOnce(
    api,
    'virtual gateways out of service',
    shrinkTimeoutMs,
    (snapshot) => launchedNode(snapshot)?.state === 'stopped',
  );
}

async function snapshotOnce(
  api: LeonoreApi,
  moment: string,
  timeoutMs: number,
  isReached: (snapshot: NodesSnapshot) => boolean,
): Promise<NodesSnapshot> {
  let snapshot = await takeSnapshot(api, moment);
  const look = async (): Promise<boolean> => {
    snapshot = await takeSnapshot(api, moment);
    return isReached(snapshot);
  };
  await until(look, timeoutMs, moment).catch(() => undefined);
  return snapshot;
}
