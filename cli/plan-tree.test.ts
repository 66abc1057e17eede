import { expect, test } from '@jest/globals';
import { artifact, gateway, needs, run } from '../domain/resolver/testing/builders.js';
import { planLines } from './plan-tree.js';

test('a plan says what it takes from the gateway: of each artifact that asks for something', () => {
  const catalog = [
    artifact('meter@1.0.0', {
      kind: 'application',
      requires: needs('bus'),
      isolation: 'user',
      limits: { memoryBytes: 2 * 1024 * 1024, processes: 3, cpuPercent: 20, diskBytes: 1024 * 1024 },
      needs: { devices: ['/dev/ttyS1'], paths: ['/sys/class/gpio'], ports: [1883] },
    }),
    artifact('bus@1.0.0', { needs: { devices: ['/dev/i2c/1'] } }),
    artifact('plain@1.0.0'),
  ];
  const at = gateway({
    state: { limits: false, digest: '0', applications: [], damaged: [], isolation: 'full' },
  });
  const { plans } = run(catalog, at, 'meter', 'plain');
  const text = (plans[0] === undefined ? [] : planLines(plans[0])).join('\n');
  for (const line of [
    'meter@1.0.0 isolation: at least user',
    'meter@1.0.0 devices: /dev/ttyS1',
    'meter@1.0.0 paths: /sys/class/gpio',
    'meter@1.0.0 ports: 1883',
    'bus@1.0.0 devices: /dev/i2c/1',
  ])
    expect(text).toContain(line);
  expect(text).toMatch(
    /meter@1\.0\.0 at most: 2(\.0)? MiB of memory, 3 processes, 20% of a core, 1(\.0)? MiB of data/,
  );
  expect(text).not.toMatch(/plain@1\.0\.0 (isolation|at most|devices|paths|ports)/);
});
