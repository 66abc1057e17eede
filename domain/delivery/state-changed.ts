import { stateChangedStep } from '../agent-protocol/messages.js';
import { limits } from '../limits.js';
import type { ReportedState } from './history.js';
import { taskStates, type DeliveryState } from './state.js';

/** What is known of a delivery that a gateway may refuse. */
export interface PlannedDelivery {
  readonly state: DeliveryState;
  /** Times that it was planned anew. */
  readonly attempt: number;
}

/**
 * True when a report refuses what was planned for another state of the gateway, and it is to be planned anew. A plan that
 * was refused too often has failed: something else is wrong than that the gateway was away.
 */
export function isToBePlannedAnew(
  { state, attempt }: PlannedDelivery,
  { state: to, error }: Pick<ReportedState, 'state' | 'error'>,
): boolean {
  return (
    to === 'failed' &&
    error?.class === 'state' &&
    error.step === stateChangedStep &&
    attempt < limits.plansAnew &&
    (taskStates as readonly DeliveryState[]).includes(state)
  );
}
