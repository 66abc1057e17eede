import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LeonoreError } from '../errors.js';
import type { GatewayProfile } from '../gateway/profile.js';
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
