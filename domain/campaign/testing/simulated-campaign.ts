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
import { gateOf, strategyInForce, type Strategy } from '../strategy.js';
import { openIntervals, type Interval } from '../windows.js';

interface Member {
  readonly phase: number;
  readonly id: string;
  readonly zone: string;
  readonly site: string;
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
  /** How long every delivery takes from when it may switch; by chance when not given. */
  readonly deliveryMs?: number;
  /** Where the members of a phase are; all in one place when not given. */
  readonly place?: (phase: number, index: number) => { readonly zone: string; readonly site: string };
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
  /** All windows of each zone up to the deadline; null: the strategy in force has none. */
  private readonly windows: ReadonlyMap<string, readonly Interval[]> | null;

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
        ...(options.place?.(phase, index) ?? { zone: 'UTC', site: '' }),
        attempts: 0,
        state: 'notBegun' as const,
        endsAtMs: 0,
        errorClass: 'network' as const,
        isLate: false,
      })),
    );
    const { windows } = strategyInForce(options.strategy);
    const within = { fromMs: 0, toMs: this.deadlineMs };
    const zones = new Set(this.members.map(({ zone }) => zone));
    this.windows =
      windows === undefined
        ? null
        : new Map([...zones].map((zone) => [zone, openIntervals(windows, zone, within, Infinity)]));
  }

  /** In a zone of it no window opens before the deadline. */
  get hasNoWindow(): boolean {
    return [...(this.windows?.values() ?? [])].some((intervals) => intervals.length === 0);
  }

  /** When the first members of a phase were given their work, and the last ended; null: not, or not all. */
  seenOf(phase: number): { readonly beginsAtMs: number | null; readonly endsAtMs: number | null } {
    const members = this.members.filter((member) => member.phase === phase);
    const isWhole = members.every(({ state }) => state === 'succeeded' || state === 'failed');
    return {
      beginsAtMs: this.timesOf(phase).startedAtMs,
      endsAtMs: isWhole ? Math.max(...members.map(({ endsAtMs }) => endsAtMs)) : null,
    };
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
    const groups = new Map<string, Member[]>();
    for (const member of inState('failed')) {
      const key = `${member.errorClass} ${member.attempts}`;
      groups.set(key, [...(groups.get(key) ?? []), member]);
    }
    return {
      name: `phase ${phase}`,
      ...times,
      notBegun: inState('notBegun').length,
      startable: this.startable(inState('notBegun')).length,
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
      window: this.windowOf(members),
    };
  }

  /** Of those that wait, in their order, the ones that may begin beside those of their site that are at work. */
  private startable(waiting: readonly Member[]): Member[] {
    const most = this.options.strategy.speed?.downloadsByLabel?.most ?? Infinity;
    return waiting.filter(({ site }, index) => {
      const before = waiting.slice(0, index).filter((other) => other.site === site).length;
      const busy = this.members.filter((other) => other.site === site && other.state === 'open').length;
      return busy + before < most;
    });
  }

  /** The next windows of all zones of a phase, seen together. */
  private windowOf(members: readonly Member[]): PhaseFacts['window'] {
    if (this.windows === null) return null;
    const next = [...new Set(members.map(({ zone }) => zone))].flatMap((zone) => this.nextWindow(zone) ?? []);
    if (next.length === 0) return { opensAtMs: this.deadlineMs, closesAtMs: this.deadlineMs };
    return {
      opensAtMs: Math.min(...next.map(({ fromMs }) => fromMs)),
      closesAtMs: Math.max(...next.map(({ toMs }) => toMs)),
    };
  }

  private nextWindow(zone: string): Interval | undefined {
    return this.windows?.get(zone)?.find(({ toMs }) => toMs > this.nowMs);
  }

  private act({ action }: Decision): void {
    switch (action.do) {
      case 'start-slice': {
        const waiting = this.members.filter(
          ({ phase, state }) => phase === action.phase && state === 'notBegun',
        );
        const begun = this.startable(waiting).slice(0, action.most ?? undefined);
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
    const worksMs = this.options.deliveryMs ?? Math.round(chance * 30 * 60_000) + 1_000;
    const opensAtMs =
      this.windows === null ? this.nowMs : (this.nextWindow(member.zone)?.fromMs ?? this.deadlineMs);
    const takesMs = Math.max(0, opensAtMs - this.nowMs) + worksMs;
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
