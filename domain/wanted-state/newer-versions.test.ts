import { expect, test } from '@jest/globals';
import { barredBy, isNewer } from './newer-versions.js';

test.each([
  [['app@2.1.0'], ['app@2.0.0'], true],
  [['app@2.0.0'], ['app@2.0.0'], false],
  // What counted was removed from the catalog.
  [['app@1.9.0'], ['app@2.0.0'], false],
  [['app@1.9.0', '@own/log@1.1.0'], ['app@2.0.0', '@own/log@1.0.0'], true],
])('%s beside %s', (found, counting, newer) => {
  expect(isNewer(found, counting)).toBe(newer);
});

test('a version that another wanted state would take back is not brought out', () => {
  const other = (range: string) => [
    { title: 'wanted state 2 for hall', demands: [{ name: 'app', range, version: '2.0.0' }] },
  ];
  expect(barredBy(['log@1.0.0', 'app@2.1.0'], other('~2.0'))).toBe(
    'app@2.1.0 is not in app@~2.0, which wanted state 2 for hall asks for',
  );
  expect(barredBy(['app@2.1.0'], other('^2'))).toBeNull();
  expect(barredBy(['log@2.1.0'], other('~2.0'))).toBeNull();
});
