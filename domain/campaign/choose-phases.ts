import { LeonoreError } from '../errors.js';
import { hashFraction } from './hash-fraction.js';
import { restName, strategyInForce, type Phase, type Strategy } from './strategy.js';

/** The gateways of a phase, in the order in which they are served. */
export interface ChosenPhase {
  readonly name: string;
  readonly gatewayIds: readonly string[];
}

/**
 * Chooses the gateways of each phase. Gateways stand in an order that is drawn from the campaign and their ids: the same for
 * the same campaign whatever order they come in, another one for each campaign, so that the same gateway does not always go
 * first. Each phase takes of those that no phase before has taken: so many, so many percent of all (rounded up), or those
 * that its selector matches. What is left is the phase `rest`.
 * @param campaignId what the order is drawn from
 * @param gatewayIds all that the campaign goes to, each once
 * @param selects ids that the selector of a phase matches, for the phases that have one
 * @throws LeonoreError EMPTY_DEPLOYMENT without gateways; STRATEGY_INVALID for a phase that gets none
 */
export function choosePhases(
  strategy: Strategy,
  campaignId: string,
  gatewayIds: readonly string[],
  selects: ReadonlyMap<number, ReadonlySet<string>>,
): ChosenPhase[] {
  const all = gatewayIds.length;
  if (all === 0)
    throw new LeonoreError('EMPTY_DEPLOYMENT', 'there are no gateways that the campaign could go to');
  let left = drawnOrder(gatewayIds, campaignId);
  const chosen = strategyInForce(strategy).phases.map((phase, index) => {
    const name = phaseName(phase, index);
    const taken = takenBy(phase, left, all, selects.get(index));
    if (taken.length === 0) {
      throw new LeonoreError('STRATEGY_INVALID', emptyText(phase, name, all, left.length), {
        path: `phases[${index}]`,
      });
    }
    const own = new Set(taken);
    left = left.filter((id) => !own.has(id));
    return { name, gatewayIds: taken };
  });
  return left.length === 0 ? chosen : [...chosen, { name: restName, gatewayIds: left }];
}

function drawnOrder(gatewayIds: readonly string[], campaignId: string): string[] {
  return gatewayIds
    .map((id) => ({ id, place: hashFraction(`${campaignId} ${id}`) }))
    .sort((one, other) => one.place - other.place || (one.id < other.id ? -1 : 1))
    .map(({ id }) => id);
}

function phaseName({ name }: Phase, index: number): string {
  return name ?? `phase ${index + 1}`;
}

function takenBy(
  { count, percent = 0, select }: Phase,
  left: readonly string[],
  all: number,
  selected: ReadonlySet<string> | undefined,
): string[] {
  if (select !== undefined) return left.filter((id) => selected?.has(id));
  // 7 % of 100 are 7, whatever binary fractions make of it.
  return left.slice(0, count ?? Math.ceil((percent * all) / 100 - 1e-9));
}

function emptyText({ select }: Phase, name: string, all: number, left: number): string {
  const why =
    left === 0
      ? `the phases before it take all ${all}`
      : `none of the ${left} that are left matches ${JSON.stringify(select ?? '')}`;
  return `"${name}" gets no gateway: ${why}`;
}
