import type { DeliveryEvent } from './events.js';
import type { HistoryEntry, ReportedState } from './history.js';

const events: Readonly<Record<DeliveryEvent, string>> = {
  incompatible: 'no plan fits the gateway',
  satisfied: 'what was asked for is there already',
  unserved: 'it cannot be served',
  offered: 'offered to the gateway',
  downloading: 'the gateway fetches it',
  installing: 'the gateway installs it',
  succeeded: 'done',
  failed: 'failed',
  incompatibleNow: 'no plan fits the state that the gateway is in now',
  satisfiedNow: 'in the state that the gateway is in now there is nothing to do',
  unservedNow: 'it cannot be served in the state that the gateway is in now',
  answered: 'the gateway has sent its profile',
  silent: 'nothing was heard by the deadline',
  cancelled: 'withdrawn',
  superseded: 'newer work took its place',
  decommissioned: 'the gateway was decommissioned',
};

/** What happened to a delivery, as people read it. */
export function historyText(entry: HistoryEntry): string {
  if ('reports' in entry) return `the gateway reported ${entry.reports.map(reportText).join(', then ')}`;
  if ('log' in entry) return `the log of the gateway: ${entry.log}`;
  const { event, detail } = entry;
  return typeof detail === 'string' && detail !== '' ? `${events[event]}: ${detail}` : events[event];
}

function reportText({ state, detail, error }: ReportedState): string {
  if (error !== undefined) return `${state} at ${error.step} (${error.class}): ${error.message}`;
  return detail === undefined || detail === '' ? state : `${state}: ${detail}`;
}
