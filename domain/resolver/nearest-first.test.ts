import { describe, expect, test } from '@jest/globals';
import { artifact, gateway, needs, run } from './testing/builders.js';

const chosen = (...input: Parameters<typeof run>) => run(...input).plans[0]?.install.toSorted();

describe('nearest first', () => {
  const below = [
    artifact('lib@2.0.0', { requires: needs('base@1.0.0') }),
    artifact('lib@1.0.0', { requires: needs('base') }),
    artifact('base@1.0.0'),
    artifact('base@1.1.0'),
    artifact('base@2.0.0'),
  ];

  test('an old version of the application changes nothing', () => {
    const app = artifact('app@2.0.0', { requires: needs('lib') });
    const old = artifact('app@1.0.0', { requires: needs('lib', 'base') });
    const expected = ['app@2.0.0', 'base@1.0.0', 'lib@2.0.0'];
    expect(chosen([app, ...below], gateway(), 'app')).toEqual(expected);
    expect(chosen([app, old, ...below], gateway(), 'app')).toEqual(expected);
  });

  test('nor does an old version of something in between', () => {
    const catalog = [
      artifact('app@1.0.0', { requires: needs('kit') }),
      artifact('kit@2.0.0', { requires: needs('lib') }),
      artifact('kit@1.0.0', { requires: needs('lib', 'base') }),
      ...below,
    ];
    expect(chosen(catalog, gateway(), 'app')).toEqual(['app@1.0.0', 'base@1.0.0', 'kit@2.0.0', 'lib@2.0.0']);
  });

  test('what the plan itself requires nearer counts nearer', () => {
    const catalog = [artifact('app@1.0.0', { requires: needs('lib', 'base') }), ...below];
    // Both are one requirement away: one step back for one of them, or two for the other.
    expect(chosen(catalog, gateway(), 'app')).toEqual(['app@1.0.0', 'base@2.0.0', 'lib@1.0.0']);
  });

  test('which of several providers is taken decides what is near', () => {
    const provides = [{ name: 'bus', version: '1.0.0' }];
    const catalog = [
      artifact('app@1.0.0', { requires: needs('bus', 'far') }),
      artifact('far@1.0.0', { requires: needs('base') }),
      artifact('busd@1.0.0', { provides, requires: needs('base@1.0.0') }),
      artifact('relay@1.0.0', { provides, requires: needs('wire') }),
      artifact('wire@1.0.0', { requires: needs('base@1.1.0') }),
      ...below,
    ];
    // Whichever bus it is, base is two requirements away because of far, so the younger base wins.
    expect(chosen(catalog, gateway(), 'app')).toContain('base@1.1.0');
  });

  test('who relies on whom in a circle may stay open', () => {
    // Each way round a circle brings the same nodes within reach again, one requirement farther.
    const either = (...names: string[]) => ({ anyOf: needs(...names) });
    const catalog = [
      artifact('app@1.0.0', { requires: [either('a', 'b')] }),
      artifact('a@1.0.0', { requires: [either('b', 'c')] }),
      artifact('b@1.0.0', { requires: [either('c', 'a')] }),
      artifact('c@1.0.0', { requires: [either('a', 'b'), ...needs('base@1.0.0')] }),
      ...below,
    ];
    expect(chosen(catalog, gateway(), 'app')).toEqual(['a@1.0.0', 'app@1.0.0', 'b@1.0.0']);
    const old = [{ name: 'base', version: '1.0.0' }];
    const newer = [...catalog, artifact('base@0.9.0', { requires: needs('base') })];
    expect(chosen(newer, gateway({ installed: old }), 'app')).toHaveLength(3);
  });
});
