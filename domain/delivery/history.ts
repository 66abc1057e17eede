import type { Report } from '../agent-protocol/messages.js';
import type { DeliveryEvent } from './events.js';

/** What happened to a delivery, in order, as it is stored with it. Times are the database's, RFC 3339. */
export type HistoryEntry =
  | {
      readonly at: string;
      /** What LEONORE or an operator did. */
      readonly event: DeliveryEvent;
      readonly detail?: unknown;
    }
  | {
      readonly at: string;
      /** What the gateway reported, and was applied together. */
      readonly reports: readonly ReportedState[];
    }
  | {
      readonly at: string;
      /** What the gateway wrote about it, sent by itself: perhaps after its end. */
      readonly log: string;
    };

/** A report without what is stored elsewhere. */
export interface ReportedState {
  readonly state: Report['state'];
  readonly sequence: number;
  /** The gateway's own clock. */
  readonly at?: string;
  readonly detail?: string;
  readonly error?: Report['error'];
}

export function reportedState({ state, sequence, at, detail, error }: Report): ReportedState {
  return {
    state,
    sequence,
    ...(at === undefined ? {} : { at }),
    ...(detail === undefined ? {} : { detail }),
    ...(error === undefined ? {} : { error }),
  };
}
