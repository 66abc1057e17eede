import type { DeliveryCounts } from '../client/resources.js';

/** Deliveries by state, those that there are: `12 succeeded, 1 incompatible`. */
export function countsText(counts: DeliveryCounts): string {
  const present = Object.entries(counts).filter(([, count]) => count > 0);
  return present.map(([state, count]) => `${count} ${state}`).join(', ') || 'none yet';
}
