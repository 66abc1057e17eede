import { campaignDeadlineMs, decide, type Decision } from '../decide.js';
import { finalFailures, withoutForgiven, type BudgetSpent } from '../error-budget.js';
import { errorClasses, type ErrorClass } from '../error-class.js';
import {
  newCampaignStatus,
  type CampaignFacts,
  type CampaignStatus,
  type PhaseFacts,
  type Wish,
} from '../facts.js';
import { hashFraction } from '../hash-fraction.js';
import { phaseUnderWay } from '../phase-under-way.js';
import type { CampaignVerb } from '../state.js';
import { gateOf, type Strategy } from '../strategy.js';

interface Member {
  readonly phase: number;
  readonly id: string;
  attempts: number;
  state: 'notBegun' | 'open' | 'succeeded' | 'failed' | 'left';
  endsAtMs: number;
  errorClass: ErrorClass;
  isLate: boolean;
}

interface SimulationOptions {
  readonly strategy: Strategy;
  readonly seed: number;
  readonly sizes: readonly number[];
  readonly failureShare: number;
  readonly wishes: readonly { readonly afterSteps: number; readonly verb: CampaignVerb }[];
  /** Every so many decisions the status is not stored, as when a process ends between action and storing. */
  readonly forgetsEvery?: number;
  /** How long every delivery takes; by chance when not given. */
  readonly deliveryMs?: number;
}

/** A fleet and a database that obey the decisions of a campaign; time goes on to what happens next. */
export class SimulatedCampaign {
  status: CampaignStatus = newCampaignStatus;
  mostAttempts = 0;
  wishedRetries = 0;
  doubleStarts = 0;
  wasRetried = false;
  readonly deadlineMs: number;
  nowMs = 0;
  private readonly members: Member[];
  private readonly wishes: Wish[] = [];
  private readonly phaseTimes: {
    startedAtMs: number | null;
    lastSliceAtMs: number | null;
    lastRetryAtMs: number | null;
  }[];
  private rollbackEndsAtMs: number | null = null;

  constructor(private readonly options: SimulationOptions) {
    this.deadlineMs = campaignDeadlineMs(options.strategy, 0);
    this.phaseTimes = options.sizes.map(() => ({
      startedAtMs: null,
      lastSliceAtMs: null,
      lastRetryAtMs: null,
    }));
    this.members = options.sizes.flatMap((size, phase) =>
      Array.from({ length: size }, (_, index) => ({
        phase,
        id: `${phase}-${index}`,
        attempts: 0,
        state: 'notBegun' as const,
        endsAtMs: 0,
        errorClass: 'network' as const,
        isLate: false,
      })),
    );
  }

  get open(): number {
    return this.members.filter(({ state }) => state === 'open').length;
  }

  /** One decision, carried out; when it is to wait, time goes on. */
  step(steps: number): { before: CampaignStatus; decision: Decision; facts: CampaignFacts } {
    for (const { afterSteps, verb } of this.options.wishes) {
      if (afterSteps !== steps) continue;
      if (verb === 'retry') this.wishedRetries += 1;
      const phase = phaseUnderWay(this.phaseTimes);
      const common = { ordinal: this.wishes.length + 1, verb, atMs: this.nowMs, by: 'somebody' };
      this.wishes.push(verb === 'approve' ? { ...common, phase } : common);
    }
    const before = this.status;
    const facts = this.facts();
    const decision = decide(this.options.strategy, before, facts);
    this.act(decision);
    const { forgetsEvery } = this.options;
    const ends = decision.action.do === 'end';
    if (forgetsEvery === undefined || steps % forgetsEvery !== 0 || ends) this.status = decision.status;
    return { before, decision, facts };
  }

  facts(): CampaignFacts {
    const phases = this.phaseTimes.map((times, phase) => this.phaseFacts(phase, times));
    const { rollbackEndsAtMs } = this;
    return {
      campaignId: String(this.options.seed),
      nowMs: this.nowMs,
      createdAtMs: 0,
      phases,
      wishes: this.wishes,
      rollback: rollbackEndsAtMs === null ? null : { open: rollbackEndsAtMs > this.nowMs ? 1 : 0 },
    };
  }

  /** What the budget is held against, nothing accepted. */
  spent({ phases }: CampaignFacts): BudgetSpent {
    const { retries } = this.options.strategy;
    const at = phaseUnderWay(phases);
    const failures = phases.map((phase, index) =>
      withoutForgiven(finalFailures(index < at ? { ...phase, unhealthy: 0 } : phase, retries), {}),
    );
    const phase = phases[at];
    const inCampaign = Object.fromEntries(
      errorClasses.map((name) => [name, failures.reduce((sum, counts) => sum + (counts[name] ?? 0), 0)]),
    );
    const failed = phase?.failed.reduce((sum, { members }) => sum + members, 0) ?? 0;
    return { inPhase: failures[at] ?? {}, endedInPhase: (phase?.succeeded ?? 0) + failed, inCampaign };
  }

