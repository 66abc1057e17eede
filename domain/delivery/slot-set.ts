/** Inclusive range of slots. */
export type SlotRange = readonly [first: number, last: number];

/**
 * Which slots of a chunk have ended: a set in which adding twice changes nothing, so that duplicate and late
 * acknowledgements are harmless.
 */
export class SlotSet {
  private readonly ended: boolean[];
  private endedCount = 0;

  constructor(readonly size: number) {
    this.ended = new Array<boolean>(size).fill(false);
  }

  /** Slots outside the chunk are ignored. */
  add(slot: number): void {
    if (this.ended[slot] !== false) return;
    this.ended[slot] = true;
    this.endedCount += 1;
  }

  addRange([first, last]: SlotRange): void {
    for (let slot = Math.max(first, 0); slot <= Math.min(last, this.size - 1); slot += 1) this.add(slot);
  }

  get count(): number {
    return this.endedCount;
  }

  isComplete(): boolean {
    return this.endedCount === this.size;
  }
}
