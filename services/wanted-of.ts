import { parseRequest } from '../domain/plan/request.js';
import type { WantedOf } from '../domain/wanted-state/judge.js';
import type { Demand } from '../domain/wanted-state/ranges.js';
import type { WantedState } from '../repositories/wanted-state-repository.js';

/** What a wanted state asks for, as it is judged by. */
export function wantedOf({
  id,
  requests,
  versions,
}: Pick<WantedState, 'id' | 'requests' | 'versions'>): WantedOf {
  const demands = requests.map((text, index): Demand => {
    const { name, range } = parseRequest(text);
    const version = versions[index] ?? '';
    return { name, range, version: version.slice(version.indexOf('@', 1) + 1) };
  });
  // Not of which deployment: who has to do with some of the same gateways need not know of it.
  return { title: `wanted state ${id}`, demands };
}
