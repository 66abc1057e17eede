import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { failureText, rolloutFailureText, type EndedDelivery } from './failure-text.js';
import { deliveryStates, troubleStates } from './state.js';

const ended: EndedDelivery = {
  state: 'failed',
  error: null,
  explanation: null,
  endedAt: '2026-05-01T10:00:00.000Z',
  lastSeenAt: '2026-05-01T08:00:00.000Z',
};

describe('a failure says what happened, what the gateway has now, and what to do', () => {
  test.each([
    [
      'before anything was touched',
      { error: { class: 'network', step: 'download', message: 'no route to host' } },
      "Failed at step download: it could not be fetched. No route to host. Nothing on the gateway was changed. See to the gateway's connection, and provision again.",
    ],
    [
      'after the switch',
      { error: { class: 'health', step: 'start', message: 'check exited with 1' } },
      'Failed at step start: it does not run as it should. Check exited with 1. What was there before is back, and runs. Read what its check says, and correct the artifact or the values.',
    ],
    [
      'that could not be undone',
      {
        error: {
          class: 'script',
          step: 'start',
          message: 'exit 2; what was there before could not be restored: gone',
        },
      },
      'Failed at step start: a script of the artifact failed. Exit 2; what was there before could not be restored: gone. What was there before is not back. Correct the artifact, and add it under a new version.',
    ],
    [
      'of LEONORE',
      { error: { code: 'VALUE_MISSING', message: 'lacks RATE' } },
      'Nothing was offered to the gateway. Lacks RATE. Set it with `leonore gateway set`, then provision again.',
    ],
    [
      'that is a silence',
      { state: 'lost' as const },
      'Nothing was heard of it by the deadline (2026-05-01T10:00:00.000Z). The gateway was last heard of at 2026-05-01T08:00:00.000Z. See that it is on and reaches its node; when it reports after all, this is corrected.',
    ],
    [
      'without a plan',
      { state: 'incompatible' as const, explanation: 'app needs libc' },
      'Nothing was offered: there is no plan for this gateway. App needs libc.',
    ],
  ])('%s', (_what, facts, text) => {
    expect(failureText({ ...ended, ...facts })).toBe(text);
  });
});

test('whatever an error is, there is a text exactly where somebody has to look', () => {
  fc.assert(
    fc.property(fc.constantFrom(...deliveryStates), fc.anything(), (state, error) => {
      const text = failureText({ ...ended, state, error });
      const isTrouble = (troubleStates as readonly string[]).includes(state);
      expect(text === null).toBe(!isTrouble);
      if (text !== null) expect(text).toMatch(/^[A-Z]/u);
    }),
  );
});

test.each([
  [null, null],
  [
    { code: 'VALUE_MISSING', message: 'lacks RATE' },
    /^[A-Z].*\. Lacks RATE\. Set it with `leonore gateway set`, then provision again\.$/u,
  ],
  [{ code: 'OF_LATER', message: 'who knows' }, /^It came to nothing\. Who knows\.$/u],
  ['odd', /^It came to nothing\.$/u],
])('why a rollout came to nothing: %j', (failure, text) => {
  if (text === null) expect(rolloutFailureText(failure)).toBeNull();
  else expect(rolloutFailureText(failure)).toMatch(text);
});
