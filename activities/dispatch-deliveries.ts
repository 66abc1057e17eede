import type { ChunkRepository } from '../repositories/chunk-repository.js';
import type { PushTarget } from '../repositories/delivery/delivery-repository.js';
import type { RolloutRepository } from '../repositories/rollout-repository.js';
import type { DispatchActivities } from '../workflows/activity-types.js';
import { withHeartbeat } from './heartbeat.js';

/** Tells gateways that a task waits for them, each over its protocol; connectivity/ implements it. */
export interface Notifier {
  /** @returns how many gateways took the notice */
  notify(targets: readonly PushTarget[], signal: AbortSignal): Promise<number>;
}

interface Dependencies {
  readonly rollouts: RolloutRepository;
  readonly chunks: ChunkRepository;
  readonly push: Notifier;
}

/**
 * Step (vi): execute the provisioning strategy of each gateway of a chunk. The tasks become available to those that
 * pull; those that are pushed are notified, and collect the same task. A gateway that cannot be reached keeps its
 * offer: it is notified again later, or asks by itself.
 */
export function dispatchDeliveries({
  rollouts,
  chunks,
  push,
}: Dependencies): DispatchActivities['dispatchDeliveries'] {
  return ({ rolloutId, nodeId, chunk, deadlineSeconds }) =>
    withHeartbeat(async (signal) => {
      await rollouts.stepStarted(rolloutId, 'vi', nodeId);
      const offered = await chunks.offer(rolloutId, chunk, nodeId, deadlineSeconds);
      await rollouts.stepStarted(rolloutId, 'vii', nodeId);
      const targets = await chunks.pushTargets(rolloutId, chunk, nodeId);
      const notified = await push.notify(targets, signal);
      await rollouts.stepEnded(rolloutId, 'vi', nodeId);
      return { offered, notified, unreachable: targets.length - notified };
    });
}
