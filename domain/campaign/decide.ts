/**
 * What a campaign does next: a pure function of its strategy, of what it remembers and of what the database counts. The
 * workflow is a loop around it.
 */
import type { ErrorClass } from './error-class.js';
import { breachOf, finalFailures, withoutForgiven, type BudgetSpent } from './error-budget.js';
import type { Breach, CampaignFacts, CampaignStatus, PhaseFacts, RollbackScope } from './facts.js';
import { judgeGate } from './judge-gate.js';
import { phaseUnderWay } from './phase-under-way.js';
import { isRetried, nextRetry } from './retry.js';
import { nextSlice } from './speed.js';
import { isCampaignEnded, type CampaignState, type EndedCampaignState } from './state.js';
import { gateOf, strategyDefaults, strategyInForce, type ApprovalRole, type Strategy } from './strategy.js';
import { takeWishes } from './take-wishes.js';

/**
 * What is to be done next. Each can be done twice without harm: what an action is about is no longer there after it.
 * Do it first, then store the status.
 */
export type CampaignAction =
  /** Start a rollout for members of the phase that have not begun: so many at most; null: all. The limit of downloads
   * at a time holds besides. */
  | {
      readonly do: 'start-slice';
      readonly phase: number;
      readonly most: number | null;
      /** Counted from now. */
      readonly deadlineSeconds: number;
    }
  /** Start a rollout for the members of the phase that failed so after so many deliveries, at a moment or before. */
  | {
      readonly do: 'start-retry';
      readonly phase: number;
      readonly errorClass: ErrorClass;
      readonly attempts: number;
      readonly endedByMs: number;
      readonly deadlineSeconds: number;
    }
  /** Somebody asked: the same for all failed members of all phases that have begun, whatever their failure. */
  | {
      readonly do: 'retry-failed';
      readonly endedByMs: number;
      readonly deadlineSeconds: number;
    }
  /** Withdraw the deliveries of the campaign that have not begun to switch. */
  | { readonly do: 'withdraw' }
  /** Bring back what was. */
  | { readonly do: 'roll-back'; readonly scope: RollbackScope; readonly deadlineSeconds: number }
  | { readonly do: 'ask-approval'; readonly phase: number; readonly role: ApprovalRole }
  /** Look again when something has changed, at the latest at the moment; null: when something has changed. */
  | { readonly do: 'wait'; readonly untilMs: number | null }
  | { readonly do: 'end' };

export interface Decision {
  readonly status: CampaignStatus;
  readonly action: CampaignAction;
}

const hourMs = 3_600_000;

/** Downloads begin so long before the first window of a phase opens. */
export const windowLeadMs = hourMs;

/**
 * The next step of a campaign. Asked again with the same facts it answers the same; asked after its action was taken but its
 * status was not stored, it takes the same wishes in again and does nothing twice.
 *
 * - Nothing begins once the budget is used up or a gate has failed, until somebody resumes: who resumes accepts what the
 *   campaign halted for.
 * - A person's pause starts nothing; the budget is judged when the campaign goes on.
 * - It always ends: at its deadline nothing new begins, and all that runs has a deadline of its own.
 */
export function decide(strategy: Strategy, status: CampaignStatus, facts: CampaignFacts): Decision {
  if (isCampaignEnded(status.state)) return { status, action: { do: 'end' } };
  const decision = new Step(strategyInForce(strategy), facts);
  return decision.from(takeWishes(strategy, status, facts));
}

/** When nothing new begins any more, in ms since 1970. */
export function campaignDeadlineMs(strategy: Strategy, createdAtMs: number): number {
  return createdAtMs + (strategy.deadlineHours ?? strategyDefaults.deadlineHours) * hourMs;
}

class Step {
  private readonly lostAfterMs: number;
  private readonly deadlineMs: number;
  private readonly isOver: boolean;
  private readonly open: number;

  constructor(
    private readonly strategy: Strategy,
    private readonly facts: CampaignFacts,
  ) {
    this.lostAfterMs = (strategy.lostAfterHours ?? strategyDefaults.lostAfterHours) * hourMs;
    this.deadlineMs = campaignDeadlineMs(strategy, facts.createdAtMs);
    this.isOver = facts.nowMs >= this.deadlineMs;
    this.open = facts.phases.reduce((sum, phase) => sum + phase.open, 0);
  }

  from(status: CampaignStatus): Decision {
    const { state } = status;
    if (state === 'rolling-back') return this.rollBack(status);
    if (state === 'aborting') return this.withdrawn(status) ?? this.finish(status, 'aborted');
    if (state === 'stopping') return this.finish(status, 'stopped');
    if (state !== 'paused') return this.goOn(status);
    return this.isOver ? this.pastDeadline(status) : wait(status, this.deadlineMs);
  }

