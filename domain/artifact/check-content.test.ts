import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { layoutPackage } from '../package-format/layout-package.js';
import { LeonoreError } from '../errors.js';
import { checkContent } from './check-content.js';
import type { ArtifactManifest } from './manifest.js';

const manifest: ArtifactManifest = { name: 'app', version: '1.0.0', kind: 'library' };

const accepted = (paths: readonly string[]): boolean => {
  try {
    checkContent(
      manifest,
      paths.map((path) => ({ path, sha256: 'a'.repeat(64), sizeBytes: 1, mode: '0644' })),
    );
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'MALFORMED_ARTIFACT' });
    return false;
  }
};

const packaged = (paths: readonly string[], requested: boolean): boolean => {
  const files = paths.map((path) => ({ path, sha256: 'a'.repeat(64), size: 1, mode: '0644' as const }));
  const of = {
    name: 'app',
    version: '1.0.0',
    kind: 'library' as const,
    digest: 'b'.repeat(64),
    installedSize: 1,
  };
  const how = { control: {}, start: false, keepData: false };
  try {
    layoutPackage({ artifacts: [{ ...of, ...how, requested, files }], tree: [] }, () => 'c'.repeat(64));
    return true;
  } catch (error) {
    if (error instanceof LeonoreError) return false;
    throw error;
  }
};

describe('the files of an artifact', () => {
  test.each([213, 222, 240])(
    'with a path of %i characters are taken only if a package can hold them',
    (length) => {
      const path = `${'d'.repeat(90)}/${'e'.repeat(60)}/${'f'.repeat(length - 152)}`;
      expect(path).toHaveLength(length);
      expect(accepted([path])).toBe(packaged([path], false));
    },
  );

  test('that are taken can be packaged, asked for or as a dependency', () => {
    const segment = fc.string({
      unit: fc.constantFrom('a', 'A', 'b', '.', 'ß'),
      minLength: 1,
      maxLength: 90,
    });
    const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));
    fc.assert(
      fc.property(fc.uniqueArray(path, { minLength: 1, maxLength: 3 }), (paths) => {
        if (accepted(paths)) expect([packaged(paths, true), packaged(paths, false)]).toEqual([true, true]);
      }),
    );
  });
});
