import { finalFailures } from './error-budget.js';
import type { CampaignFacts, CampaignStatus, Wish } from './facts.js';
import { phaseUnderWay } from './phase-under-way.js';
import { verbRules } from './state.js';
import type { Strategy } from './strategy.js';

/**
 * The status after the wishes that it has not taken in. One that has no meaning in the state that the campaign has come to
 * meanwhile changes nothing.
 */
export function takeWishes(strategy: Strategy, status: CampaignStatus, facts: CampaignFacts): CampaignStatus {
  return facts.wishes
    .filter(({ ordinal }) => ordinal > status.wishes)
    .reduce(
      (before, wish) => ({
        ...(verbRules[wish.verb].from.includes(before.state) ? taken(strategy, before, wish, facts) : before),
        wishes: wish.ordinal,
      }),
      status,
    );
}

function taken(strategy: Strategy, status: CampaignStatus, wish: Wish, facts: CampaignFacts): CampaignStatus {
  const reason = `${wish.verb}: ${wish.by}`;
  switch (wish.verb) {
    case 'pause':
      return { ...status, state: 'paused', reason, breach: null };
    case 'resume':
      return { ...resumed(strategy, status, facts), state: 'waiting', reason: null, breach: null };
    case 'stop':
      return { ...status, state: 'stopping', reason };
    case 'abort':
      return { ...status, state: 'aborting', reason };
    case 'approve':
      if (wish.phase !== phaseUnderWay(facts.phases)) return status;
      return { ...status, state: 'waiting', reason: null, approved: [...status.approved, wish.phase] };
    case 'rollback': {
      const phase = wish.rollbackPhase ?? null;
      return { ...status, state: 'rolling-back', reason, rollBack: phase === null ? 'all' : { phase } };
    }
    case 'retry':
      return { ...status, retryBeforeMs: wish.atMs };
  }
}

/** Who resumes a campaign that halted by itself accepts what it halted for: the failures so far, or the gate. */
function resumed({ retries }: Strategy, status: CampaignStatus, { phases }: CampaignFacts): CampaignStatus {
  const { breach } = status;
  if (breach === null) return status;
  return {
    ...status,
    forgiven: phases.map((phase) => finalFailures(phase, retries)),
    accepted: breach.of === 'gate' ? [...status.accepted, breach.phase] : status.accepted,
  };
}