  private phaseFacts(phase: number, times: (typeof this.phaseTimes)[number]): PhaseFacts {
    const members = this.members.filter((member) => member.phase === phase);
    const inState = (state: Member['state']) => members.filter((member) => member.state === state);
    const ended = [...inState('succeeded'), ...inState('failed')].map(({ endsAtMs }) => endsAtMs);
    const lastEndedAtMs = ended.length === 0 ? null : Math.max(...ended);
    const bakeMs = (gateOf(this.options.strategy, phase)?.bakeMinutes ?? 0) * 60_000;
    const isBaked = lastEndedAtMs !== null && this.nowMs >= lastEndedAtMs + bakeMs;
    const most = this.options.strategy.speed?.downloadsByLabel?.most ?? Infinity;
    const notBegun = inState('notBegun').length;
    const groups = new Map<string, Member[]>();
    for (const member of inState('failed')) {
      const key = `${member.errorClass} ${member.attempts}`;
      groups.set(key, [...(groups.get(key) ?? []), member]);
    }
    return {
      name: `phase ${phase}`,
      ...times,
      notBegun,
      startable: Math.min(notBegun, Math.max(0, most - inState('open').length)),
      open: inState('open').length,
      withdrawable: inState('open').filter(({ endsAtMs }) => endsAtMs > this.nowMs + 60_000).length,
      succeeded: inState('succeeded').length,
      failed: [...groups.values()].map((group) => ({
        errorClass: group[0]?.errorClass ?? 'internal',
        attempts: group[0]?.attempts ?? 1,
        members: group.length,
        firstEndedAtMs: Math.min(...group.map(({ endsAtMs }) => endsAtMs)),
      })),
      left: inState('left').length,
      lastEndedAtMs,
      unhealthy: 0,
      healthy: bakeMs > 0 && isBaked ? inState('succeeded').length : 0,
      window: null,
    };
  }

  private act({ action }: Decision): void {
    switch (action.do) {
      case 'start-slice': {
        const waiting = this.members.filter(
          ({ phase, state }) => phase === action.phase && state === 'notBegun',
        );
        const { startable } = this.phaseFacts(action.phase, this.timesOf(action.phase));
        const begun = waiting.slice(0, Math.min(action.most ?? waiting.length, startable));
        if (begun.length === 0) this.doubleStarts += 1;
        const times = this.timesOf(action.phase);
        times.startedAtMs ??= this.nowMs;
        times.lastSliceAtMs = this.nowMs;
        for (const member of begun) this.begin(member, action.deadlineSeconds);
        return;
      }
      case 'start-retry':
        this.timesOf(action.phase).lastRetryAtMs = this.nowMs;
        this.again(
          action,
          (member) =>
            member.phase === action.phase &&
            member.errorClass === action.errorClass &&
            member.attempts === action.attempts,
        );
        return;
      case 'retry-failed':
        this.wasRetried = true;
        this.again(action, () => true);
        return;
      case 'withdraw':
        for (const member of this.members) {
          if (member.state === 'open' && member.endsAtMs > this.nowMs + 60_000) member.state = 'left';
        }
        return;
      case 'roll-back':
        this.rollbackEndsAtMs ??= this.nowMs + 600_000;
        return;
      case 'wait':
        this.goOn(action.untilMs);
        return;
      case 'ask-approval':
      case 'end':
        return;
    }
  }

  private timesOf(phase: number): (typeof this.phaseTimes)[number] {
    const times = this.phaseTimes[phase];
    if (times === undefined) throw new Error(`no phase ${phase}`);
    return times;
  }

  private again(
    { endedByMs, deadlineSeconds }: { endedByMs: number; deadlineSeconds: number },
    isMeant: (member: Member) => boolean,
  ): void {
    const meant = this.members.filter(
      (member) => member.state === 'failed' && member.endsAtMs <= endedByMs && isMeant(member),
    );
    if (meant.length === 0) this.doubleStarts += 1;
    for (const member of meant) this.begin(member, deadlineSeconds);
  }

  private begin(member: Member, deadlineSeconds: number): void {
    member.attempts += 1;
    this.mostAttempts = Math.max(this.mostAttempts, member.attempts);
    member.state = 'open';
    const chance = hashFraction(`${this.options.seed} ${member.id} ${member.attempts}`);
    const takesMs = this.options.deliveryMs ?? Math.round(chance * 30 * 60_000) + 1_000;
    member.isLate = takesMs > deadlineSeconds * 1_000;
    member.endsAtMs = this.nowMs + Math.min(takesMs, deadlineSeconds * 1_000);
  }

  /** To the moment given, or the next end, or by ten minutes when nothing else happens; wishes come meanwhile. */
  private goOn(untilMs: number | null): void {
    const open = this.members.filter(({ state }) => state === 'open');
    const moments = [...open.map(({ endsAtMs }) => endsAtMs), untilMs, this.rollbackEndsAtMs].filter(
      (moment) => moment !== null && moment > this.nowMs,
    ) as number[];
    this.nowMs = moments.length === 0 ? this.nowMs + 600_000 : Math.min(...moments);
    for (const member of open) {
      if (member.endsAtMs > this.nowMs) continue;
      const chance = hashFraction(`end ${this.options.seed} ${member.id} ${member.attempts}`);
      const kind = hashFraction(`kind ${this.options.seed} ${member.id} ${member.attempts}`);
      member.state = chance < this.options.failureShare ? 'failed' : 'succeeded';
      if (member.isLate) member.state = 'failed';
      member.errorClass = member.isLate
        ? 'lost'
        : (errorClasses[Math.floor(kind * errorClasses.length)] ?? 'internal');
    }
  }
}
