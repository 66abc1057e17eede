import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { packageRoot } from '../../../process/package-root.js';
import { processIdentity } from '../../../stack/process-identity.js';
import { startTestDatabase } from '../postgres.js';
import { testTemporal } from '../temporal.js';
import { type PostgresAddress, withPostgres } from './postgres-for-tests.js';

let owner: ChildProcess | undefined;

afterEach(() => {
  owner?.kill('SIGKILL');
});

/** A process that opens shared servers as Jest's own does, and says where. */
async function openInProcess(): Promise<string> {
  const setup = pathToFileURL(join(packageRoot(), 'tests', 'support', 'servers', 'global-setup.mjs')).href;
  owner = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `const setup = await import(${JSON.stringify(setup)});
       await setup.default();
       console.log(setup.servers.url);
       setInterval(() => undefined, 60_000);`,
    ],
    { cwd: packageRoot(), env: { ...process.env, NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const { stdout } = owner;
  if (stdout === null) throw new Error('no output');
  const [line] = (await once(stdout, 'data')) as [Buffer];
  return line.toString().trim();
}

test('a server is started once for all who ask, and ends when its owner is killed', async () => {
  const desk = await openInProcess();
  const ask = async () => (await (await fetch(`${desk}/postgres`)).json()) as PostgresAddress;
  const [server, same] = await Promise.all([ask(), ask()]);
  expect(same).toEqual(server);
  const data = await withPostgres(server.adminUrl, async (client) => {
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    return rows[0]?.data_directory ?? '';
  });
  const pid = Number((await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')[0]);
  expect(processIdentity(pid)).toBeDefined();
  owner?.kill('SIGKILL');
  while (processIdentity(pid) !== undefined || existsSync(dirname(data))) await delay(20);
}, 60_000);

test('what is not there is refused in words', async () => {
  const answer = await fetch(`${await openInProcess()}/oracle`);
  expect(answer.status).toBe(500);
  expect(await answer.text()).toBe('there is no shared server /oracle');
});

test('callers do not see each other', async () => {
  const [one, other] = await Promise.all([startTestDatabase(), startTestDatabase()]);
  await withPostgres(one.url, (client) => client.query('CREATE TABLE mine (id int)'));
  await withPostgres(other.url, async (client) => {
    expect((await client.query("SELECT to_regclass('mine') AS found")).rows).toEqual([{ found: null }]);
  });
  await Promise.all([one.stop(), other.stop()]);
  const [here, there] = await Promise.all([testTemporal(), testTemporal()]);
  const start = { taskQueue: 'none', workflowId: 'same' };
  await here.environment.client.workflow.start('nobodyRunsThis', start);
  await there.environment.client.workflow.start('nobodyRunsThis', start);
  await Promise.all([here.stop(), there.stop()]);
}, 60_000);
