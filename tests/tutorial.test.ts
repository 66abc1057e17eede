/** The commands of docs/tutorial.md, run one after the other as a reader would, and the examples that it names. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { packageRoot } from '../process/package-root.js';
import { shellBlocks } from './support/shell-blocks.js';
import { testApi, testTokens, type TestApi } from './support/test-api.js';

const run = promisify(execFile);

let directory: string;
let api: TestApi;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-tutorial-'));
  // What is tried runs as another user, who has to get through.
  await chmod(directory, 0o755);
  const main = join(packageRoot(), 'dist/cli/main.js');
  await writeFile(join(directory, 'leonore'), `#!/bin/sh\nexec node ${main} "$@"\n`, { mode: 0o755 });
  // Nothing listens there: adding artifacts needs no Temporal.
  api = await testApi('127.0.0.1:1');
}, 60_000);

afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true, force: true });
});

async function sh(script: string): Promise<string> {
  const env = {
    PATH: `${directory}:${process.env['PATH'] ?? ''}`,
    TMPDIR: directory,
    LEONORE_SERVER: api.address,
    LEONORE_TOKEN: testTokens.admin,
  };
  return (await run('sh', ['-euc', script], { cwd: directory, env })).stdout;
}

test('every command of the tutorial does what the page says', async () => {
  const page = await readFile(join(packageRoot(), 'docs/tutorial.md'), 'utf8');
  const blocks = shellBlocks(page);
  expect(blocks).toHaveLength(6);
  const printed: string[] = [];
  for (const block of blocks) printed.push(await sh(block));
  const [begun, , checked, tried, added, next] = printed;
  expect(begun).toContain('wrote bin/check');
  expect(checked).toContain('no warnings');
  expect(tried).toMatch(/the door is closed[^]*install +succeeded\nuninstall +succeeded/);
  expect(added).toMatch(/door-watch +0\.1\.0/);
  expect(next).toMatch(/\+ version: "0\.2\.0"[^]*added door-watch@0\.2\.0/);
  expect((await readdir(directory)).filter((name) => name.startsWith('leonore-try-'))).toEqual([]);
});

test('a broken check fails at the step health, as the page says', async () => {
  const script = `cp -r door-watch broken && printf 'exit 1\\n' >broken/bin/check
    leonore artifact try broken --health-timeout 1s --json && exit 9 || test $? = 1`;
  expect(JSON.parse(await sh(script))).toMatchObject({
    install: {
      failure: { step: 'health' },
      printed: { 'door-watch': expect.stringContaining('the door is') as unknown },
    },
    uninstall: null,
    dataLeft: [],
  });
});

test.each([
  ['heartbeat', ''],
  ['site-settings', '--value mqtt.password=secret'],
  ['status-page', '--value port=0'],
  ['unit-names', ''],
  ['uptime-meter', ''],
])('examples/%s passes its checks and can be tried', async (name, options) => {
  const example = join(packageRoot(), 'examples', name);
  expect(await sh(`leonore artifact check --strict ${example}`)).toContain('no warnings');
  expect(await sh(`leonore artifact try ${example} ${options}`)).toMatch(/uninstall +succeeded/);
});
