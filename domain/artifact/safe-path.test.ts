import { expect, test } from '@jest/globals';
import { isSafePath } from './safe-path.js';

test.each(['a', 'bin/app', 'files/armv7/lib.so.1', 'ünïcode/ok', '.hidden', 'a b', '...'])(
  '%j is safe',
  (path) => {
    expect(isSafePath(path)).toBe(true);
  },
);

test.each([
  '',
  '/',
  '/etc',
  'a//b',
  'a/',
  './a',
  'a/.',
  '..',
  'a/../b',
  'a\\b',
  'a\nb',
  'a\tb',
  'a\u0000',
  'a\u007f',
  'a\u0085',
  'x'.repeat(101),
  `${'ab/'.repeat(80)}c`,
  'e\u0301',
  '\ud800',
  `${'é'.repeat(50)}x`,
])('%j is refused', (path) => {
  expect(isSafePath(path)).toBe(false);
});
