import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowClient } from '@temporalio/client';
import { campaignDeadlineMs, type Decision } from '../../domain/campaign/decide.js';
import type { ErrorClass } from '../../domain/campaign/error-class.js';
import {
  newCampaignStatus,
  type CampaignFacts,
  type CampaignStatus,
  type PhaseFacts,
  type PhaseWindow,
  type Wish,
} from '../../domain/campaign/facts.js';
import { isCampaignEnded, type CampaignVerb } from '../../domain/campaign/state.js';
import type { Strategy } from '../../domain/campaign/strategy.js';
import { phaseWindow, switchWindows, type Interval } from '../../domain/campaign/windows.js';
import { signals, workflowIds } from '../../domain/orchestration.js';
import type { CampaignActivities } from '../../workflows/activity-types.js';

/** How the gateways of a stand-in campaign behave. */
export interface CampaignBehaviour {
  readonly strategy: Strategy;
  /** Gateways by phase. */
  readonly sizes: readonly number[];
  /** Milliseconds that a gateway takes. */
  readonly workMs?: number;
  /** How a gateway's try ends; null: well. By default all do. */
  readonly ends?: (gateway: number, attempt: number) => ErrorClass | null;
  /** Gateways that are not well after their bake time. */
  readonly unwell?: (gateway: number) => boolean;
  /** The time zone of a gateway; where its strategy has windows it begins its work, which takes `workMs`, inside one. */
  readonly zone?: (gateway: number) => string;
  /** False: nothing wakes it. */
  readonly woken?: boolean;
}

interface Gateway {
  readonly phase: number;
  attempts: number;
  /** When it was given its work, and when it began to switch. */
  givenAtMs: number;
  switchesAtMs: number;
  endsAtMs: number;
  withdrawn: boolean;
}

/**
 * Stands in for the database and the gateways of a campaign in time-skipping tests: the activities' contract in memory. What
 * the real activities do is tested against PostgreSQL.
 */
export class StandInCampaign {
  /** What was done, in order. */
  readonly did: string[] = [];
  status: CampaignStatus = newCampaignStatus;
  private readonly gateways: Gateway[];
  private readonly startedAtMs: (number | null)[];
  private readonly wishes: Wish[] = [];
  private createdAtMs: number | null = null;
  private backEndsAtMs: number | null = null;
  private awayUntilMs = 0;

  constructor(
    private readonly behaviour: CampaignBehaviour,
    private readonly client: WorkflowClient,
    /** The time that the workflows see. */
    private readonly nowMs: () => Promise<number>,
  ) {
    this.gateways = behaviour.sizes.flatMap((size, phase) =>
      Array.from({ length: size }, () => ({
        phase,
        attempts: 0,
        givenAtMs: 0,
        switchesAtMs: 0,
        endsAtMs: 0,
        withdrawn: false,
      })),
    );
    this.startedAtMs = behaviour.sizes.map(() => null);
  }

  /** Gateways that were given work, by phase. */
  get begun(): number[] {
    return this.behaviour.sizes.map(
      (_size, phase) =>
        this.gateways.filter((gateway) => gateway.phase === phase && gateway.attempts > 0).length,
    );
  }

  /** When each gateway was given its last work, and began to switch, in ms since 1970. */
  get moments(): { readonly givenAtMs: number; readonly switchesAtMs: number }[] {
    return this.gateways.map(({ givenAtMs, switchesAtMs }) => ({ givenAtMs, switchesAtMs }));
  }

  /** What somebody wishes: stored, and the workflow is woken. */
  async wish(campaignId: string, verb: CampaignVerb, phase?: number): Promise<void> {
    this.wishes.push({
      ordinal: this.wishes.length + 1,
      verb,
      atMs: await this.nowMs(),
      by: 'operator',
      ...(verb === 'approve' && phase !== undefined ? { phase } : {}),
      ...(verb === 'rollback' ? { rollbackPhase: phase ?? null } : {}),
    });
    if (this.behaviour.woken === false) return;
    await this.client.getHandle(workflowIds.campaign(campaignId)).signal(signals.wakeCampaign);
  }

  /** From now on PostgreSQL is away for so long. */
  async goAway(forMs: number): Promise<void> {
    this.awayUntilMs = (await this.nowMs()) + forMs;
  }

  activities(): CampaignActivities {
    return {
      lookAtCampaign: async () => {
        const nowMs = await this.meet();
        return { strategy: this.behaviour.strategy, status: this.status, facts: this.facts(nowMs) };
      },
      carryOutDecision: async ({ decision }) => {
        const nowMs = await this.meet();
        const stale = decision.status.wishes !== this.wishes.length;
        if (stale || isCampaignEnded(this.status.state)) return { done: false, state: this.status.state };
        this.carryOut(decision, nowMs);
        this.status = decision.status;
        return { done: true, state: this.status.state };
      },
    };
  }

  /** @throws ApplicationFailure while the database is away */
  private async meet(): Promise<number> {
    const nowMs = await this.nowMs();
    this.createdAtMs ??= nowMs;
    if (nowMs < this.awayUntilMs)
      throw ApplicationFailure.create({ type: 'DATABASE_UNAVAILABLE', message: 'away' });
    return nowMs;
  }

