import type { ChunkRepository } from '../repositories/chunk-repository.js';
import type { ChunkAcknowledgement, PushTarget } from '../repositories/delivery/delivery-repository.js';
import type { OverlapRepository } from '../repositories/overlap-repository.js';
import type { QueuedValueRepository } from '../repositories/queued-value-repository.js';
import type { RolloutRepository } from '../repositories/rollout-repository.js';
import type { DispatchActivities } from '../workflows/activity-types.js';
import { withHeartbeat } from './heartbeat.js';

/** Tells gateways that a task waits for them, each over its protocol; connectivity/ implements it. */
export interface Notifier {
  /** @returns ids of the gateways that took the notice */
  notify(targets: readonly PushTarget[], signal: AbortSignal): Promise<readonly string[]>;
}

/** Wakes workflows of chunks of which something has ended that no gateway reported; a lost wake-up is made up for. */
export type Wake = (chunks: readonly ChunkAcknowledgement[]) => void;

interface Dependencies {
  readonly rollouts: RolloutRepository;
  readonly chunks: ChunkRepository;
  readonly overlaps: OverlapRepository;
  readonly queuedValues: QueuedValueRepository;
  readonly push: Notifier;
  readonly wake: Wake;
}

/**
 * Step (vi): execute the provisioning strategy of each gateway of a chunk. The tasks become available to those that
 * pull; those that are pushed are notified, and collect the same task. A gateway that cannot be reached keeps its
 * offer: it is notified again later, or asks by itself. What they take the place of, of older rollouts, is superseded.
 */
export function dispatchDeliveries({
  rollouts,
  chunks,
  overlaps,
  queuedValues,
  push,
  wake,
}: Dependencies): DispatchActivities['dispatchDeliveries'] {
  return ({ rolloutId, nodeId, chunk, deadlineSeconds }) =>
    withHeartbeat(async (signal) => {
      await rollouts.stepStarted(rolloutId, 'vi', nodeId);
      await overlaps.yieldToNewer(rolloutId, chunk);
      const offered = await chunks.offer(rolloutId, chunk, nodeId, deadlineSeconds);
      wake(await overlaps.supersedeOlder(rolloutId, chunk));
      wake(await queuedValues.judge({ rolloutId, chunk }));
      await rollouts.stepStarted(rolloutId, 'vii', nodeId);
      const targets = await chunks.pushTargets(rolloutId, chunk, nodeId);
      const { length: notified } = await push.notify(targets, signal);
      await rollouts.stepEnded(rolloutId, 'vi', nodeId);
      return { offered, notified, unreachable: targets.length - notified };
    });
}
