import { LeonoreError } from '../domain/errors.js';
import type { NodeRepository } from '../repositories/node-repository.js';
import type { Placement } from '../repositories/placement.js';
import type { PoolRepository } from '../repositories/pool-repository.js';
import type { ProvisioningRepository } from '../repositories/provisioning-repository.js';
import type { PoolActivities } from '../workflows/activity-types.js';
import { withHeartbeat } from './heartbeat.js';
import type { NodeLauncher } from './node-launcher.js';
import { poolDetails } from './pool-details.js';

/** A node that was launched says so within this time, or counts as failed. */
const registerWithinMs = 60_000;
/** Deliveries that are being carried out may take this long before they are moved from a draining node all the same. */
const drainPatienceMs = 5 * 60_000;
/** How soon a draining node is looked at again. */
const drainLookMs = 1_000;
/** How soon one that its launcher cannot end is looked at again. */
const strandedLookMs = 30_000;
/** What a launcher says is kept up to this length. */
const problemCharacters = 2_000;

export interface PoolActivityDependencies {
  readonly pool: PoolRepository;
  readonly nodes: NodeRepository;
  readonly placement: Placement;
  readonly provisioning: ProvisioningRepository;
  readonly launcher: NodeLauncher;
  /** Tells a rollout that unplanned deliveries of it have moved. */
  readonly releaseShare: (rolloutId: string) => Promise<void>;
}

/** The activities of the node pool. */
export function poolActivities(deps: PoolActivityDependencies): PoolActivities {
  const { pool, nodes, placement, launcher } = deps;
  return {
    async lookAtPool() {
      const { view, action } = await pool.look();
      return { action, details: poolDetails(view, action) };
    },
    growPool: async () => ({ nodeId: await pool.addLaunch('pool') }),
    launchNode: ({ nodeId }) =>
      withHeartbeat(async (signal) => {
        try {
          await launcher.launch({ id: nodeId, labels: await pool.launchLabels(nodeId) }, signal);
          await pool.launched(nodeId, registerWithinMs);
          return { problem: null };
        } catch (error) {
          const problem = launchProblem(error);
          await pool.launchFailed(nodeId, problem);
          return { problem };
        }
      }),
    giveUpLaunch: ({ nodeId }) =>
      withHeartbeat(async (signal) => {
        // It may have come since it was decided: then there is nothing to give up.
        if ((await nodes.get(nodeId)).state !== 'launching') return;
        // What was launched may still come up: it must not do so beside the next attempt.
        await launcher.destroy(nodeId, signal).catch((error: unknown) => launchProblem(error));
        await pool.launchFailed(
          nodeId,
          `it was launched, and did not register within ${registerWithinMs / 1_000} s`,
        );
      }),
    shareGateways: ({ nodeId }) =>
      withHeartbeat(async () => {
        const moved = await placement.takeShare(nodeId);
        if (moved > 0) await releaseShares(deps);
        return { moved };
      }),
    admitQueued: () => withHeartbeat(async () => ({ admitted: await placement.admit() })),
    async shrinkPool({ nodeId }) {
      try {
        await nodes.startDrain(nodeId);
      } catch (error) {
        // Another node fell out since it was decided: the pool looks again.
        if (!(error instanceof LeonoreError) || error.code === 'DATABASE_UNAVAILABLE') throw error;
      }
    },
    drainNode: ({ nodeId }) => withHeartbeat((signal) => drainNode(nodeId, deps, signal)),
  };
}

async function drainNode(
  nodeId: string,
  deps: PoolActivityDependencies,
  signal: AbortSignal,
): Promise<{ moved: number; left: number; ended: boolean }> {
  const { pool, nodes, placement, launcher } = deps;
  const { moved, left } = await placement.drain(nodeId, drainPatienceMs);
  if (moved > 0) await releaseShares(deps);
  const { stats } = await nodes.get(nodeId);
  const activities = typeof stats['activities'] === 'number' ? stats['activities'] : 0;
  if (left > 0 || moved > 0 || activities > 0) {
    await pool.drainLater(nodeId, drainLookMs, null);
    return { moved, left, ended: false };
  }
  try {
    if (await launcher.destroy(nodeId, signal)) {
      await pool.destroyed(nodeId);
      return { moved, left, ended: true };
    }
    await pool.drainLater(nodeId, strandedLookMs, 'drained; end its process, the launcher cannot');
  } catch (error) {
    await pool.drainLater(nodeId, strandedLookMs, launchProblem(error));
  }
  return { moved, left, ended: false };
}

/** Rollouts whose unplanned deliveries may have moved delegate them anew. */
async function releaseShares({ provisioning, releaseShare }: PoolActivityDependencies): Promise<void> {
  for (const rolloutId of await provisioning.rolloutsToDelegate()) await releaseShare(rolloutId);
}

/** @throws what is not the launcher's fault */
function launchProblem(error: unknown): string {
  if (error instanceof LeonoreError && error.code === 'LAUNCH_FAILED')
    return error.message.slice(-problemCharacters);
  throw error;
}
