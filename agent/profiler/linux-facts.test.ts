import { expect, test } from '@jest/globals';
import { muslVersion, staticLinuxFacts } from './linux-facts.js';

test.each([
  ['musl libc (x86_64)\nVersion 1.2.4\nDynamic Program Loader\nUsage: ldd [options]', 'musl 1.2.4'],
  ['musl libc\nVersion 1.1.24', 'musl 1.1.24'],
  ['ldd (Debian GLIBC 2.36-9+deb12u14) 2.36', 'musl'],
  ['', 'musl'],
])('what the loader prints as %j is %s', (printed, libc) => {
  expect(muslVersion(printed)).toBe(libc);
});

test('the C library is reported with its version', async () => {
  const { software } = await staticLinuxFacts.read();
  expect(software).toMatchObject({ libc: expect.stringMatching(/^(glibc|musl) \d+\.\d+/u) as unknown });
});
