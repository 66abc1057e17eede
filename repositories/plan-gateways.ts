import { groupGateways } from '../domain/grouping/group-gateways.js';
import type { GatewayProfile } from '../domain/gateway/profile.js';
import type { Plan } from '../domain/plan/plan.js';
import type { ArtifactRequest } from '../domain/plan/request.js';
import type { ArtifactRepository } from './artifact-repository.js';

/** A gateway to plan for, under the name that the caller knows it by. */
export interface PlanSubject<Member> {
  readonly member: Member;
  readonly profile: GatewayProfile;
}

export interface GroupedPlans<Member> {
  readonly members: readonly Member[];
  /** Best first; empty when there is none. */
  readonly plans: readonly Plan[];
  readonly explanation: string | null;
}

/**
 * Dependency management (paper, III-C 3) for many gateways: loads of the artifact repository only what the requests
 * can reach, and groups the gateways that need the same package.
 */
export async function planGateways<Member>(
  artifacts: ArtifactRepository,
  requests: readonly ArtifactRequest[],
  maxPlans: number | undefined,
  pages: AsyncIterable<readonly PlanSubject<Member>[]>,
): Promise<GroupedPlans<Member>[]> {
  const catalog = await artifacts.loadCatalog(requests.map((request) => request.name));
  const subjects: PlanSubject<Member>[] = [];
  for await (const page of pages) subjects.push(...page);
  return groupGateways({ gateways: subjects, catalog, requests, ...(maxPlans === undefined ? {} : { maxPlans }) });
}
