import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseSelector } from '../selector/selector.js';
import { byNearness, conditionsOf, type ValueLevel } from './levels.js';

const level: fc.Arbitrary<ValueLevel> = fc.oneof(
  fc.constantFrom<ValueLevel>({ level: 'gateway' }, { level: 'fleet' }),
  fc.record({
    level: fc.constant('select' as const),
    select: fc.string({ unit: 'grapheme' }),
    conditions: fc.nat({ max: 4 }),
  }),
);

test.each([
  ['labels.site == "a"', 1],
  ['labels.site', 1],
  ['labels.site in ("a", "b")', 1],
  ['labels.site == "a" && !(hardware.cpus > 1 || software.os == "linux")', 3],
])('%s has %s conditions', (text, conditions) => {
  expect(conditionsOf(parseSelector(text))).toBe(conditions);
});

test('the nearest comes first, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(level, { minLength: 1 }), (levels) => {
      const [first] = [...levels].sort(byNearness);
      expect([...levels].reverse().sort(byNearness)[0]).toEqual(first);
      if (levels.some((one) => one.level === 'gateway')) expect(first?.level).toBe('gateway');
      else if (levels.some((one) => one.level === 'select')) expect(first?.level).toBe('select');
    }),
  );
});

test('of two selectors the one with more conditions comes first, then the first in order', () => {
  const select = (text: string, conditions: number): ValueLevel => ({
    level: 'select',
    select: text,
    conditions,
  });
  expect([select('a', 1), select('b', 2)].sort(byNearness)).toEqual([select('b', 2), select('a', 1)]);
  expect([select('b', 1), select('a', 1)].sort(byNearness)).toEqual([select('a', 1), select('b', 1)]);
});
