/**
 * The activities that workflows call, by queue. They carry ids, ranges and counts only. Each runs one of the paper's
 * eight steps (III-D) or repairs one; activities/ implements them, one file a step.
 */
import type { PoolAction } from '../domain/balancer/pool.js';
import type { SlotRange } from '../domain/delivery/slot-set.js';
import type { RolloutResult } from '../domain/orchestration.js';

export interface CoordinatorActivities {
  /** (i) @returns the newest version that each request selects, as a line for people */
  checkArtifactAvailable(input: { rolloutId: string }): Promise<{ artifacts: string }>;
  /** (ii) */
  resolveDeployment(input: { rolloutId: string }): Promise<{ gateways: number }>;
  /** (iii) */
  groupByNode(input: { rolloutId: string }): Promise<{ shares: { nodeId: string; gateways: number }[] }>;
  /** A node does not answer: its gateways move. @returns false when it turns out to be alive */
  leaveNode(input: { rolloutId: string; nodeId: string }): Promise<{ left: boolean }>;
  /** Nodes that a chunk's unfinished gateways belong to now. */
  nodesOfChunk(input: { rolloutId: string; chunk: number }): Promise<{ nodeIds: string[] }>;
  /** (vii) Reads back from the database how a chunk stands; past the deadline, who is silent is lost. */
  reconcileAcknowledgements(input: {
    rolloutId: string;
    chunk: number;
    final: boolean;
  }): Promise<{ ended: SlotRange[]; remaining: number; unreachedNodes: string[] }>;
  /** Cancels deliveries that no gateway has begun to install. */
  cancelDeliveries(input: { rolloutId: string }): Promise<{ cancelled: number }>;
  /** (viii) */
  completeRollout(input: { rolloutId: string; cancelled: boolean; failure: unknown }): Promise<RolloutResult>;
}

/** What is done to the pool of nodes; each is safe to do again. */
export interface PoolActivities {
  /** What is to be done next, and the state of the pool as Markdown. */
  lookAtPool(): Promise<{ action: PoolAction; details: string }>;
  /** Enters a node that is to be launched. */
  growPool(): Promise<{ nodeId: string }>;
  /** Has the launcher start it; a failure is noted, and tried again later. */
  launchNode(input: { nodeId: string }): Promise<{ problem: string | null }>;
  /** It was launched and did not register in time. */
  giveUpLaunch(input: { nodeId: string }): Promise<void>;
  /** A node that has come takes its even share from the others. */
  shareGateways(input: { nodeId: string }): Promise<{ moved: number }>;
  /** Gateways that were queued are placed. */
  admitQueued(): Promise<{ admitted: number }>;
  /** The load is low: the node is to go. */
  shrinkPool(input: { nodeId: string }): Promise<void>;
  /** Moves what can be moved from a draining node, and ends it when it has nothing left. */
  drainNode(input: { nodeId: string }): Promise<{ moved: number; left: number; ended: boolean }>;
}

export interface NodeActivities {
  /** (iv) */
  analyzeCompatibility(input: {
    rolloutId: string;
    nodeId: string;
  }): Promise<{ gateways: number; groups: number; incompatible: number }>;
  /** (v) Builds for a while; `remaining` groups are left for the next call. */
  buildPackages(input: { rolloutId: string; nodeId: string }): Promise<{
    built: number;
    failed: number;
    remaining: number;
    chunks: { chunk: number; size: number }[];
  }>;
  /** (vi) */
  dispatchDeliveries(input: {
    rolloutId: string;
    nodeId: string;
    chunk: number;
    deadlineSeconds: number;
  }): Promise<{ offered: number; notified: number; unreachable: number }>;
}

/** Brings package repository and blob store in order, in batches: each says where the next one goes on, null at the end. */
export interface HousekeepingActivities {
  readonly removeExpiredPackages: () => Promise<{ removed: number; more: boolean }>;
  readonly checkPackages: (input: {
    after: string;
  }) => Promise<{ checked: number; missing: number; next: string | null }>;
  readonly checkArtifacts: (input: {
    after: string;
  }) => Promise<{ checked: number; missing: number; examples: string[]; next: string | null }>;
  readonly sweepBlobs: (input: {
    after: string;
  }) => Promise<{ checked: number; removed: number; freedBytes: number; next: string | null }>;
  readonly clearLeftovers: () => Promise<{ cleared: number }>;
}
