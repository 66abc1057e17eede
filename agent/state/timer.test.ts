import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { timerMs } from './timer.js';

test('no time makes a timer fire before it, but for those that no timer can hold', () => {
  fc.assert(
    fc.property(fc.double({ min: -1e12, max: 1e12, noNaN: true }), (wantedMs) => {
      const ms = timerMs(wantedMs);
      expect(ms).toBeGreaterThanOrEqual(1);
      expect(ms).toBeLessThanOrEqual(2_147_483_647);
      if (wantedMs >= 1 && wantedMs <= 2_147_483_647) expect(ms).toBe(wantedMs);
    }),
  );
});
