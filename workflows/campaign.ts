/**
 * `campaign/<id>`: goes through the phases of a campaign. Each phase is a rollout (and others for what failed), which
 * has a workflow of its own.
 *
 * INVARIANTS
 * - It keeps nothing that the database does not have. Wherever it is ended, reset or lost, a new one goes on from there.
 * - What is done next is decided by domain/campaign/decide.ts alone, from facts read at one moment; a decision is carried
 *   out with what it leaves in mind, or not at all.
 * - What people wish is read from the database at each look; a signal only wakes it.
 */
import {
  condition,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { decide, type Decision } from '../domain/campaign/decide.js';
import type { CampaignStatus } from '../domain/campaign/facts.js';
import { isCampaignEnded, type CampaignState } from '../domain/campaign/state.js';
import { coordinatorQueue, type CampaignInput, type CampaignResult } from '../domain/orchestration.js';
import type { CampaignActivities, CampaignLook } from './activity-types.js';
import { attributeKeys } from './attributes.js';
import { campaignDetails, decisionSummary } from './campaign-details.js';
import { patiently, retryOf, type Patience, type Tries } from './policies.js';
import { wakeCampaignSignal } from './signals.js';

/** While gateways are at work the database is looked at again: soon, then ever more seldom. The end of a rollout wakes it. */
const firstLookMs = 2_000;
const longestLookMs = 10 * 60_000;
/** While nobody is at work, nothing but the clock or a person changes anything. */
const idleLookMs = 3_600_000;
/** After a decision that came too late. */
const staleMs = 200;
/** A history that has grown so long is begun anew, well below what the server suggests. */
const longestHistory = 2_000;

export async function campaign(input: CampaignInput): Promise<CampaignResult> {
  return new CampaignRun(input).toItsEnd();
}

class CampaignRun {
  private woken = false;
  private lookMs = firstLookMs;
  private told = '';
  private state: CampaignState | null = null;
  private readonly patience: Patience;

  constructor(private readonly input: CampaignInput) {
    setHandler(wakeCampaignSignal, () => {
      this.woken = true;
    });
    this.patience = {
      // Nobody else tells the end: what is away is waited for without one.
      giveUpAtMs: Number.MAX_SAFE_INTEGER,
      waiting: (what) => {
        if (what !== null) setCurrentDetails(`${this.told}\n\nwaiting for ${what}`);
      },
    };
  }

  async toItsEnd(): Promise<CampaignResult> {
    const { campaignId } = this.input;
    for (;;) {
      await this.renew();
      this.woken = false;
      const look = await this.step('Look how it stands', (activities) =>
        activities.lookAtCampaign({ campaignId }),
      );
      const { strategy, status, facts } = look;
      if (isCampaignEnded(status.state)) return this.ended(look);
      const decision = decide(strategy, status, facts);
      this.tell(look, decision);
      // To wait in the same mind as before leaves nothing to be carried out.
      const isNews = decision.action.do !== 'wait' || !isAlike(decision.status, status);
      if (isNews && !(await this.carryOut(decision))) continue;
      if (decision.action.do !== 'end') await this.rest(decision, look);
    }
  }

  /** @returns false when somebody has wished something since it was decided */
  private async carryOut(decision: Decision): Promise<boolean> {
    const { campaignId } = this.input;
    const { done, state } = await this.step(decisionSummary(decision), (activities) =>
      activities.carryOutDecision({ campaignId, decision }),
    );
    if (done) this.toldState(state);
    // It is decided anew, though never in a tight circle.
    else await condition(() => false, staleMs);
    return done;
  }

  /** Until something has changed, or may have. */
  private async rest({ action, status }: Decision, { facts }: CampaignLook): Promise<void> {
    if (action.do !== 'wait' && action.do !== 'ask-approval') {
      this.lookMs = firstLookMs;
      return;
    }
    const isAtWork =
      status.state === 'baking' ||
      facts.phases.some(({ open }) => open > 0) ||
      (facts.rollback?.open ?? 0) > 0;
    const untilMs = action.do === 'wait' ? action.untilMs : null;
    // The end of a rollout wakes it; the look is for budgets that are used up before that, and for signals that were lost.
    const restMs = Math.min(
      isAtWork ? this.lookMs : idleLookMs,
      untilMs === null ? Infinity : Math.max(untilMs - facts.nowMs, firstLookMs),
    );
    this.lookMs = Math.min(this.lookMs * 1.5, longestLookMs);
    const isWoken = await condition(() => this.woken, restMs, { summary: 'look at the database' });
    if (isWoken) this.lookMs = firstLookMs;
  }

  private tell(look: CampaignLook, decision: Decision | null): void {
    this.told = campaignDetails(this.input, look, decision);
    setCurrentDetails(this.told);
  }

  private ended(look: CampaignLook): CampaignResult {
    const { state, reason } = look.status;
    this.toldState(state);
    this.tell(look, null);
    return { state, reason };
  }

  private toldState(state: CampaignState): void {
    if (state !== this.state) upsertSearchAttributes([{ key: attributeKeys.state, value: state }]);
    this.state = state;
  }

  /** @param summary what the Temporal UI shows of it */
  private step<T>(summary: string, work: (activities: CampaignActivities) => Promise<T>): Promise<T> {
    return patiently(this.patience, (tries) => work(onCampaigns(summary, tries)));
  }

  private async renew(): Promise<void> {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    if (!continueAsNewSuggested && historyLength < longestHistory) return;
    await continueAsNew<typeof campaign>(this.input);
  }
}

function isAlike(one: CampaignStatus, other: CampaignStatus): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function onCampaigns(summary: string, tries: Tries): CampaignActivities {
  return proxyActivities<CampaignActivities>({
    taskQueue: coordinatorQueue,
    startToCloseTimeout: '30 minutes',
    heartbeatTimeout: '30 seconds',
    retry: retryOf(tries),
    summary,
  });
}
