import type { Report, ReportOutcome } from '../agent-protocol/messages.js';
import { mayReport } from './events.js';
import { isEnded, type DeliveryState } from './state.js';

/** What a delivery must know to judge a report. */
export interface DeliveryProgress {
  readonly state: DeliveryState;
  /** Highest sequence applied so far. */
  readonly sequence: number;
}

export interface AppliedReports {
  readonly progress: DeliveryProgress;
  /** In the order of the reports. */
  readonly outcomes: readonly ReportOutcome[];
  /** Reports that changed something: what is recorded as events. */
  readonly applied: readonly Report[];
}

/**
 * Applies a gateway's reports to its delivery, in order. A sequence met before is a duplicate. A report that may not
 * follow the present state changes nothing: the delivery `ended`, or the report merely repeats what is known.
 */
export function applyReports(before: DeliveryProgress, reports: readonly Report[]): AppliedReports {
  let { state, sequence } = before;
  const outcomes: ReportOutcome[] = [];
  const applied: Report[] = [];
  for (const report of reports) {
    if (report.sequence <= sequence) {
      outcomes.push('duplicate');
    } else if (mayReport(state, report.state)) {
      ({ state, sequence } = report);
      outcomes.push('applied');
      applied.push(report);
    } else {
      sequence = report.sequence;
      outcomes.push(isEnded(state) ? 'ended' : 'duplicate');
    }
  }
  return { progress: { state, sequence }, outcomes, applied };
}
