/**
 * The states of a delivery, and groups of them. What may follow what is told by the events of events.ts; database,
 * workflows, API, CLI, agents and web derive theirs from these two.
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
  /** Newer work for the same was there before it was begun. */
  Superseded: 'superseded',
} as const;

export type DeliveryState = (typeof DeliveryState)[keyof typeof DeliveryState];

export const deliveryStates = Object.values(DeliveryState);

/** States in which nothing more is waited for; the end that is wanted comes first. */
export const endedStates = [
  'succeeded',
  'failed',
  'incompatible',
  'lost',
  'cancelled',
  'superseded',
] as const satisfies readonly DeliveryState[];

/** Ends that somebody has to look at. */
export const troubleStates = ['failed', 'incompatible', 'lost'] as const satisfies readonly DeliveryState[];

/** States in which a delivery is waited for. */
export const openStates: readonly DeliveryState[] = deliveryStates.filter((state) => !isEnded(state));

/** States in which the gateway has a task. */
export const taskStates = [
  'offered',
  'downloading',
  'installing',
] as const satisfies readonly DeliveryState[];

/** States in which the gateway is at work: it is not moved to another node without need. */
export const workStates = ['downloading', 'installing'] as const satisfies readonly DeliveryState[];

/** Ended states in which a gateway may still want the archive: it has to go back to it, or was lost and goes on. */
export const returningStates = ['succeeded', 'lost'] as const satisfies readonly DeliveryState[];

/** States that a gateway itself may report. */
export const reportableStates = ['downloading', 'installing', 'succeeded', 'failed'] as const;
export type ReportableState = (typeof reportableStates)[number];

export function isEnded(state: DeliveryState): boolean {
  return (endedStates as readonly DeliveryState[]).includes(state);
}
