import { classifyFailure } from '../domain/campaign/classify-failure.js';
import type { ErrorClass } from '../domain/campaign/error-class.js';
import type { CampaignFacts, FailedGroup, PhaseFacts } from '../domain/campaign/facts.js';
import { gateOf, strategyInForce } from '../domain/campaign/strategy.js';
import { isEnded } from '../domain/delivery/state.js';
import type { HealthEvidence, MemberStanding } from '../repositories/campaign-facts-repository.js';
import type { Campaign, CampaignPhase } from '../repositories/campaign-repository.js';
import type { Repositories } from '../repositories/repositories.js';
import { windowsOfPhases } from './campaign-windows.js';

type Needed = Pick<Repositories, 'campaigns' | 'campaignFacts'>;

const minuteMs = 60_000;

/**
 * What a campaign decides by, read set-wise.
 * @param ask whether gateways whose bake time is over are asked how they are: what they answer is told by a later call
 */
export async function readCampaignFacts(
  { campaigns, campaignFacts }: Needed,
  campaign: Campaign,
  { ask }: { readonly ask: boolean },
): Promise<CampaignFacts> {
  const { id } = campaign;
  const strategy = strategyInForce(campaign.strategy);
  const [nowMs, phases, standings, startable, wishes, rollback] = await Promise.all([
    campaignFacts.nowMs(),
    campaigns.phases(id),
    campaignFacts.standings(campaign),
    campaignFacts.startable(id, strategy.speed?.downloadsByLabel),
    campaigns.wishes(id),
    campaignFacts.wayBack(id),
  ]);
  const windowOf = await windowsOfPhases({ campaignFacts }, campaign, nowMs);
  const told: PhaseFacts[] = [];
  for (const phase of phases) {
    const counted = countPhase(
      phase,
      standings.filter((standing) => standing.phase === phase.phase),
    );
    const bakeMinutes = gateOf(strategy, phase.phase)?.bakeMinutes;
    const evidence =
      bakeMinutes === undefined
        ? null
        : await evidenceOf(campaignFacts, id, phase, counted, { nowMs, bakeMs: bakeMinutes * minuteMs, ask });
    told.push({
      ...counted,
      startable: startable.get(phase.phase) ?? 0,
      healthy: evidence?.good ?? 0,
      unhealthy: evidence?.bad ?? 0,
      window: windowOf(phase.phase),
    });
  }
  return { campaignId: id, nowMs, createdAtMs: campaign.createdAt.getTime(), phases: told, wishes, rollback };
}

/** What the gateways of a phase say once it has baked; null before, and when they have only now been asked. */
async function evidenceOf(
  facts: Needed['campaignFacts'],
  id: string,
  { phase, askedAt }: CampaignPhase,
  { open, succeeded, lastEndedAtMs }: Counted,
  { nowMs, bakeMs, ask }: { readonly nowMs: number; readonly bakeMs: number; readonly ask: boolean },
): Promise<HealthEvidence | null> {
  if (open > 0 || succeeded === 0 || lastEndedAtMs === null || nowMs < lastEndedAtMs + bakeMs) return null;
  if (askedAt !== null && askedAt.getTime() >= lastEndedAtMs + bakeMs) return facts.evidence(id, phase);
  if (ask) await facts.askForEvidence(id, phase);
  return null;
}

type Counted = Omit<PhaseFacts, 'startable' | 'healthy' | 'unhealthy' | 'window'>;

/** States that are out of a phase's account: they count neither for nor against it. */
const outStates: readonly MemberStanding['state'][] = ['gone', 'cancelled', 'superseded'];

/** The class of the failure that members' work ended with; null when it did not, and for those that are out. */
export function failureOf({ state, work, failureClass, code }: MemberStanding): ErrorClass | null {
  if (state === 'waiting' || state === 'gone' || work === 'roll-back') return null;
  return classifyFailure(state, {
    ...(failureClass === null ? {} : { class: failureClass }),
    ...(code === null ? {} : { code }),
  });
}

function countPhase(phase: CampaignPhase, standings: readonly MemberStanding[]): Counted {
  let [notBegun, open, withdrawable, succeeded, left] = [0, 0, 0, 0, 0];
  let lastEndedAtMs: number | null = null;
  const failed = new Map<string, FailedGroup>();
  for (const standing of standings) {
    const { state, work, gateways, withdrawn, lastEndedAt } = standing;
    if (state === 'waiting') {
      notBegun += gateways;
      continue;
    }
    // Whoever is on its way back is out, too.
    if (work === 'roll-back' || state === 'gone' || outStates.includes(state)) {
      left += gateways;
      continue;
    }
    if (!isEnded(state)) {
      open += gateways;
      if (state !== 'installing' && !withdrawn) withdrawable += gateways;
      continue;
    }
    const failure = failureOf(standing);
    if (failure === null) succeeded += gateways;
    else addFailed(failed, standing, failure);
    lastEndedAtMs = Math.max(lastEndedAtMs ?? 0, lastEndedAt?.getTime() ?? 0);
  }
  return {
    name: phase.name,
    startedAtMs: phase.startedAt?.getTime() ?? null,
    lastSliceAtMs: phase.lastSliceAt?.getTime() ?? null,
    lastRetryAtMs: phase.lastRetryAt?.getTime() ?? null,
    notBegun,
    open,
    withdrawable,
    succeeded,
    failed: [...failed.values()],
    left,
    lastEndedAtMs,
  };
}

function addFailed(
  groups: Map<string, FailedGroup>,
  { attempts, gateways, firstEndedAt }: MemberStanding,
  errorClass: ErrorClass,
): void {
  const key = `${errorClass} ${attempts}`;
  const known = groups.get(key);
  groups.set(key, {
    errorClass,
    attempts,
    members: (known?.members ?? 0) + gateways,
    firstEndedAtMs: Math.min(known?.firstEndedAtMs ?? Infinity, firstEndedAt?.getTime() ?? 0),
  });
}
