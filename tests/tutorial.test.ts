/** The commands of docs/tutorial.md and docs/wanted-state.md, one after the other as a reader types them, and the examples. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { packageRoot } from '../process/package-root.js';
import { arOf, packageMembers } from './support/distribution-package.js';
import { addGateways, addNode, profileOf } from './support/test-repositories.js';
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

/** What a page gives to type. */
async function blocksOf(page: string): Promise<string[]> {
  const text = await readFile(join(packageRoot(), page), 'utf8');
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
}

/** The package of somebody else that the tutorial imports. */
function doorSensor(): Buffer {
  const control =
    'Package: door-sensor\nVersion: 1.4-2\nArchitecture: armhf\nSection: utils\nDescription: reads doors\n';
  const data = [{ path: './usr/bin/door-sensor', text: '#!/bin/sh\necho closed\n', mode: 0o755 }];
  return arOf(packageMembers({ control, data }));
}

test('every command of the tutorial does what the page says', async () => {
  const blocks = await blocksOf('docs/tutorial.md');
  expect(blocks).toHaveLength(7);
  await writeFile(join(directory, 'door-sensor_1.4-2_armhf.deb'), doorSensor());
  const printed: string[] = [];
  for (const block of blocks) printed.push(await sh(block));
  const [begun, , checked, tried, added, next, imported] = printed;
  expect(begun).toContain('wrote bin/check');
  expect(checked).toContain('no warnings');
  expect(tried).toMatch(/the door is closed[^]*install +succeeded\nuninstall +succeeded/);
  expect(added).toMatch(/door-watch +0\.1\.0/);
  expect(next).toMatch(/\+ version: "0\.2\.0"[^]*added door-watch@0\.2\.0/);
  expect(imported).toMatch(/wrote .*door-sensor-1\.4\S* +tool, 1 file[^]*no problems|no warnings/);
  expect((await readdir(directory)).filter((name) => name.startsWith('leonore-try-'))).toEqual([]);
});

test('every command of docs/wanted-state.md does what the page says', async () => {
  const { repositories } = api;
  await addNode(repositories, 'node-1');
  await addGateways(repositories, [profileOf('gw-1')]);
  await repositories.artifacts.add({ name: 'thermometer', version: '2.0.0', kind: 'application' }, []);
  await repositories.deployments.create('building', { gatewayIds: ['gw-1'], selector: null });
  await writeFile(join(directory, 'token.txt'), 'hush');
  const printed = new Map<string, string>();
  let id = '';
  for (const block of await blocksOf('docs/wanted-state.md'))
    for (const line of block.split('\n').filter((one) => one !== '')) {
      const [command = ''] = line.split(/ +#/);
      if (!command.startsWith('leonore want ')) printed.set(command, await sh(command.replace(/\bID\b/, id)));
      else {
        // Each of them is another way to want the same.
        if (id !== '') await sh(`leonore wanted end ${id}`);
        ({ id } = JSON.parse(await sh(`${command} --json`)) as { id: string });
      }
    }
  expect(printed.get('leonore wanted list')).toContain('thermometer@^2');
  expect(printed.get('leonore wanted end ID')).toContain(id);
  expect(printed.get('leonore value list')).toMatch(/interval[^]*60[^]*token/);
  expect(printed.get('leonore value list')).not.toContain('hush');
  expect(printed.get('leonore gateway values gw-1')).toMatch(/interval +5/);
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
