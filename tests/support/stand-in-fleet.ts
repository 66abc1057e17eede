import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowClient } from '@temporalio/client';
import { toSlotRanges } from '../../domain/delivery/slot-ranges.js';
import { signals, workflowIds } from '../../domain/orchestration.js';
import { emptyCounts, rolloutOutcome } from '../../domain/rollout/state.js';
import type { CoordinatorActivities, NodeActivities } from '../../workflows/activity-types.js';

type SlotState = 'pending' | 'offered' | 'succeeded' | 'failed' | 'lost' | 'cancelled';

/** How the gateways of a stand-in fleet behave. */
export interface FleetBehaviour {
  /** Gateways by node. */
  readonly shares: Readonly<Record<string, number>>;
  /** Gateways of a chunk. */
  readonly chunkSize?: number;
  /** Which gateways answer at once; by default all. */
  readonly answers?: (gateway: number) => boolean;
  /** False: answers reach the database only, the wake-up is lost. */
  readonly signalled?: boolean;
  /** Each acknowledgement is signalled this often. */
  readonly duplicates?: number;
  readonly failCheck?: Error;
  /** What the first tries of a step fail with, in order. */
  readonly away?: Readonly<Partial<Record<'ii' | 'iv', Error[]>>>;
  /** The database is away for so long, from when a step first meets it. */
  readonly databaseAwayMs?: Readonly<Partial<Record<'iii' | 'vii', number>>>;
  /** Nodes that die when they work on this rollout. */
  readonly deadly?: boolean;
}

/**
 * Stands in for the database and the gateways in time-skipping tests of the workflows: the activities' contract in
 * memory. What the real activities do is tested against PostgreSQL.
 */
export class StandInFleet {
  readonly calls: string[] = [];
  /** Nodes that are gone. */
  readonly gone = new Set<string>();
  private readonly states: SlotState[];
  private readonly nodeOf: string[];
  private readonly chunkOf: (number | null)[];
  private nextChunk = 0;
  private cancelWished = false;
  private casualties = 0;
  private readonly deadlines = new Map<number, number>();
  private readonly metAtMs = new Map<string, number>();

  constructor(
    private readonly behaviour: FleetBehaviour,
    private readonly client: WorkflowClient,
    /** The time that the workflows see. */
    private readonly nowMs: () => Promise<number>,
  ) {
    this.nodeOf = Object.entries(behaviour.shares).flatMap(([node, count]) =>
      new Array<string>(count).fill(node),
    );
    this.states = this.nodeOf.map(() => 'pending');
    this.chunkOf = this.nodeOf.map(() => null);
  }

  /** Gateways in a state. */
  count(state: SlotState): number {
    return this.states.filter((own) => own === state).length;
  }

