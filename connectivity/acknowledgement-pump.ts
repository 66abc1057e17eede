import type { SlotRange } from '../domain/delivery/slot-set.js';
import { toSlotRanges } from '../domain/delivery/slot-ranges.js';
import type { ChunkAcknowledgement } from '../repositories/delivery/delivery-repository.js';

/** Delay before the first signal to a chunk; each further one waits longer. */
const firstDelayMs = 1_000;
const maximumDelayMs = 300_000;
/** A gateway whose task is to be planned anew waits no longer than this for the chunk to be told. */
const maximumLookDelayMs = 60_000;
const delayGrowth = 4;
/** Chunks remembered; beyond it the oldest is flushed and forgotten. */
const maximumChunks = 2_000;

/**
 * Wakes the workflow of a chunk; a lost wake-up is repaired by its reconcile.
 * @param look whether it is to look at the database though nothing may have ended
 */
export type SignalChunk = (
  rolloutId: string,
  chunk: number,
  slots: readonly SlotRange[],
  look: boolean,
) => Promise<void>;

interface ChunkEntry {
  readonly rolloutId: string;
  readonly chunk: number;
  slots: number[];
  /** True when the chunk is to be looked at though nothing of it has ended. */
  refused: boolean;
  sent: number;
  timer: NodeJS.Timeout | null;
}

/**
 * Turns acknowledgements of single gateways into few signals: one at once when a chunk is complete, otherwise ever
 * more rarely, so that a slow rollout costs no more history than a quick one.
 */
export class AcknowledgementPump {
  private readonly chunks = new Map<string, ChunkEntry>();
  private readonly sending = new Set<Promise<void>>();

  constructor(
    private readonly signal: SignalChunk,
    private readonly failed: (error: unknown, chunk: { rolloutId: string; chunk: number }) => void,
  ) {}

  add(acknowledgements: readonly ChunkAcknowledgement[]): void {
    for (const { rolloutId, chunk, slots, remaining, refused } of acknowledgements) {
      const entry = this.entryOf(rolloutId, chunk);
      entry.slots.push(...slots);
      if (refused && !entry.refused) this.hasten(entry);
      if (remaining === 0) this.forget(entry);
      else entry.timer ??= this.later(entry);
    }
  }

  /** Sends what waits and resolves when all is sent. */
  async close(): Promise<void> {
    for (const entry of [...this.chunks.values()]) this.forget(entry);
    await Promise.all(this.sending);
  }

  private entryOf(rolloutId: string, chunk: number): ChunkEntry {
    const key = `${rolloutId}/${chunk}`;
    const known = this.chunks.get(key);
    if (known !== undefined) return known;
    const oldest = this.chunks.size >= maximumChunks ? this.chunks.values().next().value : undefined;
    if (oldest !== undefined) this.forget(oldest);
    const entry: ChunkEntry = { rolloutId, chunk, slots: [], refused: false, sent: 0, timer: null };
    this.chunks.set(key, entry);
    return entry;
  }

  /** From now on the chunk is to be looked at, and a long delay that was set before is cut. */
  private hasten(entry: ChunkEntry): void {
    const setMs = this.delayOf(entry);
    entry.refused = true;
    if (entry.timer === null || setMs <= maximumLookDelayMs) return;
    clearTimeout(entry.timer);
    entry.timer = null;
  }

  private delayOf({ sent, refused }: ChunkEntry): number {
    const longestMs = refused ? maximumLookDelayMs : maximumDelayMs;
    return Math.min(firstDelayMs * delayGrowth ** sent, longestMs);
  }

  private later(entry: ChunkEntry): NodeJS.Timeout {
    const delayMs = this.delayOf(entry);
    return setTimeout(() => {
      entry.timer = null;
      this.flush(entry);
    }, delayMs);
  }

  private forget(entry: ChunkEntry): void {
    if (entry.timer !== null) clearTimeout(entry.timer);
    this.chunks.delete(`${entry.rolloutId}/${entry.chunk}`);
    this.flush(entry);
  }

  private flush(entry: ChunkEntry): void {
    if (entry.slots.length === 0 && !entry.refused) return;
    const slots = toSlotRanges(entry.slots);
    const look = entry.refused;
    entry.slots = [];
    entry.refused = false;
    entry.sent += 1;
    const sending = this.signal(entry.rolloutId, entry.chunk, slots, look)
      .catch((error: unknown) => this.failed(error, entry))
      .finally(() => this.sending.delete(sending));
    this.sending.add(sending);
  }
}
