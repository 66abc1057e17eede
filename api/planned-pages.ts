import type { GatewaySubject } from '../domain/grouping/gateway-grouping.js';
import type { RolloutTarget } from '../domain/rollout/target.js';
import type { Repositories } from '../repositories/repositories.js';

/** The gateways of a target as planning reads them, by their ids, in pages. */
export async function* plannedPages(
  { members }: Pick<Repositories, 'members'>,
  target: RolloutTarget,
): AsyncGenerator<GatewaySubject<string>[]> {
  for await (const page of members.pages(target)) {
    yield page.map(({ id, profile }) => ({ member: id, profile }));
  }
}
