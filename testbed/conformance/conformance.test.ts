/** Both agents of LEONORE hold what the kit asks: the quick scenarios, and with LEONORE_SOAK=1 all of them. */
import { expect, test } from '@jest/globals';
import { join } from 'node:path';
import { packageRoot } from '../../process/package-root.js';
import { busybox } from '../../tests/support/busybox-bed.js';
import { busyBoxAgent } from '../busybox/busybox-root.js';
import { runScenarios, type ScenarioResult } from './run-scenarios.js';
import { quickScenarios, scenarios } from './scenarios.js';

const chosen = process.env['LEONORE_SOAK'] === '1' ? scenarios : quickScenarios;
const run = (command: string): Promise<ScenarioResult[]> => runScenarios(command, () => undefined, chosen);

const failed = (results: readonly ScenarioResult[]): ScenarioResult[] =>
  results.filter(({ problem }) => problem !== null);

test('the TypeScript agent', async () => {
  const main = join(packageRoot(), 'dist', 'agent', 'main.js');
  expect(failed(await run(`${process.execPath} ${main} --health-timeout 5`))).toEqual([]);
}, 300_000);

(busybox === '' ? test.skip : test)(
  'the BusyBox agent',
  async () => {
    expect(failed(await run(`${busybox} sh ${busyBoxAgent}`))).toEqual([]);
  },
  600_000,
);
