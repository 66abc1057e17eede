import { endedStates, openStates, type DeliveryState } from '../../domain/delivery/state.js';
import type { DeliveryCounts } from '../../domain/rollout/state.js';

export interface Part {
  readonly state: DeliveryState;
  readonly count: number;
  /** Of all, 0 to 1. */
  readonly share: number;
}

/** In the order in which a bar shows them: what succeeded, what is on its way, what ended otherwise. */
const [wanted, ...others] = endedStates;
const order: readonly DeliveryState[] = [wanted, ...[...openStates].reverse(), ...others.reverse()];

/** The states that there are deliveries in, with their shares. */
export function partsOf(counts: DeliveryCounts): Part[] {
  const total = order.reduce((sum, state) => sum + counts[state], 0);
  return order
    .filter((state) => counts[state] > 0)
    .map((state) => ({ state, count: counts[state], share: counts[state] / total }));
}
