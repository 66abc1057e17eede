/**
 * How the processes find each other in Temporal: queues, workflow ids, inputs, signals. Pure data, so that workflows,
 * activities and clients can share it.
 */
import type { SlotRange } from './delivery/slot-set.js';
import type { DeliveryCounts, RolloutState } from './rollout/state.js';

/** Queue of what is not scalable: all workflows, steps i, ii, iii, viii, and reconciling with the database. */
export const coordinatorQueue = 'coordinator';

/** Queue of one node: steps iv, v, vi. */
export function nodeQueue(nodeId: string): string {
  return `node-${nodeId}`;
}

export const workflowTypes = {
  rollout: 'rollout',
  nodeShare: 'nodeShare',
  deliverChunk: 'deliverChunk',
  nodePool: 'nodePool',
  housekeeping: 'housekeeping',
} as const;

/** Id of the schedule, and start of the id of each workflow that it starts. */
export const housekeepingId = 'housekeeping';

export const signals = {
  /** To any workflow of a rollout: stop what has not begun. */
  cancel: 'cancel',
  /** To `deliverChunk`: slots that ended. A wake-up; the database is the truth. */
  acknowledge: 'acknowledge',
  /** To `rollout`: a node fell out and its unbuilt share waits for another. */
  shareReleased: 'shareReleased',
  /** To `nodePool`: something has changed. */
  wakePool: 'wakePool',
} as const;

export const workflowIds = {
  /** There is one. */
  nodePool: 'node-pool',
  rollout: (rolloutId: string) => `rollout/${rolloutId}`,
  nodeShare: (rolloutId: string, nodeId: string, round: number) =>
    `rollout/${rolloutId}/node/${nodeId}/${round}`,
  deliverChunk: (rolloutId: string, chunk: number) => `rollout/${rolloutId}/chunk/${chunk}`,
};

/** Search attributes (all Keyword). */
export const searchAttributes = {
  rollout: 'LeonoreRollout',
  artifact: 'LeonoreArtifact',
  deployment: 'LeonoreDeployment',
  node: 'LeonoreNode',
  state: 'LeonoreState',
} as const;

/** What every workflow of a rollout is told about it: ids and a line for people, never lists of gateways. */
export interface RolloutInput {
  readonly rolloutId: string;
  readonly artifacts: string;
  readonly deployment: string;
  readonly deadlineSeconds: number;
}

export interface NodeShareInput extends RolloutInput {
  readonly nodeId: string;
  /** How many chunks may be under way at once (sliding window). */
  readonly window: number;
}

export interface DeliverChunkInput extends RolloutInput {
  readonly nodeId: string;
  readonly chunk: number;
  readonly size: number;
}

export interface AcknowledgeSignal {
  readonly slots: readonly SlotRange[];
}

export interface RolloutResult {
  readonly state: RolloutState;
  readonly counts: DeliveryCounts;
}

/** What a run of housekeeping found and did. */
export interface HousekeepingResult {
  readonly packagesRemoved: number;
  /** Packages whose archive was not there. */
  readonly packagesMissing: number;
  /** Contents of artifacts that are not there; whoever has the artifact must add it again. */
  readonly artifactFilesMissing: number;
  /** Some of them. */
  readonly examples: readonly string[];
  readonly blobsRemoved: number;
  readonly bytesFreed: number;
  readonly leftoversCleared: number;
}
