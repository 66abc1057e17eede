import { expect, test } from '@jest/globals';
import { diffManifests } from './diff-manifests.js';
import type { ArtifactManifest } from './manifest.js';

const one: ArtifactManifest = {
  name: 'a',
  version: '1.0.0',
  kind: 'application',
  requires: [{ name: 'x', version: '^1' }],
  control: { start: 'start' },
};

test('fields that differ, that go and that come', () => {
  const { name, kind } = one;
  expect(
    diffManifests(one, { name, kind, version: '1.1.0', control: { start: 'start', stop: 'stop' } }),
  ).toEqual([
    { path: 'version', before: '1.0.0', after: '1.1.0' },
    { path: 'requires[0].name', before: 'x' },
    { path: 'requires[0].version', before: '^1' },
    { path: 'control.stop', after: 'stop' },
  ]);
});

test('the same manifest differs in nothing, nor does one with an empty list', () => {
  expect(diffManifests(one, structuredClone(one))).toEqual([]);
  expect(diffManifests(one, { ...one, provides: [] })).toEqual([]);
});
