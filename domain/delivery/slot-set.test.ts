import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toSlotRanges } from './slot-ranges.js';
import { SlotSet } from './slot-set.js';

const slot = fc.integer({ min: -3, max: 30 });

test('a chunk is complete when each of its slots was added, however often and in whatever order', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20 }), fc.array(slot, { maxLength: 60 }), (size, slots) => {
      const set = new SlotSet(size);
      const model = new Set<number>();
      for (const next of slots) {
        set.add(next);
        if (next >= 0 && next < size) model.add(next);
        expect(set.count).toBe(model.size);
        expect(set.isComplete()).toBe(model.size === size);
      }
    }),
  );
});

test('a range adds its slots, both ends included, as far as the chunk has them', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 20 }),
      fc.array(fc.tuple(slot, slot), { maxLength: 8 }),
      (size, ranges) => {
        const byRange = new SlotSet(size);
        const bySlot = new SlotSet(size);
        for (const [first, last] of ranges) {
          byRange.addRange([first, last]);
          for (let next = first; next <= last; next += 1) bySlot.add(next);
        }
        expect(byRange.count).toBe(bySlot.count);
      },
    ),
  );
});

test('ranges hold the slots and nothing else, ascending and as few as can be', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 50 }), (slots) => {
      const ranges = toSlotRanges(slots);
      const held = ranges.flatMap(([first, last]) =>
        Array.from({ length: last - first + 1 }, (_none, index) => first + index),
      );
      expect(held).toEqual([...new Set(slots)].sort((left, right) => left - right));
      for (const [index, [first]] of ranges.entries()) {
        const before = ranges[index - 1];
        if (before !== undefined) expect(first).toBeGreaterThan(before[1] + 1);
      }
    }),
  );
});

test('a large range beyond the chunk costs nothing', () => {
  const set = new SlotSet(2);
  set.addRange([-(2 ** 52), 2 ** 52]);
  expect(set.isComplete()).toBe(true);
});