  private goOn(status: CampaignStatus): Decision {
    const { phases, nowMs } = this.facts;
    const at = phaseUnderWay(phases);
    const { errorBudget } = this.strategy;
    const breach = errorBudget === undefined ? null : breachOf(errorBudget, this.spent(status, at));
    if (breach !== null) return this.halt(status, at, { of: 'budget' }, breach);
    if (this.isOver) return this.pastDeadline(status);
    const retried = this.retry(status);
    if (retried !== null) return retried;
    const phase = phases[at];
    if (phase === undefined) return end(status, 'failed');
    if (phase.startedAtMs === null || phase.notBegun > 0) return this.begin(status, at, phase);
    if (phase.open > 0) return wait(moved(status, 'running', null), this.nextRetryMs(nowMs));
    if (this.hasRetry(phase))
      return wait(moved(status, 'waiting', 'for the next retry'), this.nextRetryMs(nowMs));
    return this.gate(status, at, phase);
  }

  /** The phase has ended: what follows it when its gate holds. */
  private gate(status: CampaignStatus, at: number, phase: PhaseFacts): Decision {
    const gate = gateOf(this.strategy, at);
    if (gate !== null && !status.accepted.includes(at)) {
      const failures = withoutForgiven(finalFailures(phase, this.strategy.retries), status.forgiven[at]);
      const judged = judgeGate(gate, this.strategy, phase, failures, this.facts.nowMs, this.lostAfterMs);
      if (judged.gate === 'fails') return this.halt(status, at, { of: 'gate', phase: at }, judged.reason);
      if (judged.gate === 'bakes')
        return wait(moved(status, 'baking', judged.reason), this.soonest(judged.untilMs));
    }
    const role = gate?.approval?.role;
    if (role !== undefined && !status.approved.includes(at)) {
      const asked = moved(status, 'awaiting-approval', `somebody with the role ${role} has to approve`);
      if (status.state === 'awaiting-approval') return wait(asked, this.deadlineMs);
      return { status: asked, action: { do: 'ask-approval', phase: at, role } };
    }
    return this.pass(status, at);
  }

  /** The gate has held: the next phase, or the end. */
  private pass(status: CampaignStatus, at: number): Decision {
    const next = this.facts.phases[at + 1];
    if (next !== undefined) return this.begin(status, at + 1, next);
    if (this.open > 0) return wait(moved(status, 'running', null), this.nextRetryMs(this.facts.nowMs));
    if (this.facts.phases.some((each) => this.hasRetry(each))) {
      return wait(moved(status, 'waiting', 'for the next retry'), this.nextRetryMs(this.facts.nowMs));
    }
    return end({ ...status, reason: null }, this.outcome());
  }

  /** From when on gateways of the phase are given work: not at all where no window opens before the deadline. */
  private beginsAtMs({ window }: PhaseFacts): number {
    if (window === null) return this.facts.nowMs;
    return window.opensAtMs < this.deadlineMs ? window.opensAtMs - windowLeadMs : this.deadlineMs;
  }

  /** Starts the phase, or as much more of it as may begin now. */
  private begin(status: CampaignStatus, at: number, phase: PhaseFacts): Decision {
    const { nowMs } = this.facts;
    const state = this.open > 0 ? 'running' : 'waiting';
    if (phase.notBegun === 0 && phase.startedAtMs === null) {
      // All that were chosen for it have left: there is nothing to judge.
      return this.pass(status, at);
    }
    const opensAtMs = this.beginsAtMs(phase);
    if (opensAtMs > nowMs) {
      return wait(
        moved(status, state, `${phase.name} waits for its window`),
        this.soonest(opensAtMs, this.nextRetryMs(nowMs)),
      );
    }
    const size = sizeOf(phase);
    const slice = nextSlice(this.strategy.speed, phase, size, nowMs);
    if ('untilMs' in slice) {
      const untilMs = this.soonest(slice.untilMs ?? this.deadlineMs, this.nextRetryMs(nowMs));
      return wait(moved(status, state, `${phase.name} is held by the speed limit`), untilMs);
    }
    return {
      status: moved(status, 'running', null),
      action: {
        do: 'start-slice',
        phase: at,
        most: slice.most,
        deadlineSeconds: this.deadlineSeconds(phase),
      },
    };
  }

  /** What is tried again now, by wish or by itself; null when nothing is. */
  private retry(status: CampaignStatus): Decision | null {
    const { phases, nowMs, campaignId } = this.facts;
    const wished = status.retryBeforeMs;
    if (
      wished !== null &&
      phases.some(({ failed }) => failed.some(({ firstEndedAtMs }) => firstEndedAtMs <= wished))
    ) {
      return {
        status: moved({ ...status, retryBeforeMs: null }, 'running', null),
        action: {
          do: 'retry-failed',
          endedByMs: wished,
          deadlineSeconds: Math.min(...phases.map((phase) => this.deadlineSeconds(phase))),
        },
      };
    }
    for (const [at, phase] of phases.entries()) {
      const next = nextRetry(this.strategy.retries, phase, `${campaignId} ${at}`);
      if (next === null || next.dueAtMs > nowMs) continue;
      const { errorClass, attempts } = next.group;
      return {
        status: moved(status, 'running', null),
        action: {
          do: 'start-retry',
          phase: at,
          errorClass,
          attempts,
          endedByMs: nowMs - next.delayMs,
          deadlineSeconds: this.deadlineSeconds(phase),
        },
      };
    }
    return null;
  }

