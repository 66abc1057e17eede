import { once } from 'node:events';
import { setImmediate as immediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { withinTime } from './within-time.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('the time is up, also when nothing but the limit is waited for and garbage is collected meanwhile', async () => {
  const { signal } = new AbortController();
  const all = Array.from({ length: 20 }, () =>
    withinTime(200, signal, async (limit) => {
      await once(limit, 'abort');
      return (limit.reason as Error).name;
    }),
  );
  // What is on the stack still is not collected.
  await immediate();
  collect();
  expect(await Promise.all(all)).toEqual(all.map(() => 'TimeoutError'));
});

test('whoever gives it up ends it with his reason', async () => {
  const reason = new Error('given up');
  const giving = new AbortController();
  const ended = withinTime(60_000, giving.signal, async (limit) => {
    await once(limit, 'abort');
    return limit.reason as unknown;
  });
  giving.abort(reason);
  expect(await ended).toBe(reason);
});

test('what comes of it is what comes of the work', async () => {
  expect(await withinTime(60_000, undefined, () => Promise.resolve(7))).toBe(7);
  await expect(withinTime(60_000, undefined, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
});
