import type { SlotRange } from './slot-set.js';

/** The slots as the fewest inclusive ranges, ascending. */
export function toSlotRanges(slots: readonly number[]): SlotRange[] {
  const ranges: [number, number][] = [];
  for (const slot of [...new Set(slots)].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && slot === last[1] + 1) last[1] = slot;
    else ranges.push([slot, slot]);
  }
  return ranges;
}
