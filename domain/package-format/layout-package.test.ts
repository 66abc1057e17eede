import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { LeonoreError } from '../errors.js';
import { canonicalJson } from '../canonical-json.js';
import { checkManifest } from './check-manifest.js';
import { layoutPackage, type ArtifactInput, type PackageInput } from './layout-package.js';
import { findClash, pathProblem, splitUstarPath } from './package-path.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function artifact(name: string, over: Partial<ArtifactInput> = {}): ArtifactInput {
  return {
    name,
    version: '1.0.0',
    kind: 'library',
    digest: sha256(Buffer.from(name)),
    requested: false,
    installedSize: 10,
    control: {},
    start: false,
    keepData: false,
    files: [{ path: 'lib/data', sha256: sha256(Buffer.from(`${name}/data`)), size: 5, mode: '0644' }],
    ...over,
  };
}

function input(...artifacts: ArtifactInput[]): PackageInput {
  return { artifacts, tree: [] };
}

function inlineText(layout: ReturnType<typeof layoutPackage>, path: string): string {
  const content = layout.entries.find((entry) => entry.path === path)?.content;
  if (content?.kind !== 'inline') throw new Error(`${path} is not an inline entry`);
  return decode(content.bytes);
}

describe('the layout of a package', () => {
  const app = artifact('app', {
    kind: 'application',
    requested: true,
    control: { start: 'run.sh' },
    start: true,
    files: [{ path: 'run.sh', sha256: sha256(Buffer.from('run')), size: 3, mode: '0755' }],
  });

  test('names itself by the digest of its manifest, which lists every other file in the archive order', () => {
    const layout = layoutPackage(input(artifact('lib'), app), sha256);
    const [id, manifest, ...others] = layout.entries;
    expect(id?.path).toBe('id');
    expect(inlineText(layout, 'id')).toBe(`${layout.id}\n`);
    expect(manifest?.path).toBe('manifest.json');
    expect(sha256(Buffer.from(inlineText(layout, 'manifest.json')))).toBe(layout.id);
    expect(layout.manifest.files.map((file) => file.path)).toEqual(others.map((entry) => entry.path));
    expect(layout.manifest.contentSize).toBe(others.reduce((total, entry) => total + entry.size, 0));
  });

  test('puts requested artifacts under binary and the others under dependencies', () => {
    const paths = layoutPackage(input(artifact('lib'), app), sha256).entries.map((entry) => entry.path);
    expect(paths.slice(-2)).toEqual(['dependencies/lib-1.0.0/lib/data', 'binary/app-1.0.0/run.sh']);
  });

  test('writes one line a file into the path table, in install order', () => {
    const lines = inlineText(layoutPackage(input(artifact('lib'), app), sha256), 'path').split('\n');
    expect(lines[0]).toMatch(
      /^1\tdependencies\/lib-1.0.0\/lib\/data\tstore\/lib\/1.0.0-[0-9a-f]{12}\/lib\/data\t0644\t[0-9a-f]{64}$/,
    );
    expect(lines[1]).toMatch(/^2\tbinary\/app-1.0.0\/run.sh\tstore\/app\//);
    expect(lines).toHaveLength(3);
  });

  test('says how an artifact is to be run, and nothing where it does not matter', () => {
    const told = {
      limits: { memoryBytes: 1, processes: 2, cpuPercent: 3 },
      isolation: 'full',
      needs: { devices: ['/dev/a'], paths: ['/b'], ports: [4] },
    } as const;
    const of = (over: Partial<ArtifactInput>) =>
      checkManifest(inlineText(layoutPackage(input(artifact('lib', over)), sha256), 'manifest.json'), sha256)
        .manifest.artifacts[0];
    const [devices, paths, ports] = [[...told.needs.devices], [...told.needs.paths], [...told.needs.ports]];
    expect(of({ ...told, needs: { devices, paths, ports } })).toMatchObject(told);
    expect(Object.keys(of({}) ?? {})).not.toContain('limits');
    expect(Object.keys(of({}) ?? {})).not.toContain('isolation');
  });

  test('gives a home that changes with the content, and only with it', () => {
    const home = (files: ArtifactInput['files'], digest = '0'.repeat(64)) =>
      inlineText(layoutPackage(input(artifact('lib', { files, digest })), sha256), 'path').split('\t')[2];
    const file = { path: 'a', sha256: sha256(Buffer.from('1')), size: 1, mode: '0644' } as const;
    expect(home([file])).toBe(home([file], 'f'.repeat(64)));
    expect(home([file])).not.toBe(home([{ ...file, sha256: sha256(Buffer.from('2')) }]));
    expect(home([file])).not.toBe(home([{ ...file, mode: '0755' }]));
  });

  test('lets a rendered file take the place of a file of the artifact', () => {
    const layout = layoutPackage(
      { ...input(artifact('lib')), rendered: { 'lib@1.0.0': [{ path: 'lib/data', content: 'rendered' }] } },
      sha256,
    );
    expect(inlineText(layout, 'dependencies/lib-1.0.0/lib/data')).toBe('rendered');
    expect(layout.entries.filter((entry) => entry.path.endsWith('lib/data'))).toHaveLength(1);
  });

  test('starts nothing that has no start script', () => {
    const layout = layoutPackage(input(artifact('app', { kind: 'application', start: true })), sha256);
    expect(layout.manifest.artifacts[0]?.start).toBe(false);
  });

  test('does not depend on the order in which files are listed', () => {
    const files = ['b', 'a/c', 'a/b'].map((path) => ({
      path,
      sha256: sha256(Buffer.from(path)),
      size: 1,
      mode: '0644' as const,
    }));
    const forward = layoutPackage(input(artifact('lib', { files })), sha256);
    const backward = layoutPackage(input(artifact('lib', { files: files.toReversed() })), sha256);
    expect(backward).toEqual(forward);
  });

  test.each<[string, ArtifactInput[]]>([
    ['a path that climbs', [artifact('lib', { files: [badFile('../x')] })]],
    ['an absolute path', [artifact('lib', { files: [badFile('/etc/passwd')] })]],
    ['a path with a tab', [artifact('lib', { files: [badFile('a\tb')] })]],
    ['a path too long for ustar', [artifact('lib', { files: [badFile('x'.repeat(101))] })]],
    ['names that differ by case only', [artifact('lib', { files: [badFile('A'), badFile('a')] })]],
    ['directories that differ by case only', [artifact('lib', { files: [badFile('A/x'), badFile('a/y')] })]],
    ['a file where a directory is', [artifact('lib', { files: [badFile('a'), badFile('a/b')] })]],
    ['the same path twice', [artifact('lib', { files: [badFile('a'), badFile('a')] })]],
    ['the same artifact twice', [artifact('lib'), artifact('lib', { version: '2.0.0' })]],
    [
      'two artifacts with one directory',
      [artifact('a', { version: '1.0.0-2.0.0' }), artifact('a-1.0.0', { version: '2.0.0' })],
    ],
    ['a control script that is not there', [artifact('lib', { control: { install: 'nowhere.sh' } })]],
    ['a health check that is not there', [artifact('lib', { health: { check: 'nowhere.sh' } })]],
  ])('refuses %s', (_what, artifacts) => {
    expect(() => layoutPackage(input(...artifacts), sha256)).toThrow(LeonoreError);
  });
});

function badFile(path: string): ArtifactInput['files'][number] {
  return { path, sha256: '0'.repeat(64), size: 1, mode: '0644' };
}

describe('paths', () => {
  test('whatever is allowed fits into a ustar header', () => {
    const segment = fc.string({
      unit: fc.constantFrom('a', 'B', 'é', '.', ' ', '漢'),
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 6 }), (segments) => {
        const path = segments.join('/');
        if (pathProblem(path) !== null) return;
        const split = splitUstarPath(path);
        if (split === null) throw new Error('not splittable');
        expect(split.prefix === '' ? split.name : `${split.prefix}/${split.name}`).toBe(path);
        expect(Buffer.byteLength(split.name)).toBeLessThanOrEqual(100);
        expect(Buffer.byteLength(split.prefix)).toBeLessThanOrEqual(155);
      }),
    );
  });

  test('are refused in another Unicode form', () => {
    expect(pathProblem('e\u0301')).toContain('composed');
    expect(findClash(['ﬁ', 'fi'])).not.toBeNull();
    expect(findClash(['straße', 'STRASSE'])).not.toBeNull();
  });
});

test('canonical JSON sorts keys, leaves out undefined and parses back', () => {
  expect(canonicalJson({ b: [1, { d: null, c: undefined }], a: 'x' })).toBe('{"a":"x","b":[1,{"d":null}]}');
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(canonicalJson(JSON.parse(canonicalJson(value)))).toBe(canonicalJson(value));
    }),
  );
});
