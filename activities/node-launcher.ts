import type { PlaceLabels } from '../domain/balancer/strategy.js';

/** Brings up and ends the processes of nodes; workers/launchers/ has those that there are. */
export interface NodeLauncher {
  /**
   * Has a node started. Done again for the same id, it changes nothing.
   * @returns when the launcher has done its part; the node registers by itself
   * @throws LeonoreError LAUNCH_FAILED with what is wrong
   */
  launch(node: LaunchedNode, signal: AbortSignal): Promise<void>;
  /**
   * Has a node ended, in order.
   * @returns false when this launcher cannot end that node
   * @throws LeonoreError LAUNCH_FAILED with what is wrong
   */
  destroy(nodeId: string, signal: AbortSignal): Promise<boolean>;
}

export interface LaunchedNode {
  readonly id: string;
  /** Where it is to be; may be empty. */
  readonly labels: PlaceLabels;
}