  private halt(status: CampaignStatus, phase: number, breach: Breach, reason: string): Decision {
    switch (this.strategy.errorBudget?.onBreach ?? 'pause') {
      case 'pause':
        if (this.isOver) return this.pastDeadline(status);
        return wait({ ...moved(status, 'paused', reason), breach }, this.deadlineMs);
      case 'stop':
        return this.from(moved(status, 'stopping', reason));
      case 'roll-back-phase':
        return this.from({ ...moved(status, 'rolling-back', reason), rollBack: { phase } });
      case 'roll-back-all':
        return this.from({ ...moved(status, 'rolling-back', reason), rollBack: 'all' });
    }
  }

  private rollBack(status: CampaignStatus): Decision {
    const withdrawn = this.withdrawn(status);
    if (withdrawn !== null) return withdrawn;
    if (this.open > 0) return wait(status, null);
    const { rollback } = this.facts;
    if (rollback === null) {
      const deadlineSeconds = Math.ceil(this.lostAfterMs / 1_000);
      return { status, action: { do: 'roll-back', scope: status.rollBack ?? 'all', deadlineSeconds } };
    }
    return rollback.open > 0 ? wait(status, null) : end(status, 'rolled-back');
  }

  private withdrawn(status: CampaignStatus): Decision | null {
    const some = this.facts.phases.some(({ withdrawable }) => withdrawable > 0);
    return some ? { status, action: { do: 'withdraw' } } : null;
  }

  private finish(status: CampaignStatus, state: EndedCampaignState): Decision {
    return this.open > 0 ? wait(status, null) : end(status, state);
  }

  private pastDeadline(status: CampaignStatus): Decision {
    const over = moved(status, status.state === 'paused' ? 'paused' : 'running', 'the deadline has passed');
    return this.open > 0 ? wait(over, null) : end(over, this.outcome());
  }

  private outcome(): 'succeeded' | 'partly' | 'failed' {
    const { phases } = this.facts;
    const good = phases.reduce((sum, phase) => sum + phase.succeeded, 0);
    const others = phases.reduce(
      (sum, phase) => sum + phase.notBegun + phase.failed.reduce((all, { members }) => all + members, 0),
      0,
    );
    if (good === 0) return 'failed';
    return others === 0 ? 'succeeded' : 'partly';
  }

  private spent(status: CampaignStatus, at: number): BudgetSpent {
    const failures = this.facts.phases.map((phase, index) =>
      withoutForgiven(
        // Whether a phase that has passed its gate is still well is no longer asked.
        finalFailures(index < at ? { ...phase, unhealthy: 0 } : phase, this.strategy.retries),
        status.forgiven[index],
      ),
    );
    const inCampaign: Partial<Record<ErrorClass, number>> = {};
    for (const counts of failures) {
      for (const [name, count] of Object.entries(counts) as [ErrorClass, number][]) {
        inCampaign[name] = (inCampaign[name] ?? 0) + count;
      }
    }
    const phase = this.facts.phases[at];
    return {
      inPhase: failures[at] ?? {},
      endedInPhase: phase === undefined ? 0 : endedOf(phase),
      inCampaign,
    };
  }

  private hasRetry({ failed }: PhaseFacts): boolean {
    return failed.some((group) => group.members > 0 && isRetried(this.strategy.retries, group));
  }

  private nextRetryMs(nowMs: number): number {
    const due = this.facts.phases.flatMap((phase, at) => {
      const next = nextRetry(this.strategy.retries, phase, `${this.facts.campaignId} ${at}`);
      return next === null ? [] : [next.dueAtMs];
    });
    return this.soonest(...due.map((dueAtMs) => Math.max(nowMs, dueAtMs)));
  }

  private soonest(...moments: readonly (number | null)[]): number {
    return Math.min(this.deadlineMs, ...moments.filter((moment) => moment !== null));
  }

  /** How long a rollout for members of the phase may take: to the end of their windows, and then as long as silence may. */
  private deadlineSeconds({ window }: PhaseFacts): number {
    const { nowMs } = this.facts;
    const untilMs = Math.max(window?.closesAtMs ?? nowMs, nowMs) + this.lostAfterMs;
    return Math.max(1, Math.ceil((Math.min(untilMs, this.deadlineMs) - nowMs) / 1_000));
  }
}

function moved(status: CampaignStatus, state: CampaignState, reason: string | null): CampaignStatus {
  return { ...status, state, reason };
}

function wait(status: CampaignStatus, untilMs: number | null): Decision {
  return { status, action: { do: 'wait', untilMs } };
}

function end(status: CampaignStatus, state: EndedCampaignState): Decision {
  return { status: { ...status, state }, action: { do: 'end' } };
}

/** Members that have come to an end, whatever it was; who left does not count. */
function endedOf({ succeeded, failed }: PhaseFacts): number {
  return succeeded + failed.reduce((sum, { members }) => sum + members, 0);
}

function sizeOf(phase: PhaseFacts): number {
  return phase.notBegun + phase.open + endedOf(phase) + phase.left;
}
