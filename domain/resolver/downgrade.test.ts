import { describe, expect, test } from '@jest/globals';
import { parseRequest } from '../plan/request.js';
import { createCatalog } from './create-catalog.js';
import { resolve } from './resolve.js';
import { artifact, gateway, needs } from './testing/builders.js';

const catalog = createCatalog([
  ...['1.0.0', '1.5.0', '2.0.0'].map((version) => artifact(`app@${version}`)),
  artifact('old@1.0.0', { requires: needs('app@^1') }),
  artifact('lib@1.0.0'),
  artifact('tool@1.0.0', { requires: needs('lib@^1') }),
]);

function plansOf(request: string, installed: readonly string[], allowDowngrade: boolean) {
  const profile = gateway({
    installed: installed.map((key) => ({
      name: key.slice(0, key.indexOf('@')),
      version: key.slice(key.indexOf('@') + 1),
    })),
  });
  return resolve({ catalog, gateway: profile, requests: [parseRequest(request)], allowDowngrade });
}

describe('where a downgrade is not allowed', () => {
  test('an older version than there is is refused, with the name of the option', () => {
    const refused = plansOf('app@^1', ['app@2.0.0'], false);
    expect(refused.outcome).toBe('unsatisfiable');
    expect(refused.explanation).toMatch(/app 1\.0\.0 and 1\.5\.0 would take the place of the newer 2\.0\.0/);
    expect(refused.explanation).toContain('--allow-downgrade (API: allowDowngrade)');
    expect(plansOf('app@^1', ['app@2.0.0'], true).plans[0]).toMatchObject({ install: ['app@1.5.0'] });
  });

  test('what is there stays when the request takes it, and newer ones come as before', () => {
    expect(plansOf('app@^1', ['app@1.5.0'], false).plans[0]).toMatchObject({ install: [] });
    expect(plansOf('app', ['app@1.0.0'], false).plans[0]).toMatchObject({ install: ['app@2.0.0'] });
    expect(plansOf('app@^1', [], false).plans[0]).toMatchObject({ install: ['app@1.5.0'] });
  });

  test('no fallback is a downgrade either', () => {
    const { plans } = plansOf('app', ['app@1.5.0'], false);
    expect(plans.map(({ install }) => install)).toEqual([['app@2.0.0'], []]);
  });

  test('what is only needed may be older: that is its own ranking', () => {
    expect(plansOf('tool', ['lib@2.0.0'], false).plans[0]).toMatchObject({
      install: ['lib@1.0.0', 'tool@1.0.0'],
    });
    expect(plansOf('old', ['app@2.0.0'], false).plans[0]).toMatchObject({
      install: ['app@1.5.0', 'old@1.0.0'],
    });
  });
});
