import { describe, expect, test } from '@jest/globals';
import { axisEnd, conditionLines, runsOf, someOf, versionLines } from './fleet-series.js';

const sample = (at: string, online: number, versions: Readonly<Record<string, number>>) => ({
  at,
  gateways: online,
  conditions: { online, silent: 0 },
  versions: Object.entries(versions).map(([version, gateways]) => ({ name: 'lamp', version, gateways })),
});

describe('the fleet over time', () => {
  const samples = [
    sample('2026-01-01T00:00:00Z', 3, { '1.0.0': 3 }),
    sample('2026-01-02T00:00:00Z', 4, { '2.0.0': 4 }),
  ];

  test('a version that a sample does not name had no gateway then', () => {
    expect(versionLines(samples, 5)).toEqual([
      { name: 'lamp 2.0.0', counts: [0, 4] },
      { name: 'lamp 1.0.0', counts: [3, 0] },
    ]);
    expect(versionLines(samples, 1)).toHaveLength(1);
  });

  test('states that nobody was in are left out', () => {
    expect(conditionLines(samples, ['online', 'silent'])).toEqual([{ name: 'online', counts: [3, 4] }]);
  });

  test('a line has a gap where nothing is known, and may begin and end late', () => {
    expect(runsOf({ name: 'x', counts: [null, 1, 2, null, 0] })).toEqual([
      [
        { index: 1, count: 1 },
        { index: 2, count: 2 },
      ],
      [{ index: 4, count: 0 }],
    ]);
  });

  test('a table has the first and the last sample', () => {
    const all = Array.from({ length: 500 }, (_, n) => n);
    const some = someOf(all, 12);
    expect([some.length, some[0], some.at(-1)]).toEqual([12, 0, 499]);
    expect(someOf([1, 2], 12)).toEqual([1, 2]);
  });

  test.each([
    [0, 1],
    [3, 5],
    [10, 10],
    [4_866, 5_000],
    [1_000_001, 2_000_000],
  ])('an axis for %d ends at %d', (most, end) => expect(axisEnd(most)).toBe(end));
});
