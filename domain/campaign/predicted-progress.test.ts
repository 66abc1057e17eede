import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { endedAt, endFrom, predictedProgress } from './predicted-progress.js';
import type { Strategy } from './strategy.js';

const minuteMs = 60_000;
const ids = (count: number) => Array.from({ length: count }, (_none, n) => `gw-${n}`);

function predicted(strategy: Strategy, sizes: readonly number[], deliveryMs = minuteMs) {
  let first = 0;
  const chosen = sizes.map((size, index) => ({
    name: `phase ${index + 1}`,
    gatewayIds: ids(size).map((id) => `${id}-${(first += 1)}`),
  }));
  return predictedProgress({ strategy, campaignId: 'x', nowMs: 0, deliveryMs }, chosen, () => ({}));
}

test('a phase begins when the one before has ended, and baked', () => {
  const strategy: Strategy = {
    phases: [{ name: 'canary', count: 1, gate: { bakeMinutes: 10 } }],
  };
  expect(predicted(strategy, [1, 9])).toEqual([
    { atMs: minuteMs, ended: 1 },
    { atMs: 12 * minuteMs, ended: 10 },
    { atMs: 12 * minuteMs, ended: 10 },
  ]);
});

test('what is told only grows, comes to all gateways, and is short however many there are', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 20 }), (gateways, atATime) => {
      const steps = predicted({ phases: [], speed: { downloadsByLabel: { label: 'site', most: atATime } } }, [
        gateways,
      ]);
      expect(steps.length).toBeLessThanOrEqual(200);
      expect(steps.at(-1)?.ended).toBe(gateways);
      for (const [index, step] of steps.entries()) {
        const next = steps[index + 1] ?? step;
        expect(next.atMs).toBeGreaterThanOrEqual(step.atMs);
        expect(next.ended).toBeGreaterThanOrEqual(step.ended);
      }
    }),
    { numRuns: 10 },
  );
});

test('how many have ended at a moment, and when all have, as far as it has come', () => {
  const steps = [
    { atMs: 60, ended: 1 },
    { atMs: 120, ended: 10 },
    { atMs: 150, ended: 10 },
  ];
  expect([0, 59, 60, 119, 120, 1_000].map((atMs) => endedAt(steps, atMs))).toEqual([0, 0, 1, 1, 10, 10]);
  // As predicted, late from the start, and late since.
  expect(endFrom(steps, 0, { ended: 0, lastAtMs: 0 })).toBe(150);
  expect(endFrom(steps, 0, { ended: 1, lastAtMs: 100 })).toBe(190);
  expect(endFrom(steps, 0, { ended: 10, lastAtMs: 200 })).toBe(230);
});
