import { describe, expect, test } from '@jest/globals';
import { reasonOf, templateOf } from './reason.js';

describe('the same reason on many gateways', () => {
  test.each([
    [
      'the check of app did not end within 0.0032 s',
      'the check of app did not end within 59.9 s',
      'the check of app did not end within # s',
    ],
    ['port 8080 is closed', 'port 9 is closed', 'port # is closed'],
    [
      'it took 12ms and 3.5 MB, at 10.0.0.9:8080',
      'it took 1ms and 4 MB, at 192.168.1.12:80',
      'it took #ms and # MB, at #:#',
    ],
    [
      'delivery 01234567-89ab-cdef-0123-456789abcdef is gone',
      'delivery fedcba98-89ab-cdef-0123-456789abcdef is gone',
      'delivery # is gone',
    ],
    ['archive 9f86d081884c7d65 differs', 'archive 60303ae22b998861 differs', 'archive # differs'],
  ])('%s', (one, other, template) => {
    expect(templateOf(one).template).toBe(template);
    expect(templateOf(other).template).toBe(template);
  });

  test.each(['app@1.2.0 is not armv7', 'lib2 needs x86_64 and v1.2', 'effaced, defaced and cafebabe'])(
    'names and versions stay: %s',
    (message) => {
      expect(templateOf(message)).toEqual({ template: message, parameters: [], output: null });
    },
  );

  test('what a script printed is no part of it', () => {
    const { template, parameters, output } = templateOf(
      'not well within 60 s: the check of app ended with status 7: no such table: users\nat 12:00',
    );
    expect(template).toBe('not well within # s: the check of app ended with status #');
    expect(parameters).toEqual(['60', '7']);
    expect(output).toBe('no such table: users\nat 12:00');
  });
});

describe('a delivery that', () => {
  test('did not end badly has no reason', () => {
    for (const state of ['succeeded', 'cancelled', 'superseded', 'pending'] as const)
      expect(reasonOf({ state, error: null, explanation: null })).toBeNull();
  });

  test('has no plan has the explanation', () => {
    expect(
      reasonOf({ state: 'incompatible', error: null, explanation: 'app needs 40 MB\nthere are 12 MB' }),
    ).toEqual({
      class: 'incompatible',
      template: 'app needs # MB',
      parameters: ['40'],
      output: 'there are 12 MB',
    });
  });

  test('says nothing has its class in words', () => {
    expect(reasonOf({ state: 'lost', error: null, explanation: null })?.template).toMatch(
      /nothing was heard/u,
    );
    expect(reasonOf({ state: 'failed', error: 'x', explanation: null })).toMatchObject({ class: 'internal' });
  });
});
