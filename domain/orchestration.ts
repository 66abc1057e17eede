/**
 * How the processes find each other in Temporal: queues, workflow ids, inputs, signals. Pure data, so that workflows,
 * activities and clients can share it.
 */
import type { CampaignState } from './campaign/state.js';
import type { SlotRange } from './delivery/slot-set.js';
import type { DeliveryCounts, RolloutState } from './rollout/state.js';

/** Queue of what is not scalable: all workflows, steps i, ii, iii, viii, and reconciling with the database. */
export const coordinatorQueue = 'coordinator';

/**
 * The queues of one node. What waits in one does not stand in the way of another: a package that takes minutes to build
 * holds up neither the plans nor the deliveries of other rollouts.
 */
export const nodeQueues = {
  /** Step vi: short, and what gateways wait for. */
  dispatch: (nodeId: string) => `node-${nodeId}`,
  /** Step iv, and of step v what is there already. */
  plan: (nodeId: string) => `node-${nodeId}-plan`,
  /** Step v: packages that have to be built. */
  build: (nodeId: string) => `node-${nodeId}-build`,
} as const;

export type NodeQueue = keyof typeof nodeQueues;

export const nodeQueueNames = Object.keys(nodeQueues) as readonly NodeQueue[];

/**
 * Raised whenever workflows change so that those which are under way could not go on: the reconciler starts them anew
 * from the database. Workflows carry it in their memo.
 */
export const workflowLayout = 2;

export const workflowTypes = {
  campaign: 'campaign',
  rollout: 'rollout',
  nodeShare: 'nodeShare',
  deliverChunk: 'deliverChunk',
  nodePool: 'nodePool',
  housekeeping: 'housekeeping',
  webhook: 'webhook',
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
  /** To `campaign`: something has changed in the database. */
  wakeCampaign: 'wakeCampaign',
  /** To `webhook`: something is due. */
  wakeWebhook: 'wakeWebhook',
} as const;

export const workflowIds = {
  /** There is one. */
  nodePool: 'node-pool',
  campaign: (campaignId: string) => `campaign/${campaignId}`,
  webhook: (webhookId: string) => `webhook/${webhookId}`,
  rollout: (rolloutId: string) => `rollout/${rolloutId}`,
  /** @param first the first of its nodes */
  nodeShare: (rolloutId: string, first: string, round: number) =>
    `rollout/${rolloutId}/node/${first}/${round}`,
  deliverChunk: (rolloutId: string, chunk: number) => `rollout/${rolloutId}/chunk/${chunk}`,
};

/**
 * Where Temporal's web UI shows a workflow.
 * @param ui address of the web UI, with or without a slash at its end
 */
export function workflowAddress(ui: string, namespace: string, workflowId: string): string {
  const [base, ...path] = [ui.replace(/\/$/, ''), 'namespaces', namespace, 'workflows', workflowId];
  return [base, ...path.map(encodeURIComponent)].join('/');
}

/** The campaign whose workflow this is, by its id; null for any other workflow. */
export function campaignIdOf(workflowId: string): string | null {
  return /^campaign\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(workflowId)?.[1] ?? null;
}

/** Search attributes (all Keyword); values are cut to what the server takes, see attributeText. */
export const searchAttributes = {
  campaign: 'LeonoreCampaign',
  rollout: 'LeonoreRollout',
  artifact: 'LeonoreArtifact',
  deployment: 'LeonoreDeployment',
  node: 'LeonoreNode',
  state: 'LeonoreState',
} as const;

/** The rollout that a workflow belongs to, by its id; null for any other workflow. */
export function rolloutIdOf(workflowId: string): string | null {
  return /^rollout\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\/|$)/.exec(workflowId)?.[1] ?? null;
}

/** Temporal refuses keywords above 2,048 bytes and summaries above 400. */
const attributeCharacters = 500;
const summaryCharacters = 90;

/** A value of a search attribute: at most four bytes a character, as long as Temporal takes it. */
export function attributeText(text: string): string {
  return shortened(text, attributeCharacters);
}

/** A line of the Temporal UI. */
export function summaryText(text: string): string {
  return shortened(text, summaryCharacters);
}

function shortened(text: string, most: number): string {
  // By code points: half a pair of surrogates is no text, and PostgreSQL refuses it.
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

/** What every workflow of a rollout is told about it: ids and a line for people, never lists of gateways. */
export interface RolloutInput {
  readonly rolloutId: string;
  readonly artifacts: string;
  readonly deployment: string;
  readonly deadlineSeconds: number;
  /** When what could not be offered until then is given up, in ms since 1970; absent: counted from the start. */
  readonly giveUpAtMs?: number;
  /** Rounds of delegation before this run: a rollout that continues as new goes on counting. */
  readonly rounds?: number;
}

/** What the workflow of a campaign is told: its id, and a line for people. */
export interface CampaignInput {
  readonly campaignId: string;
  readonly artifacts: string;
  readonly deployment: string;
}

/** What the workflow of a webhook is told. */
export interface WebhookInput {
  readonly webhookId: string;
}

export interface CampaignResult {
  readonly state: CampaignState;
  readonly reason: string | null;
}

/** What the workflow of a campaign is told, from what the database has of it. */
export function campaignInput(campaign: {
  readonly id: string;
  readonly selected: readonly string[];
  readonly deployment: string;
}): CampaignInput {
  return {
    campaignId: campaign.id,
    artifacts: campaign.selected.join(' '),
    deployment: campaign.deployment,
  };
}

/** What the workflow of a rollout is told, from what the database has of it. */
export function rolloutInput(
  rollout: {
    readonly id: string;
    readonly deployment: string;
    readonly createdAt: Date;
    readonly options: { readonly deadlineSeconds: number };
  },
  artifacts: readonly string[],
): RolloutInput {
  const { deadlineSeconds } = rollout.options;
  return {
    rolloutId: rollout.id,
    artifacts: artifacts.join(' '),
    deployment: rollout.deployment,
    deadlineSeconds,
    giveUpAtMs: rollout.createdAt.getTime() + deadlineSeconds * 1_000,
  };
}

/** A part of a rollout, which the root has told when to give up. */
export interface PartInput extends Omit<RolloutInput, 'rounds'> {
  readonly giveUpAtMs: number;
}

export interface NodeShareInput extends PartInput {
  /** Usually one; a few where a rollout has more nodes than a workflow may have children. */
  readonly nodeIds: readonly string[];
  /** How many chunks of a node may be under way at once (sliding window). */
  readonly window: number;
}

export interface DeliverChunkInput extends PartInput {
  readonly nodeId: string;
  readonly chunk: number;
  readonly size: number;
  /** Where the run before this one left off. */
  readonly resumed?: {
    readonly deadlineMs: number;
    readonly reconcileMs: number;
    readonly cancelled: boolean;
  };
}

export interface AcknowledgeSignal {
  readonly slots: readonly SlotRange[];
  /** True when the database has something to do for the chunk besides what has ended. */
  readonly look?: boolean;
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
