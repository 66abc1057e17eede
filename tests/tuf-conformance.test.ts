/**
 * The TUF conformance suite against what a gateway judges metadata by. What it is expected to fail at stands with reasons in
 * tests/support/tuf-conformance/client.xfails. The whole suite takes minutes, so here signatures are asked; `npm run test:soak`
 * (LEONORE_SOAK=1) asks all.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../process/package-root.js';
import { obtainConformanceSuite } from './support/tuf-conformance/obtain-suite.js';

const own = join(packageRoot(), 'tests', 'support', 'tuf-conformance');
const bounded = [join('tuf_conformance', 'test_keys.py')];
const asked = process.env['LEONORE_SOAK'] === '1' ? ['tuf_conformance'] : bounded;
/** The end of what it printed, which holds its findings. */
const keptOutput = 20_000;
const timeoutMs = 40 * 60_000;

test(
  'each test of the suite ends as it is expected to',
  async () => {
    const suite = await obtainConformanceSuite();
    if ('reason' in suite) {
      process.stderr.write(`not asked by the TUF conformance suite: ${suite.reason}\n`);
      return;
    }
    const options = ['-p', 'ed25519_keys', '--entrypoint', join(own, 'client'), '-q', '-rfE', '--tb=line'];
    const child = spawn(suite.python, ['-m', 'pytest', '-p', 'no:cacheprovider', ...asked, ...options], {
      cwd: suite.directory,
      env: {
        ...process.env,
        // The suite calls faketime, which is beside the client.
        PATH: `${own}:${process.env['PATH'] ?? ''}`,
        PYTHONPATH: `${suite.packages}:${own}`,
        PYTHONDONTWRITEBYTECODE: '1',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: timeoutMs,
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-keptOutput)));
    const [code] = (await once(child, 'close')) as [number | null];
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
  },
  timeoutMs + 10 * 60_000,
);
