import { expect, test } from '@jest/globals';
import { groupBy, median, quantile, summaryOf } from './statistics.js';

test('quantiles lie among the values, or between two of them', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(quantile([10, 20], 0.25)).toBe(12.5);
  expect(summaryOf([5, 1, 3, 2, 4])).toEqual({
    runs: 5,
    least: 1,
    lowerQuartile: 2,
    median: 3,
    upperQuartile: 4,
    most: 5,
  });
  expect(summaryOf([7])).toMatchObject({ least: 7, median: 7, most: 7 });
  expect(() => median([])).toThrow(RangeError);
});

test('groups keep the order of values and of first appearances', () => {
  const groups = groupBy([3, 1, 2, 5], (value) => value % 2);
  expect([...groups]).toEqual([
    [1, [3, 1, 5]],
    [0, [2]],
  ]);
});
