/** What a stream tells, put where pages read it. */
import type { QueryClient, QueryKey } from '@tanstack/react-query';
import { mergedList } from '../logic/live-merge.js';
import {
  campaignsQuery,
  fleetQuery,
  nodesQuery,
  rolloutQuery,
  rolloutsQuery,
  type Schemas,
} from './queries.js';

type Told = Schemas['StreamMessage'];
type Of<K extends string> = Extract<Told, Readonly<Record<K, unknown>>>;
type Items<T> = Of<'items'> & { readonly items: T[] };

export type StreamTopic = 'rollouts' | 'campaigns' | 'gateways' | 'nodes';

/** Takes a message of a stream in; one of a kind that nobody knows yet changes nothing. */
export function takeMessage(queries: QueryClient, event: string, message: unknown): void {
  switch (event) {
    case 'rollouts':
      return takeRollouts(queries, (message as Items<Schemas['RolloutSummary']>).items);
    case 'campaigns':
      return takeCampaigns(queries, (message as Items<Schemas['CampaignSummary']>).items);
    case 'gateways':
      return takeGateways(queries, message as Of<'conditions'>);
    case 'nodes':
      return takeNodes(queries, (message as Items<Schemas['Node']>).items);
    case 'rollout':
      return takeProgress(queries, (message as Of<'progress'>).progress);
  }
}

const waiting = new Set<string>();
const waitMs = 1_000;

/** An answer that is under way may be older than what was told: then it is asked for once more. */
function askedAnew(queries: QueryClient, queryKey: QueryKey): void {
  if (queries.isFetching({ queryKey }) > 0) again(queries, queryKey);
}

/** Asks again for what pages show; what is under way is waited for, so that a slow server gets to answer. */
function again(queries: QueryClient, queryKey: QueryKey): void {
  const name = JSON.stringify(queryKey);
  if (waiting.has(name)) return;
  if (queries.isFetching({ queryKey }) === 0) {
    void queries.invalidateQueries({ queryKey });
    return;
  }
  waiting.add(name);
  setTimeout(() => {
    waiting.delete(name);
    again(queries, queryKey);
  }, waitMs);
}

function takeRollouts(queries: QueryClient, items: Schemas['RolloutSummary'][]): void {
  const { queryKey } = rolloutsQuery;
  queries.setQueryData(queryKey, (list) => list && mergedList(list, items));
  askedAnew(queries, queryKey);
  const campaigns = new Set(items.flatMap(({ campaign }) => campaign ?? []));
  for (const id of campaigns) again(queries, ['campaign', id]);
}

function takeCampaigns(queries: QueryClient, items: Schemas['CampaignSummary'][]): void {
  const { queryKey } = campaignsQuery;
  queries.setQueryData(queryKey, (list) => list && mergedList(list, items));
  askedAnew(queries, queryKey);
  for (const { id } of items) again(queries, ['campaign', id]);
}

function takeGateways(queries: QueryClient, { total, complete, conditions }: Of<'conditions'>): void {
  const { queryKey } = fleetQuery;
  // Of more than were counted one by one only the whole answer says how many there are.
  if (!complete) return again(queries, queryKey);
  queries.setQueryData(queryKey, (fleet) => fleet && { ...fleet, gateways: total, conditions });
  askedAnew(queries, queryKey);
}

function takeNodes(queries: QueryClient, items: Schemas['Node'][]): void {
  const { queryKey } = nodesQuery;
  queries.setQueryData(queryKey, (nodes) => nodes && { ...nodes, items });
  askedAnew(queries, queryKey);
}

function takeProgress(queries: QueryClient, progress: Schemas['RolloutProgress']): void {
  const { id } = progress;
  const { queryKey } = rolloutQuery(id);
  queries.setQueryData(queryKey, (rollout) => rollout && { ...rollout, ...progress });
  // Groups, events and each gateway's part are not told.
  again(queries, queryKey);
}
