import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { windowState } from './switch-windows.js';

const windows = [
  { fromSeconds: 100, toSeconds: 200 },
  { fromSeconds: 300, toSeconds: 400 },
];

describe('windows', () => {
  test.each([
    [0, { state: 'waiting', opensAtSeconds: 100 }],
    [99.5, { state: 'waiting', opensAtSeconds: 100 }],
    [100, { state: 'open' }],
    [199.9, { state: 'open' }],
    [200, { state: 'waiting', opensAtSeconds: 300 }],
    [399, { state: 'open' }],
    [400, { state: 'over' }],
  ])('at %p', (nowSeconds, expected) => {
    expect(windowState(windows, nowSeconds)).toEqual(expected);
    expect(windowState(windows.toReversed(), nowSeconds)).toEqual(expected);
  });

  test('that are not there leave every moment open', () => {
    expect(windowState(undefined, 5)).toEqual({ state: 'open' });
  });

  test('whoever waits until it is told finds one open, and nobody is let in outside all of them', () => {
    const some = fc.array(fc.record({ fromSeconds: fc.nat(1_000), toSeconds: fc.nat(1_000) }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(some, fc.nat(1_000), (given, nowSeconds) => {
        const isIn = (at: number): boolean =>
          given.some(({ fromSeconds, toSeconds }) => fromSeconds <= at && at < toSeconds);
        const found = windowState(given, nowSeconds);
        expect(found.state === 'open').toBe(isIn(nowSeconds));
        if (found.state === 'waiting') {
          expect(found.opensAtSeconds).toBeGreaterThan(nowSeconds);
          expect(windowState(given, found.opensAtSeconds)).toEqual({ state: 'open' });
        }
      }),
    );
  });
});
