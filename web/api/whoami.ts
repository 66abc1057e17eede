import { queryOptions, useQuery } from '@tanstack/react-query';
import { scopeOf } from '../../domain/access/grant.js';
import type { Role } from '../../domain/access/role.js';
import { api, answerOf } from './client.js';

/** Who is signed in. */
export const whoamiQuery = queryOptions({
  queryKey: ['whoami'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/v1/whoami', { signal })),
  staleTime: 60_000,
});

export function useWhoami() {
  return useQuery(whoamiQuery);
}

/**
 * Whether what asks for a role is to be offered: to whoever has it for some gateways, or only to whoever has it for all.
 * The API judges again.
 */
export function useMay(): (role: Role, reach?: 'some' | 'fleet') => boolean {
  const { data } = useWhoami();
  return (role, reach = 'some') => {
    const scope = data === undefined ? null : scopeOf(data.grants, role);
    return reach === 'fleet' ? scope === 'fleet' : scope !== null;
  };
}
