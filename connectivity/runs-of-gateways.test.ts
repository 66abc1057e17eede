import { expect, test } from '@jest/globals';
import { RunsOfGateways } from './runs-of-gateways.js';

const [a, b, c] = ['a', 'b', 'c'].map((digit) => digit.repeat(16)) as [string, string, string];

function told(...runs: string[]): boolean[] {
  const gateways = new RunsOfGateways();
  return runs.map((run) => gateways.isSecondDevice('gw-1', run));
}

test('a device that is started again and again is one', () => {
  expect(told(a, a, b, b, c, c)).not.toContain(true);
  // The answer to what the old run still asked came late.
  expect(told(a, b, a, c, c)).not.toContain(true);
});

test('runs that take turns are two devices, which is told once for a while', () => {
  expect(told(a, b, a, b, a, b)).toEqual([false, false, false, true, false, false]);
});

test('gateways are known apart, and what is no run counts for nothing', () => {
  const gateways = new RunsOfGateways();
  for (const [id, run] of [
    ['gw-1', a],
    ['gw-2', b],
    ['gw-1', a],
    ['gw-2', b],
  ] as const)
    expect(gateways.isSecondDevice(id, run)).toBe(false);
  expect(told('x', 'y', 'x', 'y', 'x')).not.toContain(true);
});
