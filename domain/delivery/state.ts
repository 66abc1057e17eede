/**
 * The state machine of a delivery: one const object and one transition table, used by database, workflows,
 * API, CLI, agents and web alike.
 */

export const DeliveryState = {
  /** Recorded, not yet offered to the gateway. */
  Pending: 'pending',
  /** The gateway's task is ready; a push gateway has been notified. */
  Offered: 'offered',
  Downloading: 'downloading',
  Installing: 'installing',
  Succeeded: 'succeeded',
  Failed: 'failed',
  /** No plan fits the gateway; the explanation says why. */
  Incompatible: 'incompatible',
  /** Silent past its deadline; may still report later, and is then corrected. */
  Lost: 'lost',
  Cancelled: 'cancelled',
} as const;

export type DeliveryState = (typeof DeliveryState)[keyof typeof DeliveryState];

export const deliveryStates = Object.values(DeliveryState);

/**
 * Which state may follow which. Steps may be skipped forward, since a gateway reports in batches.
 * Evidence from the gateway corrects what the server could only suppose: `lost` and `cancelled` give way to
 * `succeeded` and `failed`.
 */
export const deliveryTransitions: Readonly<Record<DeliveryState, readonly DeliveryState[]>> = {
  pending: ['offered', 'failed', 'incompatible', 'cancelled', 'lost'],
  offered: ['downloading', 'installing', 'succeeded', 'failed', 'cancelled', 'lost'],
  downloading: ['installing', 'succeeded', 'failed', 'cancelled', 'lost'],
  installing: ['succeeded', 'failed', 'lost'],
  succeeded: [],
  failed: [],
  incompatible: [],
  lost: ['succeeded', 'failed'],
  cancelled: ['succeeded', 'failed'],
};

/** States in which nothing more is waited for. */
export const endedStates: readonly DeliveryState[] = [
  'succeeded',
  'failed',
  'incompatible',
  'lost',
  'cancelled',
];

/** States that a gateway itself may report. */
export const reportableStates = ['downloading', 'installing', 'succeeded', 'failed'] as const;
export type ReportableState = (typeof reportableStates)[number];

export function isEnded(state: DeliveryState): boolean {
  return endedStates.includes(state);
}

export function mayFollow(from: DeliveryState, to: DeliveryState): boolean {
  return deliveryTransitions[from].includes(to);
}
