import { expect, test } from '@jest/globals';
import { Latencies, quantileMs, sumOf, totalOf } from './latencies.js';

test('quantiles are right within the width of a class, over several processes', () => {
  const [first, second] = [new Latencies(), new Latencies()];
  for (let ms = 1; ms <= 500; ms += 1) first.add(ms);
  for (let ms = 501; ms <= 1_000; ms += 1) second.add(ms);
  const counts = sumOf([first.take(), second.take()]);
  expect(totalOf(counts)).toBe(1_000);
  for (const share of [0.01, 0.5, 0.99, 1]) {
    const exact = share * 1_000;
    expect(quantileMs(counts, share)).toBeGreaterThanOrEqual(exact * 0.999);
    expect(quantileMs(counts, share)).toBeLessThan(exact * 1.1);
  }
  expect(totalOf(first.take())).toBe(0);
});

test('what is out of all classes is counted in the last ones', () => {
  const latencies = new Latencies();
  latencies.add(0);
  latencies.add(1e12);
  const counts = latencies.take();
  expect(totalOf(counts)).toBe(2);
  expect(quantileMs(counts, 0.5)).toBe(0.125);
  expect(quantileMs([], 0.5)).toBe(0);
});
