import { expect, test } from '@jest/globals';
import { libcOf, reportedVersion } from './reported-version.js';

test.each([
  ['1.35.0-r17', '1.35.0'],
  ['3.11.2-1+b1', '3.11.2'],
  ['1:2.36-9+deb12u4', '2.36.0'],
  ['v18.19.0', '18.19.0'],
  ['9.2p1', '9.2.0'],
  ['5.15.0-91-generic', '5.15.0'],
  ['1.2.4_git20230717-r5', '1.2.4'],
  ['2024.01.05', '2024.1.5'],
  ['1.35', '1.35.0'],
  ['8', '8.0.0'],
  ['BusyBox v1.36.1', '1.36.1'],
  ['2.0.0-rc.1', '2.0.0-rc.1'],
  ['2.0~rc1-1', '2.0.0-rc.1'],
  ['3.0.0_beta2-r0', '3.0.0-beta.2'],
  ['1.0.0-dev', '1.0.0-dev'],
])('%s is read as %s', (text, expected) => {
  expect(reportedVersion(text)?.version).toBe(expected);
});

test('what has no number has no version, however long it is', () => {
  expect(reportedVersion('unknown')).toBeNull();
  expect(reportedVersion('1.'.repeat(100_000))).toBeNull();
});

test('a C library with and without a version', () => {
  expect(libcOf('musl')).toEqual({ name: 'musl', version: undefined });
  expect(libcOf('glibc 2.36')).toEqual({ name: 'glibc', version: '2.36' });
  expect(libcOf('uclibc-ng-1.0.45')).toEqual({ name: 'uclibc-ng', version: '1.0.45' });
});
