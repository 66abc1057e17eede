/**
 * What a campaign decides by. All of it is counted by the database, set-wise: no member is named. Times are in ms since
 * 1970, of the database's clock.
 */
import type { ErrorClass } from './error-class.js';
import type { CampaignState, CampaignVerb } from './state.js';

/** Members whose last delivery failed, of the same class and after equally many deliveries. */
export interface FailedGroup {
  readonly errorClass: ErrorClass;
  /** Deliveries that each of them has had: 1 after the first attempt. */
  readonly attempts: number;
  readonly members: number;
  /** When the first of these deliveries ended. */
  readonly firstEndedAtMs: number;
}

/** The windows of a phase's gateways, over all their zones, from now on. */
export interface PhaseWindow {
  /** The soonest moment at which one of them is open; now or before when one is. */
  readonly opensAtMs: number;
  /** When each zone has had its next window. */
  readonly closesAtMs: number;
}

/** A phase. Its members are in exactly one of: notBegun, open, succeeded, failed, left. */
export interface PhaseFacts {
  readonly name: string;
  /** When its first rollout was started; null: it has not begun. */
  readonly startedAtMs: number | null;
  /** When its last rollout for members that had not begun was started. */
  readonly lastSliceAtMs: number | null;
  /** When its last retry was started. */
  readonly lastRetryAtMs: number | null;
  /** Members without any delivery yet. */
  readonly notBegun: number;
  /** Of these, the ones that may begin now by the limit of downloads at a time (all, when there is none). */
  readonly startable: number;
  /** Members with a delivery that has not ended. */
  readonly open: number;
  /** Of these, the ones that can still be withdrawn, and are not yet. */
  readonly withdrawable: number;
  readonly succeeded: number;
  readonly failed: readonly FailedGroup[];
  /** Members that are out: cancelled, superseded, decommissioned, deleted. They count neither for nor against it. */
  readonly left: number;
  /** When the last of its deliveries ended; null: none has. */
  readonly lastEndedAtMs: number | null;
  /**
   * Of those that succeeded: what their newest profile says, if it was received after `lastEndedAtMs` plus the bake time.
   * Without a bake time: none of both.
   */
  readonly unhealthy: number;
  readonly healthy: number;
  /** Null when the strategy has no windows. */
  readonly window: PhaseWindow | null;
}

/** What somebody asked for; ordinals grow by one within a campaign. */
export interface Wish {
  readonly ordinal: number;
  readonly verb: CampaignVerb;
  readonly atMs: number;
  /** Of `approve`: the phase. */
  readonly phase?: number;
  /** Of `rollback`: null or absent for all that the campaign changed, otherwise the phase. */
  readonly rollbackPhase?: number | null;
  /** Who and why, for people. */
  readonly by: string;
}

export interface RollbackFacts {
  /** Deliveries that bring back what was, and have not ended. */
  readonly open: number;
}

export interface CampaignFacts {
  /** Its id: what jitter is drawn from. */
  readonly campaignId: string;
  readonly nowMs: number;
  readonly createdAtMs: number;
  /** In order; the phase `rest` among them when there is one. */
  readonly phases: readonly PhaseFacts[];
  /** All wishes, or those after {@link CampaignStatus.wishes}; in order. */
  readonly wishes: readonly Wish[];
  /** Null until the rollback has been started. */
  readonly rollback: RollbackFacts | null;
}

/** Number of members by class of failure; what is not named is 0. */
export type ErrorCounts = Readonly<Partial<Record<ErrorClass, number>>>;

/** What a campaign remembers between decisions: stored as it is, together with the action that was taken. */
export interface CampaignStatus {
  readonly state: CampaignState;
  /** Why it is in the state, for people; null when that says itself. */
  readonly reason: string | null;
  /** Ordinal of the last wish that was taken in; 0 before the first. */
  readonly wishes: number;
  /** Phases that somebody has approved. */
  readonly approved: readonly number[];
  /** Failures by phase that somebody has accepted by resuming after a breach. */
  readonly forgiven: readonly ErrorCounts[];
  /** What it was halted for, while it is paused by itself; null when a person paused it. */
  readonly breach: Breach | null;
  /** Phases whose gate did not hold and that somebody let pass, by resuming. */
  readonly accepted: readonly number[];
  /** What is to be rolled back; null while nothing is. */
  readonly rollBack: RollbackScope | null;
  /** Failed members are to be tried again if they failed before this moment; null when nobody asked. */
  readonly retryBeforeMs: number | null;
}

export type Breach = { readonly of: 'budget' } | { readonly of: 'gate'; readonly phase: number };

export type RollbackScope = 'all' | { readonly phase: number };

export const newCampaignStatus: CampaignStatus = {
  state: 'waiting',
  reason: null,
  wishes: 0,
  approved: [],
  forgiven: [],
  breach: null,
  accepted: [],
  rollBack: null,
  retryBeforeMs: null,
};
