/**
 * A campaign that goes well, told before it is started: every step is decided by what the real one uses, time is supposed.
 * Nothing fails but what has no time: it is lost, as it would be.
 */
import type { Labels } from '../gateway/labels.js';
import { decide, type CampaignAction } from './decide.js';
import {
  newCampaignStatus,
  type CampaignFacts,
  type FailedGroup,
  type PhaseFacts,
  type PhaseWindow,
  type Wish,
} from './facts.js';
import { isCampaignEnded } from './state.js';
import type { Strategy, Windows } from './strategy.js';
import { openIntervals, phaseWindow, requireWindows, zoneOf, type Interval } from './windows.js';

export interface ForecastInput {
  readonly strategy: Strategy;
  readonly campaignId: string;
  readonly nowMs: number;
  /** How long a delivery takes from its start to its end; its wait for a window not counted. */
  readonly deliveryMs: number;
}

export interface ForecastMember {
  readonly id: string;
  readonly zone: string;
  /** Value of the label that downloads are limited by. */
  readonly site: string;
  /** Null: it has not begun. */
  endsAtMs: number | null;
  /** Its time is over before it could have ended. */
  isLate: boolean;
  /** Deliveries so far. */
  attempts: number;
}

/** The windows of a strategy, if it has any. The time that it is asked for only goes on. */
export class ForecastWindows {
  private readonly nextOfZone = new Map<string, Interval>();

  constructor(
    private readonly strategy: Strategy,
    private readonly within: Interval,
  ) {}

  zoneOf(labels: Labels): string {
    const { windows } = this.strategy;
    return windows === undefined ? '' : zoneOf(windows, labels).zone;
  }

  require(zones: Iterable<string>): void {
    const { windows } = this.strategy;
    if (windows !== undefined) requireWindows(windows, zones, this.within);
  }

  of(zones: Iterable<string>, nowMs: number): PhaseWindow | null {
    const { windows } = this.strategy;
    if (windows === undefined) return null;
    return phaseWindow(windows, zones, { ...this.within, fromMs: nowMs }, (zone) =>
      this.next(windows, zone, nowMs),
    );
  }

  /** From when on a gateway of the zone may switch. */
  opensAtMs(zone: string, nowMs: number): number {
    const { windows } = this.strategy;
    if (windows === undefined) return nowMs;
    const next = this.next(windows, zone, nowMs);
    return Math.max(nowMs, next?.fromMs ?? this.within.toMs);
  }

  /** The next window of a zone. */
  private next(windows: Windows, zone: string, nowMs: number): Interval | undefined {
    const known = this.nextOfZone.get(zone);
    if (known !== undefined && known.toMs > nowMs) return known;
    const [next] = openIntervals(windows, zone, { ...this.within, fromMs: nowMs }, 1);
    if (next !== undefined) this.nextOfZone.set(zone, next);
    return next;
  }
}

/** A phase under way: every member is waiting, at work, or has succeeded or been lost. */
class ForecastPhase {
  readonly zones: ReadonlySet<string>;
  waiting: readonly ForecastMember[];
  atWork: readonly ForecastMember[] = [];
  lost: readonly ForecastMember[] = [];
  succeeded = 0;
  lastEndedAtMs: number | null = null;
  firstSliceAtMs: number | null = null;
  lastSliceAtMs: number | null = null;
  lastRetryAtMs: number | null = null;

  constructor(
    readonly name: string,
    members: readonly ForecastMember[],
  ) {
    this.waiting = members;
    this.zones = new Set(members.map(({ zone }) => zone));
  }

  /** Time has gone on. */
  settle(nowMs: number): void {
    const ended = this.atWork.filter(({ endsAtMs }) => (endsAtMs ?? Infinity) <= nowMs);
    if (ended.length === 0) return;
    this.atWork = this.atWork.filter(({ endsAtMs }) => (endsAtMs ?? Infinity) > nowMs);
    const lost = ended.filter(({ isLate }) => isLate);
    this.lost = [...this.lost, ...lost];
    this.succeeded += ended.length - lost.length;
    this.lastEndedAtMs = latestEnd(ended);
  }

