import type { GatewayProfile } from '../gateway/profile.js';
import type { Plan } from '../plan/plan.js';
import type { ArtifactRequest } from '../plan/request.js';
import type { Catalog } from '../resolver/catalog.js';
import { GatewayGrouping } from './gateway-grouping.js';

/** A gateway under the name that the caller knows it by. */
export interface GatewaySubject<Member> {
  readonly member: Member;
  readonly profile: GatewayProfile;
}

/** Gateways that need the same package, or that no plan helps for the same reason. */
export interface GatewayGroup<Member> {
  readonly members: readonly Member[];
  /** Best first; the first is common to all members, the others are its fallbacks. Empty when there is none. */
  readonly plans: readonly Plan[];
  /** Why there is no plan; null when there is one. */
  readonly explanation: string | null;
}

export interface GroupingInput<Member> {
  readonly gateways: Iterable<GatewaySubject<Member>>;
  /** Reaches what the requests need and, for good removals, what is installed on the gateways. */
  readonly catalog: Catalog;
  readonly requests: readonly ArtifactRequest[];
  /** Default 3. */
  readonly maxPlans?: number;
}

/**
 * Step (iv): puts gateways together that need the same package (paper, section III-C). For a fleet that comes in
 * pages use {@link GatewayGrouping} itself.
 */
export function groupGateways<Member>(input: GroupingInput<Member>): GatewayGroup<Member>[] {
  const grouping = new GatewayGrouping<Member>(input);
  for (const subject of input.gateways) grouping.add(subject);
  return grouping.groups();
}
