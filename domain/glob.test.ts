import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { matchesGlob } from './glob.js';

/** The plain meaning of a pattern. */
function means(glob: string): RegExp {
  return new RegExp(`^${glob.replaceAll('.', '[.]').replaceAll('*', '.*').replaceAll('?', '.')}$`);
}

test('a pattern means what it says', () => {
  const sign = fc.constantFrom('a', 'b', '.', '-');
  const id = fc.string({ unit: sign, maxLength: 12 });
  const glob = fc.string({ unit: fc.oneof(sign, fc.constantFrom('*', '?')), maxLength: 8 });
  fc.assert(
    fc.property(id, glob, (text, pattern) => matchesGlob(pattern, text) === means(pattern).test(text)),
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
  expect(matchesGlob(glob, id)).toBe(matches);
});

test('patterns match as the regular expressions do that they stand for', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 10 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '*', '?'), maxLength: 8 });
  fc.assert(
    fc.property(pattern, letters, (glob, text) => {
      const expression = glob.replaceAll('.', '\\.').replaceAll('*', '[^/]*').replaceAll('?', '[^/]');
      expect(matchesGlob(glob, text)).toBe(new RegExp(`^${expression}$`).test(text));
    }),
    { numRuns: 2_000 },
  );
});

test('patterns take no longer for being hostile', () => {
  expect(matchesGlob(`${'a*'.repeat(120)}b`, 'a'.repeat(200_000))).toBe(false);
});
