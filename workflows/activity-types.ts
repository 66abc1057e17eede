/**
 * The activities that workflows call, by queue. They carry ids, ranges and counts only. Each runs one of the paper's
 * eight steps (III-D) or repairs one; activities/ implements them, one file a step.
 */
import type { PoolAction } from '../domain/balancer/pool.js';
import type { Decision } from '../domain/campaign/decide.js';
import type { CampaignFacts, CampaignStatus } from '../domain/campaign/facts.js';
import type { CampaignState } from '../domain/campaign/state.js';
import type { Strategy } from '../domain/campaign/strategy.js';
import type { SlotRange } from '../domain/delivery/slot-set.js';
import type { RolloutResult } from '../domain/orchestration.js';
import type { Step } from '../domain/rollout/steps.js';

/** What people want of a rollout, as the database has it: read at each step. */
export interface WithWishes {
  readonly cancel: boolean;
}

export interface CoordinatorActivities {
  /** (i) @returns the newest version that each request selects, as a line for people */
  checkArtifactAvailable(input: { rolloutId: string }): Promise<{ artifacts: string } & WithWishes>;
  /** (ii) */
  resolveDeployment(input: { rolloutId: string }): Promise<{ gateways: number } & WithWishes>;
  /** (iii) Where there is something to do, and how many deliveries are open in all. */
  groupByNode(input: {
    rolloutId: string;
  }): Promise<{ shares: { nodeId: string; gateways: number }[]; open: number } & WithWishes>;
  /**
   * A node does not answer. If it is gone its gateways move; what two nodes died at fails.
   * @param input.during the step that it worked on when it fell silent; null when it did not take its work
   * @returns left: false when it turns out to be alive
   */
  leaveNode(input: { rolloutId: string; nodeId: string; during: Step | null }): Promise<{ left: boolean }>;
  /** Nodes that a chunk's open deliveries belong to now. */
  nodesOfChunk(input: { rolloutId: string; chunk: number }): Promise<{ nodeIds: string[] }>;
  /** (vii) Reads back from the database how a chunk stands; past the deadline, who is silent is lost. */
  reconcileAcknowledgements(input: { rolloutId: string; chunk: number; final: boolean }): Promise<
    {
      ended: SlotRange[];
      remaining: number;
      unreachedNodes: string[];
      /** Nodes of gateways that refused their task as planned for another state; absent in older histories. */
      refusedNodes?: string[];
      /** Milliseconds to the deadline that the database enforces; null when nothing was offered. */
      deadlineInMs: number | null;
    } & WithWishes
  >;
  /** Cancels deliveries that no gateway has begun to install: of the rollout, or of one chunk. */
  cancelDeliveries(input: { rolloutId: string; chunk: number | null }): Promise<{ cancelled: number }>;
  /** Notes what the rollout waits for besides gateways; null: for nothing. */
  noteWaiting(input: { rolloutId: string; waitingFor: string | null }): Promise<void>;
  /** Notes that somebody ended a part of the rollout in Temporal, and that what it left is taken up. */
  noteMended(input: { rolloutId: string; what: string }): Promise<void>;
  /** Fails what was not offered: nobody will serve it any more. */
  giveUpUnserved(input: {
    rolloutId: string;
    nodeIds: readonly string[] | null;
    failure: { code: string; message: string };
  }): Promise<{ failed: number }>;
  /** (viii) Refused while deliveries are open: `open` says how many. */
  completeRollout(input: { rolloutId: string; failure: unknown }): Promise<RolloutResult & { open: number }>;
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

/** Chunks of a node that are to be delivered. */
export interface ReadyChunks {
  readonly chunks: { chunk: number; size: number }[];
}

/** On the queue `plan` of a node. */
export interface PlanActivities {
  /** (iv) */
  analyzeCompatibility(input: {
    rolloutId: string;
    nodeId: string;
  }): Promise<{ gateways: number; groups: number; incompatible: number }>;
  /** (v) Takes the packages that are there already; `remaining` groups need one to be built. */
  reusePackages(input: {
    rolloutId: string;
    nodeId: string;
  }): Promise<{ reused: number; remaining: number } & ReadyChunks>;
}

/** Groups, by what came of a turn of building. */
export interface BuildTurn {
  readonly built: number;
  readonly failed: number;
  readonly remaining: number;
  readonly waiting: number;
  readonly abandoned: number;
}

/** On the queue `build` of a node. */
export interface BuildActivities {
  /**
   * (v) Builds for a while; `remaining` groups are left for the next call. What somebody else is building already is not
   * waited for: `waiting` of them are looked at again. What no gateway of the node waits for any more is not built on:
   * `abandoned`.
   */
  buildPackages(input: { rolloutId: string; nodeId: string }): Promise<BuildTurn & ReadyChunks>;
  /**
   * (iv) and (v) again, for the gateways of a chunk that are in another state than they were planned for. `remaining` of
   * them need what somebody else is building.
   */
  planAnew(input: {
    rolloutId: string;
    nodeId: string;
    chunk: number;
  }): Promise<{ planned: number; remaining: number }>;
}

/** What a campaign is decided by, as the database has it. */
export interface CampaignLook {
  readonly strategy: Strategy;
  readonly status: CampaignStatus;
  readonly facts: CampaignFacts;
}

/** Of campaigns, on the coordinator's queue. */
export interface CampaignActivities {
  /** Chooses the members if that is to be done, takes steps on the way back, and says how it stands. */
  lookAtCampaign(input: { campaignId: string }): Promise<CampaignLook>;
  /**
   * Does what was decided, and keeps what the campaign remembers by it.
   * @returns done: false when somebody has wished something since; then nothing was done
   */
  carryOutDecision(input: {
    campaignId: string;
    decision: Decision;
  }): Promise<{ done: boolean; state: CampaignState }>;
}

/** What came of a turn of sending. */
export interface WebhookTurn {
  readonly delivered: number;
  /** Why the last attempt failed; null: it did not. */
  readonly problem: string | null;
  /** When something is due, in milliseconds; null when nothing waits. */
  readonly nextInMs: number | null;
}

/** Of webhooks, on the coordinator's queue. */
export interface WebhookActivities {
  /** Sends what is due, for a while, and no more when an attempt has failed. */
  readonly deliverWebhook: (input: { webhookId: string }) => Promise<WebhookTurn>;
}

/** On the queue `dispatch` of a node. */
export interface DispatchActivities {
  /** (vi) */
  dispatchDeliveries(input: {
    rolloutId: string;
    nodeId: string;
    chunk: number;
    deadlineSeconds: number;
  }): Promise<{ offered: number; notified: number; unreachable: number }>;
}

export type NodeActivities = PlanActivities & BuildActivities & DispatchActivities;

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
