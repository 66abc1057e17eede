import { describe, expect, test } from '@jest/globals';
import { artifact, gateway, needs, run } from './testing/builders.js';

const profile = gateway({
  hardware: { cpus: 2, memoryTotal: 64 * 2 ** 20, cpuFeatures: ['neon', 'vfpv4'] },
  software: {
    libc: 'glibc 2.36',
    tools: [
      { name: 'busybox', version: '1.35.0-r17' },
      { name: 'python3', version: '3.11.2-1+b1' },
      { name: 'edge', version: '2.0.0-rc.1' },
    ],
  },
});

function fits(requirement: string): boolean {
  return run([artifact('app@1.0.0', { requires: needs(requirement) })], profile, 'app').plans.length > 0;
}

describe('facts of a gateway', () => {
  test.each([
    'busybox@>=1.30',
    'busybox@1.35.0',
    'python3@^3.9',
    'edge@>=2.0.0-0',
    'glibc',
    'glibc@>=2.31',
    'neon',
    'cpus@>=2',
    'memory@>=64',
  ])('meet %s', (requirement) => {
    expect(fits(requirement)).toBe(true);
  });

  test.each([
    'busybox@>=1.36',
    'python3@^2',
    'edge@^2',
    'glibc@>=2.37',
    'musl',
    'sse4_2',
    'cpus@>=4',
    'memory@>=65',
  ])('do not meet %s', (requirement) => {
    expect(fits(requirement)).toBe(false);
  });

  test.each([
    ['glibc', true],
    ['glibc 2.36', true],
    ['glibc >=2.31', true],
    ['glibc >=2.37', false],
    ['musl', false],
  ])('a variant for %s: %s', (libc, runs) => {
    const app = artifact('app@1.0.0', { variants: [{ platform: { libc }, size: 1 }] });
    expect(run([app], profile, 'app').plans.length > 0).toBe(runs);
  });

  test.each([
    ['user', 'full', true],
    ['user', 'user', true],
    ['user', 'none', false],
    ['full', 'full', true],
    ['full', 'user', false],
    ['full', undefined, false],
  ] as const)('an artifact that demands isolation %s at level %s: %s', (isolation, level, runs) => {
    const state = { limits: false, digest: '0', applications: [], damaged: [] };
    const at = gateway(level === undefined ? {} : { state: { ...state, isolation: level } });
    expect(run([artifact('app@1.0.0', { isolation })], at, 'app').plans.length > 0).toBe(runs);
  });

  test('an installable artifact of the name hides what the gateway has', () => {
    const catalog = [artifact('app@1.0.0', { requires: needs('neon') }), artifact('neon@1.0.0')];
    expect(run(catalog, profile, 'app').plans[0]?.install).toEqual(['neon@1.0.0', 'app@1.0.0']);
  });
});
