/** Work of a node: as long as its lease holds it is busy, however long it takes; when it is gone the work is let go. */
import type { Step } from '../domain/rollout/steps.js';
import { onCoordinator, suspicionOf, type Asking, type Tries } from './policies.js';

/** The node is gone, and its gateways have moved: what it was to do is another's now. */
export class NodeGone extends Error {
  override readonly name = 'NodeGone';
}

export interface NodeWork {
  readonly rolloutId: string;
  readonly nodeId: string;
  readonly step: Step;
}

/**
 * Runs work of a node. When the node does not answer, the coordinator looks whether it is alive.
 * @throws NodeGone
 */
export async function askAfter<T>(
  { rolloutId, nodeId, step }: NodeWork,
  tries: Tries,
  work: (asking: Asking) => Promise<T>,
): Promise<T> {
  for (let asked = 0; ; asked += 1) {
    try {
      return await work({ asked, tries });
    } catch (error) {
      const suspicion = suspicionOf(error);
      if (suspicion === null) throw error;
      const during = suspicion === 'silent' ? step : null;
      const { left } = await onCoordinator('iii', tries).leaveNode({ rolloutId, nodeId, during });
      if (left) throw new NodeGone(nodeId);
    }
  }
}
