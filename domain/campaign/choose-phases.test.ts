import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { choosePhases } from './choose-phases.js';
import type { Phase, Strategy } from './strategy.js';

const choose = (strategy: Strategy, gatewayIds: readonly string[], salt = 'c1') => {
  const even = new Set(gatewayIds.filter((id) => Number(id.slice(3)) % 2 === 0));
  const selects = strategy.phases.map(({ select }) => new Set(select === 'labels.even' ? even : []));
  return choosePhases(strategy, salt, gatewayIds, new Map(selects.entries()));
};
const ids = (count: number) => Array.from({ length: count }, (_, index) => `gw-${index}`);
const sizes = (phases: readonly Phase[], count: number) =>
  choose({ phases: [...phases] }, ids(count)).map(({ name, gatewayIds }) => `${name} ${gatewayIds.length}`);

describe('phases', () => {
  test('take counts, percents of all rounded up, and what a selector matches; the rest is last', () => {
    expect(sizes([{ count: 3 }, { percent: 7, name: 'seven' }, { select: 'labels.even' }], 100)).toEqual([
      'phase 1 3',
      'seven 7',
      expect.stringMatching(/^phase 3 4[0-9]$|^phase 3 50$/) as unknown as string,
      expect.stringMatching(/^rest /) as unknown as string,
    ]);
    expect(sizes([{ percent: 1 }], 5)).toEqual(['phase 1 1', 'rest 4']);
    expect(sizes([{ percent: 50 }, { percent: 50 }], 5)).toEqual(['phase 1 3', 'phase 2 2']);
    expect(sizes([], 5)).toEqual(['rest 5']);
  });

  test('that would get no gateway are refused, and so is a deployment without any', () => {
    expect(() => sizes([{ count: 5 }, { percent: 10 }], 5)).toThrow(
      '"phase 2" gets no gateway: the phases before it take all 5',
    );
    expect(() => sizes([{ select: 'labels.site == "b1"' }], 5)).toThrow(
      'none of the 5 that are left matches',
    );
    expect(() => sizes([], 0)).toThrow('there are no gateways');
  });

  test('are skipped by an emergency that says so', () => {
    const strategy: Strategy = { phases: [{ count: 1 }], priority: 'emergency', skip: ['phases'] };
    expect(choose(strategy, ids(3))).toHaveLength(1);
  });

  test('are the same for the same salt in whatever order, hold every gateway once, and keep to what they say', () => {
    const phase = fc.oneof(
      fc.record({ count: fc.integer({ min: 1, max: 20 }) }),
      fc.record({ percent: fc.integer({ min: 1, max: 20 }) }),
    );
    fc.assert(
      fc.property(
        fc.array(phase, { maxLength: 3 }),
        fc.integer({ min: 60, max: 200 }),
        fc.string(),
        fc.integer(),
        (phases, count, salt, seed) => {
          const all = ids(count);
          const shuffled =
            fc.sample(fc.shuffledSubarray(all, { minLength: count }), { numRuns: 1, seed })[0] ?? all;
          const chosen = choose({ phases }, all, salt);
          expect(choose({ phases }, shuffled, salt)).toEqual(chosen);
          const members = chosen.flatMap(({ gatewayIds }) => gatewayIds);
          expect([...members].sort()).toEqual([...all].sort());
          for (const [index, { count: wanted, percent = 0 }] of (phases as Phase[]).entries()) {
            const expected = wanted ?? Math.ceil((percent * count) / 100);
            const before = chosen.slice(0, index).reduce((sum, { gatewayIds }) => sum + gatewayIds.length, 0);
            expect(chosen[index]?.gatewayIds).toHaveLength(Math.min(expected, count - before));
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  test('begin with other gateways for another salt, each as often as any', () => {
    const first = new Map<string, number>();
    for (let salt = 0; salt < 2_000; salt += 1) {
      const [canary] = choose({ phases: [{ count: 1 }] }, ids(20), `campaign ${salt}`);
      const id = canary?.gatewayIds[0] ?? '';
      first.set(id, (first.get(id) ?? 0) + 1);
    }
    expect(first.size).toBe(20);
    // 100 is expected of each; 45 away is far outside of what chance does in such a draw.
    for (const times of first.values()) expect(Math.abs(times - 100)).toBeLessThan(45);
  });
});
