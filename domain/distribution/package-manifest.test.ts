import { describe, expect, test } from '@jest/globals';
import { readParagraphs } from './control-file.js';
import { indexCatalog } from './index-catalog.js';
import { packageManifest } from './package-manifest.js';

const paragraphs = (text: string) => [...readParagraphs(text, 'control')];

function manifestOf(fields: string) {
  const [first] = paragraphs(`Package: app\nVersion: 1.0-1\nArchitecture: armhf\n${fields}`);
  return packageManifest(first ?? new Map());
}

describe('a control file', () => {
  test('has paragraphs of fields that may go on', () => {
    const text = '\n\nPackage: a\r\nDescription: one\n two\n .\n\n\n# said\nPackage: b\n';
    expect(paragraphs(text).map((fields) => Object.fromEntries(fields))).toEqual([
      { package: 'a', description: 'one\ntwo\n.' },
      { package: 'b' },
    ]);
  });

  test.each([
    [' a', 'control:1: a line goes on with no field'],
    ['a: b\nc', 'control:2: there is no "Field: value"'],
    ['a: b\nA: c', 'control:2: the field A is there twice'],
  ])('%j: %s', (text, message) => {
    expect(() => paragraphs(text)).toThrow(message);
  });
});

describe('a package', () => {
  test('requires what it depends on, one of alternatives', () => {
    expect(
      manifestOf('Depends: a (>= 2), b:any | c (<< 3), d (= 1:1.0-1)\nPre-Depends: e (> 1)\n').manifest
        .requires,
    ).toEqual([
      { name: 'e', version: '>=1.0.0' },
      { name: 'a', version: '>=2.0.0' },
      { anyOf: [{ name: 'b' }, { name: 'c', version: '>0.0.0-0 <3.0.0' }] },
      { name: 'd', version: '1.0.1-0.0r0.1.0e' },
    ]);
  });

  test('provides, conflicts, and is for a platform', () => {
    const { manifest, platform } = manifestOf('Provides: x, y (= 2)\nConflicts: x\nBreaks: z (<= 1-1)\n');
    expect(manifest).toMatchObject({
      provides: [
        { name: 'x', version: '0.0.0-0' },
        { name: 'y', version: '2.0.0' },
      ],
      conflicts: [{ name: 'x' }, { name: 'z', version: '>0.0.0-0 <=1.0.1-0.0r0.1.0e' }],
    });
    expect(platform).toEqual({ arch: 'armv7', os: 'linux' });
  });

  test('says what is lost of it', () => {
    const { losses } = manifestOf('Recommends: r\nDepends: a (>= 1:2), b:arm64\nReplaces: s\n');
    expect(losses.map(({ kind, what }) => `${kind} ${what}`)).toEqual([
      'epoch a >= 1:2',
      'architecture Depends: b:arm64',
      'relation Recommends: r',
      'relation Replaces: s',
    ]);
  });

  test.each([
    ['Depends: a (>= )', 'Depends'],
    ['Conflicts: a | b', 'Conflicts'],
    ['Depends: a (>= 1 2)', 'Depends'],
    ['Provides: a (= x y)', 'Provides'],
  ])('%s is refused', (field, named) => {
    expect(() => manifestOf(`${field}\n`)).toThrow(named);
  });
});

describe('an index', () => {
  const entry = (name: string, version: string, more = '') =>
    `Package: ${name}\nVersion: ${version}\nArchitecture: amd64\nSize: 10\nInstalled-Size: 2\n${more}\n`;

  test('bounds of another epoch than that of all versions there are hold always, or never', () => {
    const text = [
      entry('b', '1:1.0-1'),
      entry('a', '1-1', 'Depends: b (>= 5) | c\nConflicts: b (<< 7)\n'),
      entry('d', '1-1', 'Depends: b (<< 2)\n'),
    ].join('\n');
    const { artifacts, losses } = indexCatalog(paragraphs(text));
    expect(artifacts.map(({ requires, conflicts }) => ({ requires, conflicts }))).toEqual([
      {},
      { requires: [{ anyOf: [{ name: 'b', version: '>0.0.0-0' }, { name: 'c' }] }] },
      { requires: [{ name: 'b', version: '<0.0.0-0' }] },
    ]);
    expect(losses).toEqual({ epoch: { count: 1, example: 'b 1:1.0-1: Version: 1:1.0-1' } });
  });

  test('architectures of a version are its variants; what cannot be read is left out, and named', () => {
    const text = [
      entry('a', '1-1'),
      entry('a', '1-1').replace('amd64', 'arm64'),
      entry('a', '1-1'),
      entry('a', '1-1', 'Depends: other\n'),
      entry('b', 'one two'),
      entry('c', '1').replace('Size: 10', 'Size: large'),
    ].join('\n');
    const { artifacts, skipped } = indexCatalog(paragraphs(text));
    expect(artifacts).toMatchObject([
      {
        name: 'a',
        variants: [
          { platform: { arch: 'x86_64' }, size: 10, installedSize: 2048 },
          { platform: { arch: 'aarch64' } },
        ],
      },
    ]);
    expect(skipped.map((one) => one.package)).toEqual(['a 1-1', 'b one two', 'c 1']);
  });

  test.each([
    ['armel', 'armv5tel'],
    ['mipsel_24kc', 'mips'],
    ['arm_cortex-a7_neon-vfpv4', 'armv7'],
    ['arm_arm1176jzf-s_vfp', 'armv6'],
    ['aarch64_cortex-a53', 'aarch64'],
    ['x86_64', 'x86_64'],
    ['i386_pentium4', 'i686'],
    ['riscv64', 'riscv64'],
  ])('%s is %s', (architecture, arch) => {
    const [first] = paragraphs(`Package: a\nVersion: 1\nArchitecture: ${architecture}\n`);
    expect(packageManifest(first ?? new Map()).platform).toEqual({ arch, os: 'linux' });
  });
});
