/** Both agents of LEONORE hold what the kit asks: the quick scenarios, and with LEONORE_SOAK=1 all of them. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { packageRoot } from '../../process/package-root.js';
import { busybox } from '../../tests/support/busybox-bed.js';
import { sourceFiles } from '../../tests/support/source-files.js';
import { busyBoxAgent } from '../busybox/busybox-root.js';
import { runScenarios, type ScenarioResult } from './run-scenarios.js';
import { quickScenarios, scenarios } from './scenarios.js';

/** A path: there are no types of it. */
const undiciParts: string = '../../scripts/undici-of-agent.mjs';
const chosen = process.env['LEONORE_SOAK'] === '1' ? scenarios : quickScenarios;
const run = (command: string): Promise<ScenarioResult[]> => runScenarios(command, () => undefined, chosen);

const failed = (results: readonly ScenarioResult[]): ScenarioResult[] =>
  results.filter(({ problem }) => problem !== null);

describe('the TypeScript agent, as one file', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leonore-bundle-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  test('without the packages that it was made of', async () => {
    const file = join(directory, 'agent.mjs');
    await promisify(execFile)(process.execPath, [join(packageRoot(), 'scripts/bundle-agent.mjs'), file]);
    expect(failed(await run(`${process.execPath} ${file} --health-timeout 5`))).toEqual([]);
  }, 300_000);

  test('has of undici what the sources use', async () => {
    const files = (await sourceFiles()).filter((file) => /^agent\/.*(?<!test)\.ts$/.test(file));
    const texts = await Promise.all(files.map((file) => readFile(join(packageRoot(), file), 'utf8')));
    const used = texts.flatMap((text) =>
      [...text.matchAll(/^import \{ (.*) \} from 'undici';$/gm)].flatMap(([, names = '']) =>
        names.split(', '),
      ),
    );
    const parts = (await import(undiciParts)) as object;
    expect([...new Set(used)].sort()).toEqual(Object.keys(parts).sort());
  });
});

(busybox === '' ? test.skip : test)(
  'the BusyBox agent',
  async () => {
    expect(failed(await run(`${busybox} sh ${busyBoxAgent}`))).toEqual([]);
  },
  600_000,
);
