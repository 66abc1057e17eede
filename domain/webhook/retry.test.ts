import { expect, test } from '@jest/globals';
import { askedRestMs, deliveryAttempts, deliveryRestMs, receiverRestMs } from './retry.js';

const hourMs = 3_600_000;

test('each rest is longer than the one before, and not for ever', () => {
  const rests = Array.from({ length: deliveryAttempts - 1 }, (_none, index) =>
    deliveryRestMs(index + 1, 0.5),
  );
  expect(rests).toEqual([...rests].sort((one, other) => one - other));
  expect(rests[0]).toBe(5_000);
  const total = rests.reduce((sum, rest) => sum + rest, 0);
  expect(total).toBeGreaterThan(5 * hourMs);
  expect(total).toBeLessThan(7 * hourMs);
  expect(deliveryRestMs(500, 1)).toBeLessThan(6 * hourMs);
});

test('what failed at once does not come back at once', () => {
  expect(deliveryRestMs(1, 0)).toBe(3_750);
  expect(deliveryRestMs(1, 1)).toBe(6_250);
});

test('that a receiver is there again is noticed within minutes', () => {
  expect(receiverRestMs(1, 0.5)).toBe(5_000);
  expect(receiverRestMs(500, 1)).toBeLessThanOrEqual(7 * 60_000);
});

test.each([
  ['nothing', undefined, undefined, 0],
  ['seconds', '120', undefined, 120_000],
  [
    'a time, by the clock of whoever says it',
    'Sat, 01 Jan 2000 00:01:00 GMT',
    'Sat, 01 Jan 2000 00:00:00 GMT',
    60_000,
  ],
  ['a time without a clock', 'Sat, 01 Jan 2000 00:01:00 GMT', undefined, 0],
  ['a time that is past', 'Sat, 01 Jan 2000 00:00:00 GMT', 'Sat, 01 Jan 2000 00:01:00 GMT', 0],
  ['years', '999999999999', undefined, 4 * hourMs],
  ['less than nothing', '-5', undefined, 0],
  ['words', 'soon', 'now', 0],
])('a receiver that asks for %s', (_what, retryAfter, date, restMs) => {
  expect(askedRestMs(retryAfter, date)).toBe(restMs);
});
