import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { matchesIdGlob } from './id-glob.js';

/** The plain meaning of a pattern. */
function means(glob: string): RegExp {
  return new RegExp(`^${glob.replaceAll('.', '[.]').replaceAll('*', '.*').replaceAll('?', '.')}$`);
}

test('a pattern means what it says', () => {
  const sign = fc.constantFrom('a', 'b', '.', '-');
  const id = fc.string({ unit: sign, maxLength: 12 });
  const glob = fc.string({ unit: fc.oneof(sign, fc.constantFrom('*', '?')), maxLength: 8 });
  fc.assert(
    fc.property(id, glob, (text, pattern) => matchesIdGlob(text, pattern) === means(pattern).test(text)),
    { numRuns: 5_000 },
  );
});

test.each([
  ['gw-1', '*', true],
  ['gw-1', 'gw-?', true],
  ['gw-12', 'gw-?', false],
  ['plant-7-door', 'plant-*-door', true],
  ['plant-7', 'plant-*-door', false],
  ['gw', '', false],
])('%s and %s: %s', (id, glob, matches) => {
  expect(matchesIdGlob(id, glob)).toBe(matches);
});