  coordinator(): CoordinatorActivities {
    const note = (name: string) => this.calls.push(name);
    return {
      checkArtifactAvailable: async () => {
        note('i');
        if (this.behaviour.failCheck !== undefined) throw this.behaviour.failCheck;
        return { artifacts: 'thermometer@1.0.0', cancel: this.cancelWished };
      },
      resolveDeployment: async () => {
        this.meetAway('ii');
        note('ii');
        return { gateways: this.nodeOf.length, cancel: this.cancelWished };
      },
      groupByNode: async () => {
        await this.meetDatabase('iii');
        note('iii');
        const shares = new Map<string, number>();
        this.each((gateway) => {
          if (this.ended(gateway)) return;
          const node = this.nodeOf[gateway] ?? '';
          shares.set(node, (shares.get(node) ?? 0) + 1);
        });
        return {
          shares: [...shares].map(([nodeId, gateways]) => ({ nodeId, gateways })),
          open: this.states.filter((_state, gateway) => !this.ended(gateway)).length,
          cancel: this.cancelWished,
        };
      },
      leaveNode: async ({ nodeId, during }) => {
        note(`leave ${nodeId}`);
        if (!this.gone.has(nodeId)) return { left: false };
        if (during !== null) this.casualties += 1;
        // What two nodes died at fails: here all that the second one had.
        if (this.casualties >= 2)
          this.each((gateway) => {
            if (this.nodeOf[gateway] === nodeId && this.states[gateway] === 'pending')
              this.states[gateway] = 'failed';
          });
        const others = Object.keys(this.behaviour.shares).filter((node) => !this.gone.has(node));
        this.each((gateway) => {
          if (this.nodeOf[gateway] === nodeId)
            this.nodeOf[gateway] = others[gateway % others.length] ?? nodeId;
        });
        return { left: true };
      },
      nodesOfChunk: async ({ chunk }) => {
        const nodes = this.slotsOf(chunk).filter((gateway) => !this.ended(gateway));
        return { nodeIds: [...new Set(nodes.map((gateway) => this.nodeOf[gateway] ?? ''))] };
      },
      reconcileAcknowledgements: async ({ chunk, final }) => {
        await this.meetDatabase('vii');
        note(final ? 'vii final' : 'vii');
        const members = this.slotsOf(chunk);
        if (final) for (const gateway of members) if (!this.ended(gateway)) this.states[gateway] = 'lost';
        const ended = members.flatMap((gateway, slot) => (this.ended(gateway) ? [slot] : []));
        const deadlineMs = this.deadlines.get(chunk);
        return {
          ended: toSlotRanges(ended),
          remaining: members.length - ended.length,
          unreachedNodes: [],
          deadlineInMs: deadlineMs === undefined ? null : deadlineMs - (await this.nowMs()),
          cancel: this.cancelWished,
        };
      },
      cancelDeliveries: async ({ chunk }) => {
        note(chunk === null ? 'cancel' : `cancel chunk ${chunk}`);
        if (chunk === null) this.cancelWished = true;
        this.each((gateway) => {
          if (!this.ended(gateway) && (chunk === null || this.chunkOf[gateway] === chunk))
            this.states[gateway] = 'cancelled';
        });
        return { cancelled: this.count('cancelled') };
      },
      noteWaiting: async ({ waitingFor }) => void note(`waiting for ${waitingFor ?? 'nothing'}`),
      noteMended: async ({ what }) => void note(`mended: ${what}`),
      giveUpUnserved: async ({ nodeIds, failure }) => {
        note(`give up: ${failure.code}`);
        let failed = 0;
        this.each((gateway) => {
          const isMeant = nodeIds === null || nodeIds.includes(this.nodeOf[gateway] ?? '');
          if (this.states[gateway] !== 'pending' || !isMeant) return;
          this.states[gateway] = 'failed';
          failed += 1;
        });
        return { failed };
      },
      completeRollout: async ({ failure }) => {
        note('viii');
        if (failure !== null)
          this.each((gateway) => this.states[gateway] === 'pending' && (this.states[gateway] = 'failed'));
        const counts = emptyCounts();
        for (const state of this.states) counts[state] += 1;
        const open = this.states.filter((_state, gateway) => !this.ended(gateway)).length;
        return { state: rolloutOutcome(counts, this.cancelWished), counts, open };
      },
    };
  }

  private meetAway(step: 'ii' | 'iv'): void {
    const failure = this.behaviour.away?.[step]?.shift();
    if (failure !== undefined) throw failure;
  }

  private async meetDatabase(step: 'iii' | 'vii'): Promise<void> {
    const awayMs = this.behaviour.databaseAwayMs?.[step];
    if (awayMs === undefined) return;
    const nowMs = await this.nowMs();
    const sinceMs = this.metAtMs.get(step) ?? nowMs;
    this.metAtMs.set(step, sinceMs);
    if (nowMs - sinceMs < awayMs)
      throw ApplicationFailure.create({ type: 'DATABASE_UNAVAILABLE', message: 'away' });
  }

