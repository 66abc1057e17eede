import { describe, expect, test } from '@jest/globals';
import type { ArtifactManifest } from '../artifact/manifest.js';
import { artifact, gateway, needs } from '../resolver/testing/builders.js';
import { planUninstallation } from './uninstallation.js';

/** Installed artifacts written `name@version`, with `-` behind what came as a dependency. */
function uninstall(name: string, keys: readonly string[], manifests: readonly ArtifactManifest[]) {
  const installed = keys.map((key) => {
    const [own = '', version = ''] = key.replace(/-$/, '').split('@');
    return { name: own, version, requested: !key.endsWith('-') };
  });
  return planUninstallation(gateway({ installed }), name, (wanted) =>
    manifests.find((manifest) => manifest.name === wanted.name && manifest.version === wanted.version),
  );
}

const app = artifact('app@1.0.0', { requires: needs('lib@^1') });
const lib = artifact('lib@1.0.0', { requires: needs('base') });
const base = artifact('base@1.0.0');

describe('an uninstallation', () => {
  test('takes dependencies along that nothing needs any more, and what they needed', () => {
    expect(uninstall('app', ['app@1.0.0', 'lib@1.0.0-', 'base@1.0.0-'], [app, lib, base])).toEqual({
      also: ['lib', 'base'],
    });
  });

  test('leaves what was asked for, and what that needs', () => {
    expect(uninstall('app', ['app@1.0.0', 'lib@1.0.0', 'base@1.0.0-'], [app, lib, base])).toEqual({
      also: [],
    });
  });

  test.each([
    ['by range', needs('lib@^1')],
    ['by choice', [{ name: 'lib', optional: true }]],
    ['as one of several', [{ anyOf: needs('other', 'lib') }]],
    ['by another name', needs('drawing')],
  ])('leaves what another artifact uses %s', (_how, requires) => {
    const other = artifact('tool@1.0.0', { requires });
    const drawing = { ...lib, provides: [{ name: 'drawing', version: '1.0.0' }] };
    expect(
      uninstall('app', ['app@1.0.0', 'lib@1.0.0-', 'base@1.0.0-', 'tool@1.0.0'], [app, drawing, base, other]),
    ).toEqual({ also: [] });
  });

  test('leaves all while it is not known what something needs, and what a policy keeps', () => {
    const keys = ['app@1.0.0', 'lib@1.0.0-', 'base@1.0.0-'];
    expect(uninstall('app', [...keys, 'stranger@1.0.0'], [app, lib, base])).toEqual({ also: [] });
    const kept = { ...lib, policies: { removable: false } };
    expect(uninstall('app', keys, [app, kept, base])).toEqual({ also: [] });
  });

  test('is refused while another artifact needs it', () => {
    expect(uninstall('lib', ['app@1.0.0', 'lib@1.0.0-'], [app, lib])).toEqual({ neededBy: 'app@1.0.0' });
  });
});
