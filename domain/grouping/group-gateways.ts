import {
  GatewayGrouping,
  type GatewayGroup,
  type GatewaySubject,
  type GroupingOptions,
} from './gateway-grouping.js';

export type { GatewayGroup, GatewaySubject };

export interface GroupingInput<Member> extends GroupingOptions {
  readonly gateways: Iterable<GatewaySubject<Member>>;
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
