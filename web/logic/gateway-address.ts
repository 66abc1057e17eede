/** Filter and order of the list of gateways, as they stand in its address. */
import type { GatewayFilter, GatewayQuery } from '../api/queries.js';
import { gatewayConditions } from '../../domain/gateway/condition.js';

const texts = ['select', 'text', 'artifact', 'node', 'protocol'] as const;
const sorts = ['id', '-id', 'lastSeen', '-lastSeen', 'registered', '-registered'] as const;

/** The address of the list of those that are asked for. */
export function gatewaysHref(filter: GatewayFilter, sort?: GatewayQuery['sort']): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value !== '') parameters.set(name, value);
  if (sort !== undefined && sort !== 'id') parameters.set('sort', sort);
  const query = parameters.toString();
  return query === '' ? '/gateways' : `/gateways?${query}`;
}

/** What an address asks for; what it says that nobody can ask for is left out. */
export function gatewaysAsked(parameters: URLSearchParams): {
  readonly filter: GatewayFilter;
  readonly sort: GatewayQuery['sort'];
} {
  const filter: GatewayFilter = {};
  for (const name of texts) {
    const value = parameters.get(name);
    if (value !== null && value !== '') filter[name] = value;
  }
  const state = gatewayConditions.find((condition) => condition === parameters.get('state'));
  if (state !== undefined) filter.state = state;
  if (parameters.get('unwell') === 'true') filter.unwell = 'true';
  return { filter, sort: sorts.find((sort) => sort === parameters.get('sort')) };
}
