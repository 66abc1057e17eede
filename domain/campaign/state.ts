/** The states of a campaign, and what people may ask of it in which. Database, API, CLI and workflow derive theirs. */
import { LeonoreError } from '../errors.js';

export const campaignStates = [
  /** Nothing is under way: it waits for a window, or for its next slice or retry. */
  'waiting',
  /** Gateways are at work. */
  'running',
  /** A phase has ended, and what it brought has to stay well for a while. */
  'baking',
  'awaiting-approval',
  'paused',
  /** Nothing new begins; what runs finishes. */
  'stopping',
  /** Likewise, and what has not switched is withdrawn. */
  'aborting',
  'rolling-back',
  'succeeded',
  'partly',
  'failed',
  'stopped',
  'aborted',
  'rolled-back',
] as const;

export type CampaignState = (typeof campaignStates)[number];

export const endedCampaignStates = [
  'succeeded',
  'partly',
  'failed',
  'stopped',
  'aborted',
  'rolled-back',
] as const satisfies readonly CampaignState[];

export type EndedCampaignState = (typeof endedCampaignStates)[number];

/** States in which phases go on by themselves. */
const activeStates = ['waiting', 'running', 'baking', 'awaiting-approval'] as const;

export function isCampaignEnded(state: CampaignState): state is EndedCampaignState {
  return (endedCampaignStates as readonly CampaignState[]).includes(state);
}

export const campaignVerbs = ['pause', 'resume', 'stop', 'abort', 'approve', 'rollback', 'retry'] as const;

export type CampaignVerb = (typeof campaignVerbs)[number];

interface VerbRule {
  /** States in which it changes something. */
  readonly from: readonly CampaignState[];
  /** States in which it is done already: asked again, it changes nothing and is no error. */
  readonly already: readonly CampaignState[];
}

const rules: Readonly<Record<CampaignVerb, VerbRule>> = {
  pause: { from: activeStates, already: ['paused'] },
  resume: { from: ['paused'], already: activeStates },
  stop: { from: [...activeStates, 'paused'], already: ['stopping', 'stopped'] },
  abort: { from: [...activeStates, 'paused', 'stopping'], already: ['aborting', 'aborted'] },
  /** For the phase that it names; the reducer knows which have been approved. */
  approve: { from: ['awaiting-approval'], already: [] },
  rollback: {
    from: [...activeStates, 'paused', 'stopping', 'aborting'],
    already: ['rolling-back', 'rolled-back'],
  },
  /** While paused it is noted, and done when the campaign goes on. */
  retry: { from: [...activeStates, 'paused'], already: [] },
};

export const verbRules: Readonly<Record<CampaignVerb, VerbRule>> = rules;

/**
 * Whether a verb changes something in a state.
 * @returns false when it is done already
 * @throws LeonoreError CAMPAIGN_ENDED; CAMPAIGN_STATE_FORBIDS when it has no meaning in the state
 */
export function verbApplies(state: CampaignState, verb: CampaignVerb): boolean {
  const { from, already } = rules[verb];
  if (already.includes(state)) return false;
  if (from.includes(state)) return true;
  if (isCampaignEnded(state)) {
    throw new LeonoreError(
      'CAMPAIGN_ENDED',
      `the campaign has ended (${state}); ${verb} would change nothing`,
      {
        state,
      },
    );
  }
  throw new LeonoreError(
    'CAMPAIGN_STATE_FORBIDS',
    `the campaign is ${state}; ${verb} needs ${from.join(', ')}`,
    {
      state,
    },
  );
}
