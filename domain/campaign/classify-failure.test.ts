import { expect, test } from '@jest/globals';
import { classifyFailure } from './classify-failure.js';

test.each([
  ['failed', { class: 'network' }, 'network'],
  ['failed', { class: 'state' }, 'internal'],
  ['failed', { code: 'VALUE_MISSING' }, 'incompatible'],
  ['failed', { code: 'BUILD_FAILED' }, 'incompatible'],
  ['failed', { code: 'DATABASE_UNAVAILABLE' }, 'internal'],
  ['failed', { code: 'DEADLINE_PASSED' }, 'lost'],
  ['failed', { code: 'constructor' }, 'internal'],
  ['failed', null, 'internal'],
  ['incompatible', null, 'incompatible'],
  ['lost', null, 'lost'],
  ['succeeded', null, null],
  ['cancelled', null, null],
  ['installing', null, null],
] as const)('%s %o: %s', (state, error, expected) => {
  expect(classifyFailure(state, error)).toBe(expected);
});
