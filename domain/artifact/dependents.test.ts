import { expect, test } from '@jest/globals';
import { createCatalog } from '../resolver/create-catalog.js';
import { dependentsOf } from './dependents.js';
import type { ArtifactManifest } from './manifest.js';

function manifest(name: string, version: string, changes: Partial<ArtifactManifest> = {}): ArtifactManifest {
  return { name, version, kind: 'library', ...changes };
}

const libOne = manifest('lib', '1.0.0');
const libTwo = manifest('lib', '2.0.0', { provides: [{ name: 'codec', version: '1.0.0' }] });
const codec = manifest('soft-codec', '1.0.0', { provides: [{ name: 'codec', version: '1.0.0' }] });
const narrow = manifest('narrow', '1.0.0', { requires: [{ name: 'lib', version: '^1' }] });
const wide = manifest('wide', '1.0.0', { requires: [{ name: 'lib' }] });
const either = manifest('either', '1.0.0', {
  requires: [{ anyOf: [{ name: 'lib', version: '^1' }, { name: 'soft-codec' }] }],
});
const virtual = manifest('virtual', '1.0.0', { requires: [{ name: 'codec' }] });
const all = [libOne, libTwo, codec, narrow, wide, either, virtual];

function broken(removed: ArtifactManifest, others = all) {
  return dependentsOf(removed, others, createCatalog(others)).map(
    ({ artifact, because }) => `${artifact}: ${because}`,
  );
}

test('breaks what nothing else would do for, and nothing besides', () => {
  expect(broken(libOne)).toEqual(['narrow@1.0.0: lib ^1']);
  expect(broken(libTwo)).toEqual([]);
  expect(broken(codec)).toEqual([]);
});

test('breaks what has no other way left, be it by a provided name', () => {
  expect(
    broken(
      libOne,
      all.filter((one) => one !== codec),
    ),
  ).toEqual(['narrow@1.0.0: lib ^1', 'either@1.0.0: lib ^1 or soft-codec']);
  expect(
    broken(
      libTwo,
      all.filter((one) => one !== codec),
    ),
  ).toEqual(['virtual@1.0.0: codec']);
});
