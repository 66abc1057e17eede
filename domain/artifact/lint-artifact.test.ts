import { describe, expect, test } from '@jest/globals';
import { architecture } from '../../agent/profiler/linux-facts.js';
import { lintArtifact } from './lint-artifact.js';
import type { ArtifactManifest } from './manifest.js';

const base: ArtifactManifest = { name: 'a', version: '1.0.0', kind: 'library' };
const forArch = (arch: string): ArtifactManifest => ({ ...base, variants: [{ platform: { arch } }] });
const rulesOf = (manifest: ArtifactManifest) => lintArtifact(manifest, []).map(({ rule }) => rule);

describe('architectures', () => {
  test.each([
    'x86_64',
    'i386',
    'i586',
    'i686',
    'armv7l',
    'armv6l',
    'aarch64',
    'mips',
    'riscv64',
    'ppc64le',
    'amd64',
  ])('what a gateway reports where uname says %s is known', (machine) => {
    expect(rulesOf(forArch(architecture(machine)))).toEqual([]);
  });

  test.each([
    ['amd64', 'x86_64'],
    ['arm64', 'aarch64'],
    ['armhf', 'armv7'],
    ['armv7l', 'armv7'],
    ['i386', 'i686'],
    ['X86_64', 'x86_64'],
    ['mipsel', 'mips'],
  ])('%s should be %s', (written, reported) => {
    const [lint] = lintArtifact(forArch(written), []);
    expect(lint).toMatchObject({ rule: 'arch-unknown', path: ['variants', 0, 'platform', 'arch'] });
    expect(lint?.message).toContain(JSON.stringify(reported));
  });

  test('one that nobody knows', () => {
    expect(rulesOf(forArch('z80'))).toEqual(['arch-unknown']);
  });
});

test('a version with build metadata', () => {
  expect(lintArtifact({ ...base, version: '1.2.0+build.7' }, [])).toMatchObject([
    { rule: 'build-metadata', path: ['version'] },
  ]);
  expect(rulesOf({ ...base, version: '1.2.0-rc.1' })).toEqual([]);
});

test('an application that is started and has no stop script', () => {
  const application: ArtifactManifest = { ...base, kind: 'application', control: { start: 'start' } };
  expect(rulesOf(application)).toEqual(['no-stop-script']);
  expect(rulesOf({ ...application, control: { start: 'start', stop: 'stop' } })).toEqual([]);
  expect(rulesOf({ ...application, control: {} })).toEqual([]);
});

test('scripts name their file and line', () => {
  expect(lintArtifact(base, [{ file: 'bin/start', text: '#!/bin/sh\n[[ a ]]\n' }])).toMatchObject([
    { rule: 'not-posix-sh', script: { file: 'bin/start', line: 2 } },
  ]);
});
