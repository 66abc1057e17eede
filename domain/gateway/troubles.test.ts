import { expect, test } from '@jest/globals';
import { gateway } from '../resolver/testing/builders.js';
import type { GatewayState } from './profile.js';
import { troublesOf } from './troubles.js';

const well: GatewayState = {
  isolation: 'full',
  limits: true,
  digest: '0',
  applications: [{ name: 'app', up: true, restarts: 9, lastExit: 'status 1' }],
  damaged: [],
};

const of = (state: Partial<GatewayState>) => troublesOf(gateway({ state: { ...well, ...state } }));

test('a gateway that says nothing of its state, and one that is well, have no troubles', () => {
  expect(troublesOf(gateway())).toEqual([]);
  expect(of({})).toEqual([]);
});

test('what is down, fails its check, is damaged or was lost is told', () => {
  expect(
    of({
      applications: [
        { name: 'down', up: false, restarts: 3, lastExit: 'status 1' },
        { name: 'never', up: false, restarts: 0 },
        { name: 'sick', up: true, restarts: 0, check: 'no answer' },
      ],
      damaged: ['lib'],
      rescued: 'current was gone',
    }),
  ).toEqual([
    'down is not up, ended last with status 1, started again 3 times',
    'never is not up',
    'sick does not pass its check: no answer',
    'files of lib are damaged',
    'the agent lost its memory: current was gone',
  ]);
});
