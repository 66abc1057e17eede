/** An application that is being started: it is not down, and it is not left behind by whoever stops it meanwhile. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Launcher } from '../isolation/launcher.js';
import { processesWith } from '../testing/agent-process.js';
import { Application } from './application.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-application-'));
  for (const name of ['container/log', 'agent/reports'])
    await mkdir(join(directory, name), { recursive: true });
});
afterEach(async () => {
  for (const pid of await processesWith('7654321.77')) process.kill(pid, 'SIGKILL');
  await rm(directory, { recursive: true });
});

test('is up from when its start is asked for, and gone when a stop that was asked for meanwhile returns', async () => {
  const container = join(directory, 'container');
  const launcher = await Launcher.open({
    container,
    own: join(directory, 'agent'),
    mark: 'application-test-mark',
    groups: null,
    most: 'none',
    limits: {},
    log: () => undefined,
  });
  const script = join(container, 'start');
  await writeFile(script, 'exec sleep 7654321.77\n');
  const application = new Application({
    name: 'app',
    script,
    cwd: container,
    environment: { PATH: process.env['PATH'] ?? '' },
    logFile: join(container, 'log', 'app.log'),
    launcher,
    onExit: () => undefined,
  });
  expect(application.state.isUp).toBe(false);
  const started = application.start();
  expect(application.state.isUp).toBe(true);
  await application.stop(1_000);
  await started;
  expect(application.state.isUp).toBe(false);
  expect(await processesWith('7654321.77')).toEqual([]);
  await launcher.close();
});
