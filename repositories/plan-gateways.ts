import type { GatewayGroup, GatewaySubject } from '../domain/grouping/group-gateways.js';
import { GatewayGrouping, type GroupingOptions } from '../domain/grouping/gateway-grouping.js';
import type { ArtifactRequest } from '../domain/plan/request.js';
import type { ArtifactRepository } from './artifact-repository.js';

/**
 * Dependency management (paper, III-C 3) for many gateways: loads of the artifact repository only what the requests
 * and the installed packages can reach, and groups the gateways that need the same package. The gateways are read
 * twice, a page at a time: memory grows with the groups, not with the fleet.
 */
export async function planGateways<Member>(
  artifacts: ArtifactRepository,
  requests: readonly ArtifactRequest[],
  maxPlans: number | undefined,
  readPages: () => AsyncIterable<readonly GatewaySubject<Member>[]>,
  wishes: Pick<GroupingOptions, 'allowRemove' | 'budget'> = {},
): Promise<GatewayGroup<Member>[]> {
  const names = new Set(requests.map((request) => request.name));
  for await (const page of readPages()) {
    for (const { profile } of page) for (const { name } of profile.installed ?? []) names.add(name);
  }
  const catalog = await artifacts.loadCatalog([...names]);
  const grouping = new GatewayGrouping<Member>({
    catalog,
    requests,
    ...(maxPlans === undefined ? {} : { maxPlans }),
    ...wishes,
  });
  for await (const page of readPages()) for (const subject of page) grouping.add(subject);
  return grouping.groups();
}
