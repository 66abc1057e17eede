/** What the pages of what there is ask of the API: artifacts, packages, sets of gateways, orders, people. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { paths } from '../../client/openapi.js';
import { answerOf, api, authorisedFetch, problemOf } from './client.js';
import type { Schemas } from './queries.js';

const pageSize = '200';
const idleMs = 10_000;

interface Cursored {
  readonly nextCursor: string | null;
}

const paging = {
  initialPageParam: null as string | null,
  getNextPageParam: (page: Cursored) => page.nextCursor,
};

const pageOf = (cursor: string | null) => ({ limit: pageSize, ...(cursor === null ? {} : { cursor }) });

export function artifactVersionsQuery(name: string) {
  return queryOptions({
    queryKey: ['artifact', name],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/api/v1/artifacts/{name}', { params: { path: { name } }, signal })),
  });
}

/** Who has a version of an artifact, and what would break if it were removed. */
export function dependentsQuery(name: string, version: string) {
  return queryOptions({
    queryKey: ['artifact', name, 'dependents', version],
    queryFn: ({ signal }) =>
      answerOf(
        api.GET('/api/v1/artifacts/{name}/{version}/dependents', {
          params: { path: { name, version } },
          signal,
        }),
      ),
    refetchInterval: idleMs,
  });
}

interface EvidencePage {
  readonly items: Schemas['CampaignEvidence'][];
  readonly nextCursor: string | null;
}

/** A page of what came of a campaign on each gateway. */
export function evidencePage(id: string, cursor: string | null, signal?: AbortSignal): Promise<EvidencePage> {
  const call = api.GET('/api/v1/campaigns/{id}/report', {
    params: { path: { id }, query: pageOf(cursor) },
    ...(signal === undefined ? {} : { signal }),
  });
  // Without a format it is a page; downloads are asked for by their format.
  return answerOf(call) as Promise<EvidencePage>;
}

export function evidenceQuery(id: string, isEnded: boolean) {
  return infiniteQueryOptions({
    queryKey: ['campaign-report', id],
    queryFn: ({ signal, pageParam }) => evidencePage(id, pageParam, signal),
    ...paging,
    refetchInterval: isEnded ? false : idleMs,
  });
}

/** All of a report as a file. @throws ApiProblem */
export async function evidenceFile(id: string, format: 'csv' | 'jsonl'): Promise<Blob> {
  const path = `/api/v1/campaigns/${encodeURIComponent(id)}/report?format=${format}`;
  const answer = await authorisedFetch(new Request(path));
  if (!answer.ok) throw problemOf(await answer.json().catch(() => null), answer.status);
  return answer.blob();
}

export const packagesQuery = infiniteQueryOptions({
  queryKey: ['packages'],
  queryFn: ({ signal, pageParam }) =>
    answerOf(api.GET('/api/v1/packages', { params: { query: pageOf(pageParam) }, signal })),
  ...paging,
});

export function packageQuery(id: string) {
  return queryOptions({
    queryKey: ['package', id],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/packages/{id}', { params: { path: { id } }, signal })),
  });
}

export function deploymentQuery(name: string) {
  return queryOptions({
    queryKey: ['deployment', name],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/api/v1/deployments/{name}', { params: { path: { name } }, signal })),
  });
}

/** Gateways that a selector matches now, some of them by name. */
export function matchingQuery(select: string, examples: number) {
  return queryOptions({
    queryKey: ['matching', select, examples],
    queryFn: async ({ signal }) => {
      const [fleet, page] = await Promise.all([
        answerOf(api.GET('/api/v1/fleet', { params: { query: { select } }, signal })),
        answerOf(
          api.GET('/api/v1/gateways', { params: { query: { select, limit: String(examples) } }, signal }),
        ),
      ]);
      return { gateways: fleet.gateways, sample: page.items.map(({ id }) => id) };
    },
    enabled: select !== '',
    retry: false,
  });
}

export const ordersQuery = infiniteQueryOptions({
  queryKey: ['orders'],
  queryFn: ({ signal, pageParam }) =>
    answerOf(api.GET('/api/v1/orders', { params: { query: pageOf(pageParam) }, signal })),
  ...paging,
  refetchInterval: idleMs,
});

type NewOrder = paths['/api/v1/orders/preview']['post']['requestBody']['content']['application/json'];
export type OrderAction = NewOrder['action'];

/** What an order would do, without giving it. */
export function orderPreviewQuery(action: OrderAction, artifact: string, gatewayIds: readonly string[]) {
  return queryOptions({
    queryKey: ['order-preview', action, artifact, gatewayIds],
    queryFn: ({ signal }) =>
      answerOf(
        api.POST('/api/v1/orders/preview', {
          body: { action, artifact, gatewayIds: [...gatewayIds] },
          signal,
        }),
      ),
    retry: false,
  });
}

export type WantedStanding = NonNullable<
  NonNullable<paths['/api/v1/wanted-states/{id}/gateways']['get']['parameters']['query']>['standing']
>;

export function wantedGatewaysQuery(id: string, standing: WantedStanding | undefined) {
  return infiniteQueryOptions({
    queryKey: ['wanted-state', id, 'gateways', standing],
    queryFn: ({ signal, pageParam }) =>
      answerOf(
        api.GET('/api/v1/wanted-states/{id}/gateways', {
          params: {
            path: { id },
            query: { ...pageOf(pageParam), ...(standing === undefined ? {} : { standing }) },
          },
          signal,
        }),
      ),
    ...paging,
    refetchInterval: idleMs,
  });
}

export type AuditFilter = Pick<
  NonNullable<paths['/api/v1/audit']['get']['parameters']['query']>,
  'principal' | 'action' | 'subject'
>;

export function auditQuery(filter: AuditFilter) {
  return infiniteQueryOptions({
    queryKey: ['audit', filter],
    queryFn: ({ signal, pageParam }) =>
      answerOf(api.GET('/api/v1/audit', { params: { query: { ...filter, ...pageOf(pageParam) } }, signal })),
    ...paging,
    refetchInterval: idleMs,
  });
}

export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/tokens', { signal })),
});

/** Who is signed in by the provider. */
export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/sessions', { signal })),
  refetchInterval: idleMs,
});

/** Who may sign. */
export const trustQuery = queryOptions({
  queryKey: ['trust'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/trust', { signal })),
});

export const webhooksQuery = queryOptions({
  queryKey: ['webhooks'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/webhooks', { signal })),
  refetchInterval: idleMs,
});

/** The last few. */
export function webhookDeliveriesQuery(name: string) {
  return queryOptions({
    queryKey: ['webhooks', name],
    queryFn: ({ signal }) =>
      answerOf(
        api.GET('/api/v1/webhooks/{name}/deliveries', {
          params: { path: { name }, query: { limit: '10' } },
          signal,
        }),
      ),
    refetchInterval: idleMs,
  });
}

export const enrolmentsQuery = queryOptions({
  queryKey: ['enrolments'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/enrolments', { signal })),
});

export const contestsQuery = queryOptions({
  queryKey: ['contests'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/contested-gateways', { signal })),
  refetchInterval: idleMs,
});
