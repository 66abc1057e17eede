import { DeliveryState, openStates } from '../delivery/state.js';

/** States of a rollout. It ends always: succeeded, partly, failed, cancelled or superseded. */
export const RolloutState = {
  Requested: 'requested',
  Running: 'running',
  Cancelling: 'cancelling',
  Succeeded: 'succeeded',
  Partly: 'partly',
  Failed: 'failed',
  Cancelled: 'cancelled',
  Superseded: 'superseded',
} as const;

export type RolloutState = (typeof RolloutState)[keyof typeof RolloutState];

export const endedRolloutStates: readonly RolloutState[] = [
  'succeeded',
  'partly',
  'failed',
  'cancelled',
  'superseded',
];

export function isRolloutEnded(state: RolloutState): boolean {
  return endedRolloutStates.includes(state);
}

/** Number of deliveries in each state. */
export type DeliveryCounts = Readonly<Record<DeliveryState, number>>;

export function emptyCounts(): Record<DeliveryState, number> {
  const counts = {} as Record<DeliveryState, number>;
  for (const state of Object.values(DeliveryState)) counts[state] = 0;
  return counts;
}

/** All deliveries. */
export function totalOf(counts: DeliveryCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Deliveries that are waited for. */
export function openOf(counts: DeliveryCounts): number {
  return openStates.reduce((sum, state) => sum + counts[state], 0);
}

/**
 * What the rollout came to (step viii): `succeeded` when every delivery did, `cancelled` when it was
 * cancelled before that, `superseded` when newer work took the place of every delivery, `failed` when none succeeded,
 * otherwise `partly`.
 */
export function rolloutOutcome(counts: DeliveryCounts, wasCancelled: boolean): RolloutState {
  const total = totalOf(counts);
  if (total > 0 && counts.succeeded === total) return RolloutState.Succeeded;
  if (wasCancelled) return RolloutState.Cancelled;
  if (total > 0 && counts.superseded === total) return RolloutState.Superseded;
  return counts.succeeded > 0 ? RolloutState.Partly : RolloutState.Failed;
}
