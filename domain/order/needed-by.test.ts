import { expect, test } from '@jest/globals';
import type { ArtifactManifest } from '../artifact/manifest.js';
import type { GatewayProfile } from '../gateway/profile.js';
import { neededBy } from './needed-by.js';

const manifests: ArtifactManifest[] = [
  { name: 'app', version: '1.0.0', kind: 'application', requires: [{ name: 'lib', version: '^1' }] },
  {
    name: 'either',
    version: '1.0.0',
    kind: 'application',
    requires: [{ anyOf: [{ name: 'lib' }, { name: 'other' }] }],
  },
  { name: 'perhaps', version: '1.0.0', kind: 'application', requires: [{ name: 'lib', optional: true }] },
  { name: 'lib', version: '1.1.0', kind: 'library' },
  { name: 'other', version: '2.0.0', kind: 'library', provides: [{ name: 'lib', version: '1.5.0' }] },
];

function needing(
  name: string,
  installed: string[],
  tools: { name: string; version: string }[] = [],
): string | null {
  const profile: GatewayProfile = {
    id: 'gw',
    hardware: { arch: 'armv7' },
    software: { os: 'linux', tools },
    installed: manifests.filter((manifest) => installed.includes(manifest.name)),
  };
  return neededBy(profile, name, (artifact) => manifests.find((manifest) => manifest.name === artifact.name));
}

test('what another artifact requires is needed by it', () => {
  expect(needing('lib', ['app', 'lib'])).toBe('app@1.0.0');
  expect(needing('app', ['app', 'lib'])).toBeNull();
});

test('what is provided otherwise, by choice or only wished for is not needed', () => {
  expect(needing('lib', ['app', 'lib', 'other'])).toBeNull();
  expect(needing('lib', ['app', 'lib'], [{ name: 'lib', version: '1.9.0' }])).toBeNull();
  expect(needing('lib', ['either', 'lib', 'other'])).toBeNull();
  expect(needing('lib', ['perhaps', 'lib'])).toBeNull();
  expect(needing('other', ['either', 'other'])).toBe('either@1.0.0');
});

test('what is broken already is no reason', () => {
  expect(needing('other', ['app', 'either', 'lib', 'other'])).toBeNull();
  expect(needing('lib', ['app'])).toBeNull();
});
