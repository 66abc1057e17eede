/** What pages ask of the API, each with how often it is asked again. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { isCampaignEnded } from '../../domain/campaign/state.js';
import { isRolloutEnded } from '../../domain/rollout/state.js';
import type { components, paths } from '../../client/openapi.js';
import { answerOf, api } from './client.js';
import { intervalMs } from './liveness.js';

export type Schemas = components['schemas'];

/** Milliseconds between two looks at what is under way, and at what seldom changes. */
const busyMs = 2_000;
const idleMs = 10_000;
const pageSize = '200';

export type GatewayQuery = NonNullable<paths['/api/v1/gateways']['get']['parameters']['query']>;
export type GatewayFilter = Omit<GatewayQuery, 'limit' | 'cursor' | 'sort'>;

interface Cursored {
  readonly nextCursor: string | null;
}

const paging = {
  initialPageParam: null as string | null,
  getNextPageParam: (page: Cursored) => page.nextCursor,
};

const pageOf = (cursor: string | null) => ({ limit: pageSize, ...(cursor === null ? {} : { cursor }) });

export const fleetQuery = queryOptions({
  queryKey: ['fleet'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/fleet', { signal })),
  refetchInterval: idleMs,
});

/** A sample is taken now and then: it need not be asked for more often. */
const historyMs = 60_000;

/** How the fleet stood and which versions it had, in the last week. */
export const fleetHistoryQuery = queryOptions({
  queryKey: ['fleet-history'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/fleet/history', { signal })),
  refetchInterval: historyMs,
  staleTime: historyMs,
});

export function gatewaysQuery(filter: GatewayFilter, sort: GatewayQuery['sort']) {
  return infiniteQueryOptions({
    queryKey: ['gateways', filter, sort],
    queryFn: ({ signal, pageParam }) =>
      answerOf(
        api.GET('/api/v1/gateways', {
          params: { query: { ...filter, ...pageOf(pageParam), ...(sort === undefined ? {} : { sort }) } },
          signal,
        }),
      ),
    ...paging,
    placeholderData: (before) => before,
    refetchInterval: idleMs,
  });
}

/** What the list of gateways can be narrowed to, counted by the server. */
export function gatewayFacetsQuery(filter: GatewayFilter) {
  return queryOptions({
    queryKey: ['gateways', 'facets', filter],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/fleet/facets', { params: { query: filter }, signal })),
    refetchInterval: idleMs,
    placeholderData: (before) => before,
  });
}

/** The same with all counted, where there are more than are counted at once; it costs, and is not asked often. */
export function allGatewayFacetsQuery(filter: GatewayFilter) {
  return queryOptions({
    queryKey: ['gateways', 'facets', 'all', filter],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/api/v1/fleet/facets', { params: { query: { ...filter, all: 'true' } }, signal })),
    staleTime: historyMs,
    refetchInterval: historyMs,
  });
}

export function gatewayQuery(id: string) {
  return queryOptions({
    queryKey: ['gateway', id],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/gateways/{id}', { params: { path: { id } }, signal })),
    refetchInterval: busyMs * 2,
  });
}

export function gatewayValuesQuery(id: string) {
  return queryOptions({
    queryKey: ['gateway', id, 'values'],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/api/v1/gateways/{id}/values', { params: { path: { id } }, signal })),
    refetchInterval: idleMs,
  });
}

export function gatewayDeliveriesQuery(id: string) {
  return queryOptions({
    queryKey: ['gateway', id, 'deliveries'],
    queryFn: ({ signal }) =>
      answerOf(
        api.GET('/api/v1/gateways/{id}/deliveries', {
          params: { path: { id }, query: { limit: '50' } },
          signal,
        }),
      ),
    refetchInterval: busyMs * 2,
  });
}

export function gatewayHistoryQuery(id: string) {
  return queryOptions({
    queryKey: ['gateway', id, 'history'],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/api/v1/gateways/{id}/history', { params: { path: { id } }, signal })),
    refetchInterval: idleMs,
  });
}

export const rolloutsQuery = infiniteQueryOptions({
  queryKey: ['rollouts'],
  queryFn: ({ signal, pageParam }) =>
    answerOf(api.GET('/api/v1/rollouts', { params: { query: pageOf(pageParam) }, signal })),
  ...paging,
  refetchInterval: () => intervalMs('rollouts', busyMs * 2),
});

export function rolloutQuery(id: string) {
  return queryOptions({
    queryKey: ['rollout', id],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/rollouts/{id}', { params: { path: { id } }, signal })),
    refetchInterval: ({ state: { data } }) =>
      data !== undefined && isRolloutEnded(data.state) ? idleMs : intervalMs(id, busyMs),
  });
}

export type DeliveryFilter = Pick<
  NonNullable<paths['/api/v1/rollouts/{id}/deliveries']['get']['parameters']['query']>,
  'state' | 'class' | 'node' | 'reason'
>;

export function rolloutDeliveriesQuery(id: string, filter: DeliveryFilter, isEnded: boolean) {
  return infiniteQueryOptions({
    queryKey: ['rollout', id, 'deliveries', filter],
    queryFn: ({ signal, pageParam }) =>
      answerOf(
        api.GET('/api/v1/rollouts/{id}/deliveries', {
          params: { path: { id }, query: { ...filter, ...pageOf(pageParam) } },
          signal,
        }),
      ),
    ...paging,
    placeholderData: (before) => before,
    refetchInterval: () => (isEnded ? idleMs : intervalMs(id, busyMs)),
  });
}

/** Deliveries of a rollout by state, and those that ended badly by class, node and reason. */
export function rolloutFacetsQuery(id: string, isEnded: boolean) {
  return queryOptions({
    queryKey: ['rollout', id, 'facets'],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/api/v1/rollouts/{id}/facets', { params: { path: { id } }, signal })),
    refetchInterval: () => (isEnded ? idleMs : intervalMs(id, busyMs)),
  });
}

export const campaignsQuery = infiniteQueryOptions({
  queryKey: ['campaigns'],
  queryFn: ({ signal, pageParam }) =>
    answerOf(api.GET('/api/v1/campaigns', { params: { query: pageOf(pageParam) }, signal })),
  ...paging,
  refetchInterval: () => intervalMs('campaigns', busyMs * 2),
});

export function campaignQuery(id: string) {
  return queryOptions({
    queryKey: ['campaign', id],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/api/v1/campaigns/{id}', { params: { path: { id } }, signal })),
    refetchInterval: ({ state: { data } }) =>
      data !== undefined && isCampaignEnded(data.state) ? idleMs : intervalMs('campaigns', busyMs),
  });
}

/** How far back the reasons of a campaign are looked for: as far as the API goes. */
const campaignHours = '720';

/** Deliveries of a campaign that ended badly, retries among them, by reason. */
export function campaignReasonsQuery(id: string) {
  return queryOptions({
    queryKey: ['campaign', id, 'reasons'],
    queryFn: ({ signal }) =>
      answerOf(
        api.GET('/api/v1/deliveries/facets', {
          params: { query: { campaign: id, sinceHours: campaignHours } },
          signal,
        }),
      ),
    refetchInterval: idleMs,
  });
}

/** Gateways on which a campaign failed for a reason. */
export async function gatewaysOfCampaignReason(id: string, reason: string, most: number): Promise<string[]> {
  const { items } = await answerOf(
    api.GET('/api/v1/deliveries', {
      params: { query: { campaign: id, reason, sinceHours: campaignHours, limit: String(most) } },
    }),
  );
  return items.map(({ gatewayId }) => gatewayId);
}

/** How far a campaign has come over time, and when it ends. */
export function campaignProgressQuery(id: string, isEnded: boolean) {
  return queryOptions({
    // Apart from the campaign itself, of which there is news each second.
    queryKey: ['campaign-progress', id, isEnded],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/api/v1/campaigns/{id}/progress', { params: { path: { id } }, signal })),
    refetchInterval: isEnded ? false : busyMs * 2,
    placeholderData: (before) => before,
  });
}

export const nodesQuery = queryOptions({
  queryKey: ['nodes'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/nodes', { signal })),
  refetchInterval: () => intervalMs('nodes', busyMs * 2),
});

export const deploymentsQuery = infiniteQueryOptions({
  queryKey: ['deployments'],
  queryFn: ({ signal, pageParam }) =>
    answerOf(api.GET('/api/v1/deployments', { params: { query: pageOf(pageParam) }, signal })),
  ...paging,
});

export const artifactsQuery = infiniteQueryOptions({
  queryKey: ['artifacts'],
  queryFn: ({ signal, pageParam }) =>
    answerOf(api.GET('/api/v1/artifacts', { params: { query: pageOf(pageParam) }, signal })),
  ...paging,
});

export const wantedStatesQuery = infiniteQueryOptions({
  queryKey: ['wanted-states'],
  queryFn: ({ signal, pageParam }) =>
    answerOf(api.GET('/api/v1/wanted-states', { params: { query: pageOf(pageParam) }, signal })),
  ...paging,
  refetchInterval: idleMs,
});

export function wantedStateQuery(id: string) {
  return queryOptions({
    queryKey: ['wanted-state', id],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/api/v1/wanted-states/{id}', { params: { path: { id } }, signal })),
    refetchInterval: busyMs * 2,
  });
}