  private carryOut({ action }: Decision, nowMs: number): void {
    const { workMs = 60_000 } = this.behaviour;
    const give = (chosen: readonly Gateway[]): void => {
      for (const gateway of chosen) {
        gateway.attempts += 1;
        gateway.givenAtMs = nowMs;
        gateway.switchesAtMs = this.opensAtMs(gateway, nowMs);
        gateway.endsAtMs = gateway.switchesAtMs + workMs;
      }
    };
    const failed = (gateway: Gateway, index: number, byMs: number): ErrorClass | null =>
      gateway.attempts > 0 && gateway.endsAtMs <= Math.min(byMs, nowMs) ? this.endOf(index) : null;
    switch (action.do) {
      case 'start-slice': {
        const idle = this.gateways.filter(({ phase, attempts }) => phase === action.phase && attempts === 0);
        give(idle.slice(0, action.most ?? idle.length));
        this.startedAtMs[action.phase] ??= nowMs;
        this.did.push(`slice ${action.phase}`);
        return;
      }
      case 'start-retry':
        give(
          this.gateways.filter(
            (gateway, index) =>
              gateway.phase === action.phase &&
              gateway.attempts === action.attempts &&
              failed(gateway, index, action.endedByMs) === action.errorClass,
          ),
        );
        this.did.push(`retry ${action.phase} ${action.errorClass}`);
        return;
      case 'retry-failed':
        give(this.gateways.filter((gateway, index) => failed(gateway, index, action.endedByMs) !== null));
        this.did.push('retry failed');
        return;
      case 'withdraw':
        for (const gateway of this.gateways)
          if (gateway.attempts > 0 && gateway.endsAtMs > nowMs) {
            gateway.withdrawn = true;
            gateway.endsAtMs = nowMs;
          }
        this.did.push('withdraw');
        return;
      case 'roll-back':
        this.backEndsAtMs = nowMs + workMs;
        this.did.push(action.scope === 'all' ? 'roll back' : `roll back ${action.scope.phase}`);
        return;
      case 'ask-approval':
        this.did.push(`ask ${action.phase}`);
        return;
      case 'end':
        this.did.push('end');
        return;
      case 'wait':
        return;
    }
  }

  private facts(nowMs: number): CampaignFacts {
    return {
      campaignId: 'c',
      nowMs,
      createdAtMs: this.createdAtMs ?? nowMs,
      phases: this.behaviour.sizes.map((_size, phase) => this.phaseFacts(phase, nowMs)),
      wishes: this.wishes,
      rollback:
        this.backEndsAtMs === null ? null : { open: nowMs < this.backEndsAtMs ? this.gateways.length : 0 },
    };
  }

  private phaseFacts(phase: number, nowMs: number): PhaseFacts {
    const members = this.gateways
      .map((gateway, index) => ({ ...gateway, index }))
      .filter((gateway) => gateway.phase === phase);
    const begun = members.filter(({ attempts }) => attempts > 0);
    const ended = begun.filter(({ endsAtMs }) => endsAtMs <= nowMs);
    const judged = ended.filter(({ withdrawn }) => !withdrawn);
    const good = judged.filter(({ index }) => this.endOf(index) === null);
    const bakeMs = (this.behaviour.strategy.gate?.bakeMinutes ?? 0) * 60_000;
    const lastEndedAtMs = ended.length === 0 ? null : Math.max(...ended.map(({ endsAtMs }) => endsAtMs));
    const isBaked = bakeMs > 0 && lastEndedAtMs !== null && nowMs >= lastEndedAtMs + bakeMs;
    const unwell = isBaked ? good.filter(({ index }) => this.behaviour.unwell?.(index) ?? false).length : 0;
    return {
      name: `phase ${phase}`,
      startedAtMs: this.startedAtMs[phase] ?? null,
      lastSliceAtMs: this.startedAtMs[phase] ?? null,
      lastRetryAtMs: null,
      notBegun: members.length - begun.length,
      startable: members.length - begun.length,
      open: begun.length - ended.length,
      withdrawable: begun.length - ended.length,
      succeeded: good.length,
      failed: judged.flatMap(({ index, attempts, endsAtMs }) => {
        const errorClass = this.endOf(index);
        return errorClass === null ? [] : [{ errorClass, attempts, members: 1, firstEndedAtMs: endsAtMs }];
      }),
      left: ended.length - judged.length,
      lastEndedAtMs,
      unhealthy: unwell,
      healthy: isBaked ? good.length - unwell : 0,
      window: this.windowOf(members, nowMs),
    };
  }

  /** From when on a gateway may switch: as the windows say that it is told. */
  private opensAtMs(gateway: Gateway, nowMs: number): number {
    const { windows } = this.behaviour.strategy;
    if (windows === undefined) return nowMs;
    const zone = this.zoneOf(this.gateways.indexOf(gateway));
    const [first] = switchWindows(windows, zone, this.untilDeadline(nowMs));
    return Math.max(nowMs, (first?.fromSeconds ?? Infinity) * 1_000);
  }

  private windowOf(members: readonly { readonly index: number }[], nowMs: number): PhaseWindow | null {
    const { windows } = this.behaviour.strategy;
    if (windows === undefined) return null;
    const zones = members.map(({ index }) => this.zoneOf(index));
    return phaseWindow(windows, zones, this.untilDeadline(nowMs));
  }

  private untilDeadline(nowMs: number): Interval {
    return { fromMs: nowMs, toMs: campaignDeadlineMs(this.behaviour.strategy, this.createdAtMs ?? nowMs) };
  }

  private zoneOf(index: number): string {
    return this.behaviour.zone?.(index) ?? 'UTC';
  }

  private endOf(index: number): ErrorClass | null {
    return this.behaviour.ends?.(index, this.gateways[index]?.attempts ?? 0) ?? null;
  }
}
