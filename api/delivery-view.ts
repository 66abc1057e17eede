import { failureText } from '../domain/delivery/failure-text.js';
import type { HistoryEntry } from '../domain/delivery/history.js';
import { historyText } from '../domain/delivery/history-text.js';
import type { DeliveryFacets, ListedDelivery } from '../repositories/delivery/delivery-list-repository.js';
import type { Delivery } from '../repositories/delivery/delivery-repository.js';
import type { GatewayDelivery } from '../repositories/gateway-history-repository.js';

/** A delivery as the API shows it with its rollout. */
export function deliveryOnWire(delivery: ListedDelivery) {
  const { gatewayId, nodeId, groupId, state, protocol, strategy, error, explanation, packageId, reason } =
    delivery;
  return {
    gatewayId,
    nodeId,
    groupId,
    state,
    protocol,
    strategy,
    error,
    explanation,
    packageId,
    reason: reason === null ? null : { ...reason, parameters: [...reason.parameters] },
    supersededBy: supersededBy(delivery),
    failure: failureOf(delivery),
    updatedAt: delivery.updatedAt.toISOString(),
    endedAt: delivery.endedAt?.toISOString() ?? null,
  };
}

/** A delivery as the API shows it among those of the fleet. */
export function fleetDeliveryOnWire(delivery: ListedDelivery) {
  return {
    rollout: delivery.rolloutId,
    requests: [...delivery.requests],
    ...deliveryOnWire(delivery),
  };
}

export function deliveryFacetsOnWire({ total, complete, ...facets }: DeliveryFacets) {
  return {
    total,
    complete,
    countedAt: new Date().toISOString(),
    facets: {
      state: [...facets.state],
      class: [...facets.class],
      node: [...facets.node],
      reason: facets.reason.map(({ example: { rolloutId, parameters, ...example }, ...reason }) => ({
        ...reason,
        example: { ...example, rollout: rolloutId, parameters: [...parameters] },
      })),
    },
  };
}

/** A delivery as the API shows it with its gateway. */
export function gatewayDeliveryOnWire({ lastSeenAt, rolloutId, offeredAt, ...delivery }: GatewayDelivery) {
  return {
    ...delivery,
    rollout: rolloutId,
    requests: [...delivery.requests],
    failure: failureOf({ ...delivery, lastSeenAt }),
    createdAt: delivery.createdAt.toISOString(),
    updatedAt: delivery.updatedAt.toISOString(),
    endedAt: delivery.endedAt?.toISOString() ?? null,
    history: historyOf(offeredAt, delivery.history),
  };
}

/** In order. That it was offered stands with its chunk, once for all of it. */
function historyOf(offeredAt: Date | null, history: readonly HistoryEntry[]) {
  const offer: HistoryEntry[] = offeredAt === null ? [] : [{ at: offeredAt.toISOString(), event: 'offered' }];
  return [...offer, ...history]
    .map((entry) => ({ at: new Date(entry.at).toISOString(), what: historyText(entry) }))
    .sort((left, right) => Date.parse(left.at) - Date.parse(right.at));
}

function failureOf({
  state,
  error,
  explanation,
  endedAt,
  lastSeenAt,
}: Pick<Delivery, 'state' | 'error' | 'explanation' | 'endedAt' | 'lastSeenAt'>): string | null {
  return failureText({
    state,
    error,
    explanation,
    endedAt: endedAt?.toISOString() ?? null,
    lastSeenAt: lastSeenAt.toISOString(),
  });
}

/** The rollout that took the place of a delivery. */
function supersededBy({ state, error }: Pick<Delivery, 'state' | 'error'>): string | null {
  return state === 'superseded' ? ((error as { rolloutId?: string } | null)?.rolloutId ?? null) : null;
}