  /** What people wish, as the database has it. */
  wishToCancel(): void {
    this.cancelWished = true;
  }

  node(nodeId: string): NodeActivities {
    return {
      analyzeCompatibility: async () => {
        this.meetAway('iv');
        this.calls.push(`iv ${nodeId}`);
        if (this.behaviour.deadly === true) {
          this.gone.add(nodeId);
          // It says nothing any more, and never comes back.
          return Context.current().cancelled;
        }
        const gateways = this.nodeOf.filter((node) => node === nodeId).length;
        return { gateways, groups: 1, incompatible: 0 };
      },
      reusePackages: async () => {
        this.calls.push(`v ${nodeId}`);
        return { reused: 0, remaining: 1, chunks: this.openChunks(nodeId) };
      },
      buildPackages: async () => ({
        built: 1,
        failed: 0,
        remaining: 0,
        waiting: 0,
        abandoned: 0,
        chunks: this.formChunks(nodeId),
      }),
      planAnew: async () => ({ planned: 0, remaining: 0 }),
      dispatchDeliveries: async ({ rolloutId, chunk, deadlineSeconds }) => {
        this.calls.push(`vi ${nodeId}`);
        if (!this.deadlines.has(chunk))
          this.deadlines.set(chunk, (await this.nowMs()) + deadlineSeconds * 1_000);
        await this.answer(rolloutId, chunk);
        return { offered: this.slotsOf(chunk).length, notified: 0, unreachable: 0 };
      },
    };
  }

  private openChunks(nodeId: string): { chunk: number; size: number }[] {
    const chunks = new Set<number>();
    this.each((gateway) => {
      const chunk = this.chunkOf[gateway] ?? null;
      if (chunk !== null && this.nodeOf[gateway] === nodeId && !this.ended(gateway)) chunks.add(chunk);
    });
    return [...chunks].map((chunk) => ({ chunk, size: this.slotsOf(chunk).length }));
  }

  private formChunks(nodeId: string): { chunk: number; size: number }[] {
    const open = this.openChunks(nodeId);
    const waiting = this.nodeOf.flatMap((node, gateway) =>
      node === nodeId && this.states[gateway] === 'pending' && this.chunkOf[gateway] === null
        ? [gateway]
        : [],
    );
    const size = this.behaviour.chunkSize ?? 500;
    const chunks = open;
    for (let start = 0; start < waiting.length; start += size) {
      const members = waiting.slice(start, start + size);
      for (const gateway of members) this.chunkOf[gateway] = this.nextChunk;
      chunks.push({ chunk: this.nextChunk, size: members.length });
      this.nextChunk += 1;
    }
    return chunks;
  }

  private async answer(rolloutId: string, chunk: number): Promise<void> {
    const answers = this.behaviour.answers ?? (() => true);
    const members = this.slotsOf(chunk);
    for (const gateway of members) if (this.states[gateway] === 'pending') this.states[gateway] = 'offered';
    const answering = members.flatMap((gateway, slot) =>
      answers(gateway) && !this.ended(gateway) ? [slot] : [],
    );
    for (const slot of answering) this.states[members[slot] ?? -1] = 'succeeded';
    if (this.behaviour.signalled === false || answering.length === 0) return;
    const handle = this.client.getHandle(workflowIds.deliverChunk(rolloutId, chunk));
    for (let sent = 0; sent < (this.behaviour.duplicates ?? 1); sent += 1) {
      await handle.signal(signals.acknowledge, { slots: toSlotRanges(answering) });
    }
  }

  private slotsOf(chunk: number): number[] {
    return this.chunkOf.flatMap((own, gateway) => (own === chunk ? [gateway] : []));
  }

  private ended(gateway: number): boolean {
    const state = this.states[gateway];
    return state !== 'pending' && state !== 'offered';
  }

  private each(visit: (gateway: number) => void): void {
    for (let gateway = 0; gateway < this.states.length; gateway += 1) visit(gateway);
  }
}