  get failed(): FailedGroup[] {
    const ofAttempts = new Map<number, ForecastMember[]>();
    for (const member of this.lost)
      ofAttempts.set(member.attempts, [...(ofAttempts.get(member.attempts) ?? []), member]);
    return [...ofAttempts].map(([attempts, members]) => ({
      errorClass: 'lost',
      attempts,
      members: members.length,
      firstEndedAtMs: Math.min(...members.map(({ endsAtMs }) => endsAtMs ?? Infinity)),
    }));
  }
}

function latestEnd(members: readonly ForecastMember[]): number {
  return members.reduce((latest, { endsAtMs }) => Math.max(latest, endsAtMs ?? Infinity), 0);
}

/** Who is served in which phase, and what a forecast has to know of each. */
export interface ForecastPhaseMembers {
  readonly name: string;
  readonly members: readonly ForecastMember[];
}

/**
 * The members of a campaign's phases, before any of them has begun.
 * @throws LeonoreError WINDOW_NEVER_OPENS
 */
export function forecastMembers(
  { speed }: Strategy,
  windows: ForecastWindows,
  chosen: readonly { readonly name: string; readonly gatewayIds: readonly string[] }[],
  labelsOf: (id: string) => Labels,
): ForecastPhaseMembers[] {
  const label = speed?.downloadsByLabel?.label;
  const phases = chosen.map(({ name, gatewayIds }) => ({
    name,
    members: gatewayIds.map((id): ForecastMember => {
      const labels = labelsOf(id);
      return {
        id,
        zone: windows.zoneOf(labels),
        site: label === undefined ? '' : (labels[label] ?? ''),
        endsAtMs: null,
        isLate: false,
        attempts: 0,
      };
    }),
  }));
  windows.require(phases.flatMap(({ members }) => members.map(({ zone }) => zone)));
  return phases;
}

/** A campaign in which every gateway that has the time succeeds, each in that which a delivery takes. */
export class Forecast {
  private nowMs: number;
  private readonly wishes: Wish[] = [];
  private isRolledBack = false;
  private readonly phases: readonly ForecastPhase[];

  constructor(
    private readonly input: ForecastInput,
    private readonly chosen: readonly ForecastPhaseMembers[],
    private readonly windows: ForecastWindows,
  ) {
    this.nowMs = input.nowMs;
    this.phases = chosen.map(({ name, members }) => new ForecastPhase(name, members));
  }

  /** @returns when it ends */
  run(): number {
    let status = newCampaignStatus;
    while (!isCampaignEnded(status.state)) {
      const decision = decide(this.input.strategy, status, this.facts());
      status = decision.status;
      const { action } = decision;
      if (action.do === 'start-slice') this.begin(action.phase, action.most, action.deadlineSeconds);
      else if (action.do === 'start-retry') this.retry(action);
      else if (action.do === 'roll-back') this.isRolledBack = true;
      else if (action.do === 'ask-approval') this.approve(action.phase);
      else if (action.do === 'wait') this.goOn(action.untilMs);
    }
    return this.nowMs;
  }

  timesOf(phase: number): { beginsAtMs: number | null; endsAtMs: number | null } {
    const last = latestEnd(this.chosen[phase]?.members ?? []);
    return {
      beginsAtMs: this.phases[phase]?.firstSliceAtMs ?? null,
      endsAtMs: last === Infinity ? null : last,
    };
  }

  /** Those that it did not come to. */
  left(): string[] {
    return this.chosen.flatMap(({ members }) =>
      members.filter(({ endsAtMs, isLate }) => endsAtMs === null || isLate).map(({ id }) => id),
    );
  }

