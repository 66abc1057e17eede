import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LeonoreError } from '../errors.js';
import type { GatewayProfile } from '../gateway/profile.js';
import { reportedMeets } from '../resolver/versions.js';
import { matches, parseSelector } from './selector.js';

const gateway: GatewayProfile = {
  id: 'gw-1',
  hardware: {
    arch: 'armv7',
    diskFree: 8 * 1024 * 1024,
    components: [{ name: 'gpio', version: '1.0.0' }],
  },
  software: { os: 'linux', kernel: '3.10.0-rc4', tools: [{ name: 'busybox', version: '1.35' }] },
  protocols: ['http', 'coap'],
  state: { isolation: 'user', limits: false, digest: '0', applications: [], damaged: [] },
  labels: { building: 'b1', floor: '10', retired: 'false', 'area/wing': 'west' },
};

const holds = (text: string) => matches(parseSelector(text), gateway, { room: '7' });

describe('selector', () => {
  test.each([
    'labels.building == "b1"',
    'labels.building == \'b1\' && hardware.arch in ("armv7","x86_64")',
    'software.tools.busybox >= "1.30"',
    'software.tools.busybox < "1.100"',
    'software.tools["busybox"] ~ "^1.34"',
    '!labels.retired',
    'hardware.diskFree > 4MiB && hardware.diskFree <= 8MiB',
    'labels.floor > 9',
    'labels.room == 7',
    'labels.area/wing == "west"',
    'labels.missing != "x"',
    '!(labels.missing == "x")',
    'labels.building == "b2" || labels.building == "b1" && protocols.coap',
    'hardware.components.gpio && !protocols.mqtt',
    'software.kernel >= "3.10.0-rc1"',
    'state.isolation == "user"',
    '!(state.isolation in ("full", "none"))',
    'id == "gw-1"',
  ])('%s holds', (text) => {
    expect(holds(text)).toBe(true);
  });

  test.each([
    'labels.missing == "x"',
    'labels.missing',
    'labels.constructor',
    'labels.missing < 3',
    'labels.building > 3',
    '(labels.building == "b2" || labels.building == "b1") && protocols.mqtt',
    'hardware.memoryFree > 0',
    'installed.app',
    'hardware.arch == true',
  ])('%s does not hold', (text) => {
    expect(holds(text)).toBe(false);
  });

  test.each([
    ['1.35.0-r17', 'software.tools.tool >= "1.35"'],
    ['1.35.0-r17', 'software.tools.tool == "1.35.0-r2"'],
    ['1.35.0-r17', 'software.tools.tool ~ ">=1.30"'],
    ['3.11.2-1+b1', 'software.tools.tool ~ "^3.9"'],
    ['1:2.36-9+deb12u4', 'software.tools.tool >= "2.36"'],
    ['2.0~rc1', 'software.tools.tool < "2.0"'],
    ['1.35.0-r17', 'hardware.components.tool ~ "~1.35.0"'],
    ['5.10.0-21-amd64', 'software.kernel ~ ">=3.10"'],
    ['5.10.0-21-amd64', 'software.kernel >= "5.10"'],
  ])('what is reported as %s, with the build of a distribution: %s', (version, text) => {
    const list = [{ name: 'tool', version }];
    const profile = {
      id: 'gw-1',
      hardware: { arch: 'armv7', components: list },
      software: { os: 'linux', kernel: version, tools: list },
    };
    expect(matches(parseSelector(text), profile)).toBe(true);
  });

  test.each([
    ['glibc 2.36', 'software.libc == "glibc" && software.libcVersion >= "2.31"'],
    ['glibc', 'software.libc == "glibc" && !software.libcVersion'],
    ['musl 1.2.4', 'software.libc != "glibc" && software.libcVersion ~ "^1.2"'],
  ])('a C library that is reported as %s: %s', (libc, text) => {
    expect(matches(parseSelector(text), { ...gateway, software: { os: 'linux', libc } })).toBe(true);
  });

  test('what was installed has the version that it says', () => {
    const profile = { ...gateway, installed: [{ name: 'app', version: '1.35.0-r17' }] };
    expect(matches(parseSelector('installed.app < "1.35.0"'), profile)).toBe(true);
    expect(matches(parseSelector('installed.app ~ ">=1.30"'), profile)).toBe(false);
  });

  test('a tool meets a range in a selector as it meets it in a requirement', () => {
    const part = fc.constantFrom('1.35.0', '1.35', '1:2.36', '3.11.2', '2.0', 'v1.2.3');
    const suffix = fc.constantFrom('', '-r17', '-1+b1', '~rc1', '-rc.1', 'p1', '+deb12u4', ' x');
    const ranges = fc.constantFrom(
      '>=1.30',
      '^3.9',
      '~1.35.0-r2',
      '<2',
      '>=2.0.0-rc.0',
      '=1.35.0-r17',
      '1.x || 2.x',
    );
    fc.assert(
      fc.property(part, suffix, ranges, (start, end, range) => {
        const version = start + end;
        const tools = [{ name: 'tool', version }];
        const profile = { id: 'g', hardware: { arch: 'armv7' }, software: { os: 'linux', tools } };
        const selector = parseSelector(`software.tools.tool ~ "${range}"`);
        expect(matches(selector, profile)).toBe(reportedMeets(version, range));
      }),
    );
  });

  test('the labels of the operator win over those of the profile', () => {
    expect(matches(parseSelector('labels.building == "b9"'), gateway, { building: 'b9' })).toBe(true);
  });

  test.each([
    ['', 1],
    ['labels.a = 1', 10],
    ['labels.a ==', 12],
    ['labels.a == b', 13],
    ['hardware.arhc == "x"', 1],
    ['labels.a == "x', 13],
    ['(labels.a', 10],
    ['labels.a labels.b', 10],
    ['hardware.diskFree > 4XiB', 21],
    ['hardware.arch in ()', 19],
    ['software.kernel ~ "nope"', 19],
    ['labels', 7],
    [`${'!'.repeat(100)}labels.a`, 34],
    [`${'('.repeat(100)}labels.a`, 34],
    [`labels.a${' '.repeat(2000)}`, 2001],
    ['labels.a == "x\0"', 15],
    ['labels.a == "\ud83d"', 14],
    ['labels["\udc00"]', 9],
  ])('%j is refused at column %d', (text, column) => {
    const parse = () => parseSelector(text);
    expect(parse).toThrow(LeonoreError);
    try {
      parse();
    } catch (error) {
      expect((error as LeonoreError).code).toBe('MALFORMED_INPUT');
      expect((error as LeonoreError).details['column']).toBe(column);
    }
  });

  test('any text is either read or refused as malformed', () => {
    const piece = fc.constantFrom(
      'labels.a',
      '==',
      '"x"',
      '(',
      ')',
      '&&',
      '||',
      '!',
      'in',
      ',',
      '7',
      'MiB',
      '~',
      ' ',
      '"',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        try {
          matches(parseSelector(pieces.join(' ')), gateway);
        } catch (error) {
          expect(error).toBeInstanceOf(LeonoreError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
