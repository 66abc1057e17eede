/** What the management API is asked, as the client takes it. */
import type { paths } from './openapi.js';
import type { Deployment, GatewayOrder, GatewayValue, NodePool } from './resources.js';

/** A set of gateways by their ids, or by a selector; exactly one of the two. */
export interface NewDeployment {
  readonly name: string;
  readonly gatewayIds?: string[];
  readonly select?: string;
  /** Of a selector; default live. */
  readonly mode?: Deployment['mode'];
}

/** Whom a request is for; exactly one of the three. */
interface NamedTarget {
  readonly deployment?: string;
  /** Ids of gateways. */
  readonly gateways?: string[];
  readonly select?: string;
}

/** What to plan, and for whom. */
export interface PlanRequest extends NamedTarget {
  /** `NAME` or `NAME@RANGE`. */
  readonly requests: string[];
  /** Plans wanted for each group. */
  readonly plans?: number;
  /** Whether newer versions may take away what was asked for before. */
  readonly allowRemove?: boolean;
  /** How long to compute at most for all gateways with the same facts. */
  readonly budgetSeconds?: number;
}

type AuditQuery = NonNullable<paths['/api/v1/audit']['get']['parameters']['query']>;

type GatewayQuery = NonNullable<paths['/api/v1/gateways']['get']['parameters']['query']>;
export type GatewaySort = NonNullable<GatewayQuery['sort']>;

/** Which gateways are asked for. */
export type GatewayFilter = Omit<GatewayQuery, 'limit' | 'cursor' | 'sort'>;

/** What of the audit is wanted. */
export type AuditFilter = Omit<AuditQuery, 'limit' | 'cursor'>;

export interface NewRollout extends NamedTarget {
  /** `NAME` or `NAME@RANGE`. */
  readonly requests: string[];
  /** Spreads its gateways over all nodes first, by that strategy. */
  readonly balancer?: NodePool['strategy'];
  readonly deadlineSeconds?: number;
}

/** What the gateways of a deployment are kept at. */
export interface NewWantedState {
  /** `NAME` or `NAME@RANGE`. */
  readonly requests: string[];
  readonly deployment: string;
  /** A new version in the range is rolled out by itself. */
  readonly automatic?: boolean;
  readonly deadlineSeconds?: number;
}

/** What a gateway has of values. */
export interface GatewayValues {
  readonly items: GatewayValue[];
  /** Artifacts that are still to be configured with them. */
  readonly pending: {
    readonly artifact: string;
    readonly since: string;
    readonly attempts: number;
    readonly order: string | null;
    readonly problem: string | null;
  }[];
  /** Keys among those set that no artifact declares. */
  readonly undeclared: string[];
}

/** What to provision in phases, to one of deployment, gateways and select. */
export interface NewCampaign {
  readonly id?: string;
  /** `NAME` or `NAME@RANGE`. */
  readonly requests: string[];
  readonly deployment?: string;
  readonly gateways?: string[];
  readonly select?: string;
  /** A preset, or a strategy of one's own. */
  readonly strategy: 'all-at-once' | 'canary' | 'careful' | 'emergency' | Record<string, unknown>;
  readonly reason?: string;
  readonly allowRemove?: boolean;
  readonly allowDowngrade?: boolean;
}

/** What may be asked of a campaign. */
export type CampaignVerbName = 'pause' | 'resume' | 'stop' | 'abort' | 'approve' | 'rollback' | 'retry';

/** What to do with an artifact, on gateways by their ids or on those of a deployment; exactly one of the two. */
export interface NewOrder {
  /** What is configured is for LEONORE to say: it follows from values. */
  readonly action: Exclude<GatewayOrder['action'], 'configure'>;
  /** Name of the artifact; absent for `wipe`. */
  readonly artifact?: string;
  /** Of `uninstall`: whether its data stays. */
  readonly keepData?: boolean;
  readonly gatewayIds?: string[];
  readonly deployment?: string;
  readonly deadlineSeconds?: number;
}

/** An order that was given, and to how many gateways. */
export interface GivenOrder {
  readonly id: string;
  readonly gateways: number;
  /** Dependencies that go with it, with the number of gateways. */
  readonly also: Readonly<Record<string, number>>;
}
