import type { Plan, Resolution } from '../plan/plan.js';
import { resolve } from '../resolver/resolve.js';
import type { GatewayGroup, GatewaySubject, GroupingInput } from './group-gateways.js';

type Options = Omit<GroupingInput<never>, 'gateways'>;

/** Sorts gateways into groups, one after the other. */
export class GatewayGrouping<Member> {
  private readonly found = new Map<string, { members: Member[]; resolution: Resolution }>();

  constructor(private readonly options: Options) {}

  add({ member, profile }: GatewaySubject<Member>): void {
    const resolution = resolve({ ...this.options, gateway: profile });
    const key = JSON.stringify(resolution.plans.map(contentOf).concat(resolution.explanation ?? ''));
    const group = this.found.get(key);
    if (group === undefined) this.found.set(key, { members: [member], resolution });
    else group.members.push(member);
  }

  groups(): GatewayGroup<Member>[] {
    return [...this.found.values()].map(({ members, resolution }) => ({ members, ...resolution }));
  }
}

function contentOf(plan: Plan): string {
  return JSON.stringify([
    plan.install,
    plan.remove,
    plan.removeFirst,
    plan.artifacts.map((a) => a.variantIndex),
  ]);
}
