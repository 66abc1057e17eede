/**
 * What may happen to a delivery: from which states, to which, and what is recorded with it. One table; the transitions
 * that reports are judged by, the statements of the repository and the documentation derive theirs from it.
 *
 * Steps may be skipped forward, since a gateway reports in batches. Evidence from the gateway corrects what LEONORE
 * could only suppose: `lost`, `cancelled` and `superseded` give way to `succeeded` and `failed`.
 */
import { deliveryStates, openStates, taskStates, type DeliveryState, type ReportableState } from './state.js';

/** Who makes an event happen. */
export type EventSource = 'leonore' | 'operator' | 'gateway';

export interface DeliveryEventRule {
  readonly by: EventSource;
  readonly from: readonly DeliveryState[];
  readonly to: DeliveryState;
  /** What is stored with it: why it came so, what the gateway said, or the event alone. */
  readonly records: 'reason' | 'report' | 'nothing';
}

const rules = {
  /** Step iv: no plan fits the gateway. The explanation is its group's. */
  incompatible: { by: 'leonore', from: ['pending'], to: 'incompatible', records: 'nothing' },
  /** Step v: what was asked for is there already. */
  satisfied: { by: 'leonore', from: ['pending'], to: 'succeeded', records: 'reason' },
  /** Steps iv and v: it cannot be served; nothing is offered. */
  unserved: { by: 'leonore', from: ['pending'], to: 'failed', records: 'reason' },
  /** Step vi, or an order given: the task is there for the gateway to take. */
  offered: { by: 'leonore', from: ['pending'], to: 'offered', records: 'nothing' },
  downloading: { by: 'gateway', from: ['offered'], to: 'downloading', records: 'report' },
  installing: { by: 'gateway', from: ['offered', 'downloading'], to: 'installing', records: 'report' },
  succeeded: {
    by: 'gateway',
    from: ['offered', 'downloading', 'installing', 'lost', 'cancelled', 'superseded'],
    to: 'succeeded',
    records: 'report',
  },
  failed: {
    by: 'gateway',
    from: ['offered', 'downloading', 'installing', 'lost', 'cancelled', 'superseded'],
    to: 'failed',
    records: 'report',
  },
  /** The gateway was in another state than planned for, and for the one that it is in there is no plan. */
  incompatibleNow: { by: 'leonore', from: taskStates, to: 'incompatible', records: 'nothing' },
  /** Likewise, and in the state that it is in there is nothing to do. */
  satisfiedNow: { by: 'leonore', from: taskStates, to: 'succeeded', records: 'reason' },
  /** Likewise, and what it needs now cannot be served. */
  unservedNow: { by: 'leonore', from: taskStates, to: 'failed', records: 'reason' },
  /** What an order asked the gateway for, its profile, has come. */
  answered: { by: 'leonore', from: taskStates, to: 'succeeded', records: 'nothing' },
  /** Step vii: the deadline has passed in silence. */
  silent: { by: 'leonore', from: openStates, to: 'lost', records: 'nothing' },
  /** What the gateway has not begun to install is withdrawn. */
  cancelled: {
    by: 'operator',
    from: ['pending', 'offered', 'downloading'],
    to: 'cancelled',
    records: 'nothing',
  },
  /** Newer work for the same artifacts is there for the gateway to take, or has succeeded: this is not begun any more. */
  superseded: {
    by: 'leonore',
    from: ['pending', 'offered', 'downloading'],
    to: 'superseded',
    records: 'reason',
  },
  /** The gateway was taken out of service: whatever it is at, nobody will hear of it. */
  decommissioned: { by: 'operator', from: openStates, to: 'cancelled', records: 'reason' },
} as const satisfies Record<string, DeliveryEventRule>;

export type DeliveryEvent = keyof typeof rules;

export const deliveryEvents: Readonly<Record<DeliveryEvent, DeliveryEventRule>> = rules;

/** The event that a gateway's report of a state is. */
export function reportEvent(state: ReportableState): DeliveryEventRule {
  return deliveryEvents[state];
}

/** True when a gateway may report `to` of a delivery that is in `from`. */
export function mayReport(from: DeliveryState, to: ReportableState): boolean {
  return reportEvent(to).from.includes(from);
}

/** Which state may follow which, by whatever event. */
export const deliveryTransitions: Readonly<Record<DeliveryState, readonly DeliveryState[]>> =
  Object.fromEntries(
    deliveryStates.map((from) => [
      from,
      deliveryStates.filter((to) =>
        Object.values(deliveryEvents).some((event) => event.to === to && event.from.includes(from)),
      ),
    ]),
  ) as unknown as Record<DeliveryState, readonly DeliveryState[]>;
