import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../../process/package-root.js';
import type { RunRecord } from './record.js';

const execute = promisify(execFile);
/** The compiled program: its processes are started from there as well. */
const program = join(packageRoot(), 'dist', 'testbed', 'main.js');
const patienceMs = 120_000;

test(
  'an experiment at level full: every gateway unpacks the package, and so it does on the floor',
  async () => {
    const options = ['--gateways', '12', '--level', 'full', '--nodes', '1', '--no-warm-up', '--json'];
    const { stdout } = await execute(process.execPath, [program, 'run', ...options], { timeout: patienceMs });
    const record = JSON.parse(stdout) as RunRecord;
    expect(record).toMatchObject({ gateways: 12, succeeded: 12, level: 'full', nodes: 1, package: 'svm' });
    expect(Math.abs(record.packageBytes - 120_000)).toBeLessThan(12_000);
    expect(record.floorSeconds).toBeGreaterThan(0);
    expect(record.seconds).toBeGreaterThan(0);
    expect(Object.keys(record.steps)).toEqual(['i', 'ii', 'iii', 'iv', 'v', 'vi', 'vii', 'viii']);
    expect(Object.keys(record.cpuSeconds)).toEqual(expect.arrayContaining(['api', 'coordinator', 'node-1']));
  },
  patienceMs,
);