  private facts(): CampaignFacts {
    const { campaignId, nowMs: createdAtMs } = this.input;
    const begins = this.phases.find(({ waiting }) => waiting.length > 0);
    const phases = this.phases.map((phase): PhaseFacts => ({
      name: phase.name,
      startedAtMs: phase.firstSliceAtMs,
      lastSliceAtMs: phase.lastSliceAtMs,
      lastRetryAtMs: phase.lastRetryAtMs,
      notBegun: phase.waiting.length,
      // Nobody asks it of those that come later.
      startable: phase === begins ? this.startable(phase.waiting).length : phase.waiting.length,
      open: phase.atWork.length,
      withdrawable: 0,
      succeeded: phase.succeeded,
      failed: phase.failed,
      left: 0,
      lastEndedAtMs: phase.lastEndedAtMs,
      unhealthy: 0,
      healthy: phase.succeeded,
      // It is asked of phases that begin or try something again.
      window: phase === begins || phase.lost.length > 0 ? this.windows.of(phase.zones, this.nowMs) : null,
    }));
    return {
      campaignId,
      nowMs: this.nowMs,
      createdAtMs,
      phases,
      wishes: this.wishes,
      rollback: this.isRolledBack ? { open: 0 } : null,
    };
  }

  /** Of those that wait, the ones that the limit of downloads lets begin. */
  private startable(waiting: readonly ForecastMember[]): readonly ForecastMember[] {
    const most = this.input.strategy.speed?.downloadsByLabel?.most;
    if (most === undefined) return waiting;
    const busy = new Map<string, number>();
    for (const { site } of this.phases.flatMap(({ atWork }) => atWork))
      busy.set(site, (busy.get(site) ?? 0) + 1);
    return waiting.filter(({ site }) => {
      const before = busy.get(site) ?? 0;
      busy.set(site, before + 1);
      return before < most;
    });
  }

  private begin(at: number, most: number | null, deadlineSeconds: number): void {
    const phase = this.phases[at];
    if (phase === undefined) return;
    const begun = new Set(this.startable(phase.waiting).slice(0, most ?? undefined));
    phase.waiting = phase.waiting.filter((member) => !begun.has(member));
    this.give(phase, [...begun], deadlineSeconds);
    phase.firstSliceAtMs ??= this.nowMs;
    phase.lastSliceAtMs = this.nowMs;
  }

  /** Of those that were lost after so many deliveries. */
  private retry({
    phase: at,
    attempts,
    endedByMs,
    deadlineSeconds,
  }: Extract<CampaignAction, { do: 'start-retry' }>): void {
    const phase = this.phases[at];
    if (phase === undefined) return;
    const meant = new Set(
      phase.lost.filter(
        (member) => member.attempts === attempts && (member.endsAtMs ?? Infinity) <= endedByMs,
      ),
    );
    phase.lost = phase.lost.filter((member) => !meant.has(member));
    this.give(phase, [...meant], deadlineSeconds);
    phase.lastRetryAtMs = this.nowMs;
  }

  private give(phase: ForecastPhase, members: readonly ForecastMember[], deadlineSeconds: number): void {
    const mustEndMs = this.nowMs + deadlineSeconds * 1_000;
    for (const member of members) {
      const wouldEndMs = this.windows.opensAtMs(member.zone, this.nowMs) + this.input.deliveryMs;
      member.attempts += 1;
      member.isLate = wouldEndMs > mustEndMs;
      member.endsAtMs = Math.min(wouldEndMs, mustEndMs);
    }
    phase.atWork = [...phase.atWork, ...members];
  }

  private approve(phase: number): void {
    const ordinal = this.wishes.length + 1;
    this.wishes.push({ ordinal, verb: 'approve', phase, atMs: this.nowMs, by: 'forecast' });
  }

  /** To the moment given, or to the next end. */
  private goOn(untilMs: number | null): void {
    let next = untilMs ?? Infinity;
    for (const { endsAtMs } of this.phases.flatMap(({ atWork }) => atWork))
      next = Math.min(next, endsAtMs ?? Infinity);
    this.nowMs = next;
    for (const phase of this.phases) phase.settle(next);
  }
}
