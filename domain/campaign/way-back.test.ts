import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Installed } from '../gateway/profile.js';
import { nextStepBack, type Returning } from './way-back.js';

const installed = (...keys: string[]) =>
  keys.map((key) => {
    const [name = '', version = ''] = key.replace('-', '').split('@');
    return { name, version, requested: !key.endsWith('-') };
  });

/** A gateway that had version 1 and got version 2. */
const gateway: Returning = {
  before: installed('app@1.0.0'),
  now: installed('app@2.0.0'),
  brought: ['app@2.0.0'],
  work: 'forth',
  state: 'succeeded',
  changedSince: false,
  tries: 0,
};

describe('the way back', () => {
  test.each<[string, Partial<Returning>, object]>([
    ['delivers what was, exactly', {}, { step: 'deliver', requests: ['app@1.0.0'] }],
    [
      'delivers what was removed, too',
      { before: installed('app@1.0.0', 'old@3.0.0') },
      { step: 'deliver', requests: ['app@1.0.0', 'old@3.0.0'] },
    ],
    [
      'uninstalls what was not there before, what was asked for first',
      { before: [], now: installed('lib@1.0.0-', 'app@2.0.0') },
      { step: 'uninstall', artifact: 'app' },
    ],
    [
      'uninstalls what came besides once what was is there again',
      { now: installed('app@1.0.0', 'lib@1.0.0-'), work: 'back', tries: 1 },
      { step: 'uninstall', artifact: 'lib' },
    ],
    [
      'has ended when it is as it was',
      { now: installed('app@1.0.0'), state: 'failed' },
      { step: 'end', leftBecause: null },
    ],
    [
      'has ended when it is as it was again',
      { now: installed('app@1.0.0'), work: 'back', tries: 1 },
      { step: 'end', leftBecause: null },
    ],
    [
      'leaves a gateway that other work has changed since',
      { now: installed('app@3.0.0'), changedSince: true },
      { step: 'end', leftBecause: expect.stringContaining('other work') },
    ],
    [
      'leaves a gateway that somebody changed by hand',
      { now: installed('app@3.0.0') },
      { step: 'end', leftBecause: expect.stringContaining('not what the campaign brought') },
    ],
    [
      'says of a lost gateway that looks as it was that it may switch yet',
      { now: installed('app@1.0.0'), state: 'lost' },
      { step: 'end', leftBecause: expect.stringContaining('silent') },
    ],
    [
      'does not try for ever what fails',
      { work: 'back', tries: 1, state: 'failed' },
      { step: 'end', leftBecause: 'the way back ended failed' },
    ],
    [
      'does not repeat what succeeded and changed nothing',
      { work: 'back', tries: 1 },
      { step: 'end', leftBecause: 'it does not become what it was' },
    ],
  ])('%s', (_what, changes, step) => {
    expect(nextStepBack({ ...gateway, ...changes })).toEqual(step);
  });

  test('ends, whatever was and is, with gateways that do as they are told: then they are as they were', () => {
    const tree = fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('a', 'b', 'c', 'd'),
        version: fc.constantFrom('1.0.0', '2.0.0'),
        requested: fc.boolean(),
      }),
      { selector: ({ name }) => name },
    );
    fc.assert(
      fc.property(tree, tree, (before, after) => {
        let now: Installed[] = [...after];
        let [work, tries]: [Returning['work'], number] = ['forth', 0];
        for (;;) {
          const step = nextStepBack({ ...gateway, before, now, brought: [], work, tries });
          if (step.step === 'end') {
            expect(step.leftBecause).toBeNull();
            expect(keysOf(now)).toEqual(keysOf(before));
            return;
          }
          if (step.step === 'uninstall') now = now.filter(({ name }) => name !== step.artifact);
          else
            for (const key of step.requests) {
              const [name = '', version = ''] = key.split('@');
              now = [...now.filter((other) => other.name !== name), { name, version, requested: true }];
            }
          [work, tries] = ['back', tries + 1];
        }
      }),
    );
  });
});

function keysOf(tree: readonly { name: string; version: string }[]): string[] {
  return tree.map(({ name, version }) => `${name}@${version}`).sort();
}
