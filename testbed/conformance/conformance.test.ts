/** Both agents of LEONORE hold what the kit asks, and the kit notices one that does not. */
import { expect, test } from '@jest/globals';
import { join } from 'node:path';
import { packageRoot } from '../../process/package-root.js';
import { busybox } from '../../tests/support/busybox-bed.js';
import { busyBoxAgent } from '../busybox/busybox-root.js';
import { runScenarios, type ScenarioResult } from './run-scenarios.js';

const failed = (results: readonly ScenarioResult[]): ScenarioResult[] =>
  results.filter(({ problem }) => problem !== null);

test('the TypeScript agent', async () => {
  const main = join(packageRoot(), 'dist', 'agent', 'main.js');
  expect(failed(await runScenarios(`${process.execPath} ${main} --health-timeout 5`))).toEqual([]);
}, 300_000);

(busybox === '' ? test.skip : test)(
  'the BusyBox agent',
  async () => {
    expect(failed(await runScenarios(`${busybox} sh ${busyBoxAgent}`))).toEqual([]);
  },
  600_000,
);
