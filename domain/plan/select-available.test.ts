import { expect, test } from '@jest/globals';
import { parseRequest } from './request.js';
import { selectAvailable, type AvailableVersion } from './select-available.js';

const own = (version: string, prerelease = false): AvailableVersion => ({
  artifact: `jvm@${version}`,
  version,
  prerelease,
});
const by = (artifact: string, version: string): AvailableVersion => ({
  artifact,
  version,
  prerelease: false,
});

test('the newest of the name, prereleases only where they are wanted', () => {
  const named = [own('8.1.0'), own('8.10.0'), own('9.0.0-rc.1')];
  expect(selectAvailable(parseRequest('jvm'), named, [])).toBe('jvm@8.10.0');
  expect(selectAvailable(parseRequest('jvm@^9.0.0-rc'), named, [])).toBe('jvm@9.0.0-rc.1');
  expect(selectAvailable(parseRequest('jvm'), [...named, own('9.1.0-rc.1', true)], [])).toBe(
    'jvm@9.1.0-rc.1',
  );
});

test('what provides the name, when none of that name fits', () => {
  const provided = [by('jvm-compact@3.0.0', '8.2.0'), by('jvm-tiny@1.0.0', '7.0.0')];
  expect(selectAvailable(parseRequest('jvm@^8'), [], provided)).toBe('jvm-compact@3.0.0');
  expect(selectAvailable(parseRequest('jvm@^7'), [own('8.0.0')], provided)).toBe('jvm-tiny@1.0.0');
  expect(selectAvailable(parseRequest('jvm@^8'), [own('8.0.0')], provided)).toBe('jvm@8.0.0');
});

test('what is missing is said', () => {
  expect(() => selectAvailable(parseRequest('jvm'), [], [])).toThrow('there is no artifact "jvm"');
  expect(() => selectAvailable(parseRequest('jvm@^9'), [own('8.0.0')], [])).toThrow(
    'no version of "jvm" matches jvm@^9; there are 8.0.0',
  );
  expect(() => selectAvailable(parseRequest('jvm@^9'), [], [by('jvm-compact@3.0.0', '8.2.0')])).toThrow(
    'there are 8.2.0 by jvm-compact@3.0.0',
  );
});
