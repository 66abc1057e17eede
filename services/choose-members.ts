import { choosePhases, type ChosenPhase } from '../domain/campaign/choose-phases.js';
import { strategyInForce, type Strategy } from '../domain/campaign/strategy.js';
import type { Campaign } from '../repositories/campaign-repository.js';
import { scopeOfColumn } from '../repositories/fleet-scope.js';
import type { Repositories } from '../repositories/repositories.js';

/**
 * Who would belong to which phase of a campaign now.
 * @throws LeonoreError EMPTY_DEPLOYMENT without gateways; STRATEGY_INVALID for a phase that gets none
 */
export async function phasesOf(
  { members }: Pick<Repositories, 'members'>,
  { id, target, strategy }: Pick<Campaign, 'id' | 'target' | 'strategy'>,
): Promise<ChosenPhase[]> {
  const meant = await members.ids(target);
  return choosePhases(strategy, id, meant, await matchedByPhases({ members }, strategy));
}

/** The ids that the selector of a phase matches, for the phases that have one. */
export async function matchedByPhases(
  { members }: Pick<Repositories, 'members'>,
  strategy: Strategy,
): Promise<Map<number, Set<string>>> {
  const selects = new Map<number, Set<string>>();
  for (const [index, { select }] of strategyInForce(strategy).phases.entries())
    if (select !== undefined) selects.set(index, new Set(await members.ids({ select })));
  return selects;
}

/**
 * Chooses who belongs to which phase of a campaign, once: those who are meant now, within the scopes that it was asked for
 * within, whatever comes after.
 */
export async function chooseMembers(
  repositories: Pick<Repositories, 'campaignWork' | 'within'>,
  campaign: Campaign,
): Promise<void> {
  await repositories.campaignWork.chooseMembers(
    campaign.id,
    await phasesOf(repositories.within(scopeOfColumn(campaign.scopes)), campaign),
  );
}
