/** The BusyBox agent under BusyBox's own shell, with BusyBox's applets and nothing else on its PATH. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Report } from '../../domain/agent-protocol/messages.js';
import { processesOf } from '../testing/agent-process.js';
import { DeviceServer, enrolmentToken } from '../testing/device-server.js';
import { AgentBed, application } from '../testing/test-agent.js';
import { sha256, tar, testPackage, testTask, type TestPackage } from '../testing/test-package.js';

const script = join(import.meta.dirname, 'leonore-agent.sh');
const found = spawnSync('busybox', ['which', 'busybox'], { encoding: 'utf8' });
const busybox = found.status === 0 ? found.stdout.trim() : '';
const underBusyBox = busybox === '' ? describe.skip : describe;

test('the BusyBox agent is small', async () => {
  expect((await stat(script)).size).toBeLessThan(30_000);
});

underBusyBox('the BusyBox agent', () => {
  let bed: AgentBed;
  let applets: string;
  const agents: ChildProcess[] = [];

  beforeEach(async () => {
    bed = await AgentBed.create();
    bed.server.pollIntervalSeconds = 1;
    applets = join(await mkdtemp(join(tmpdir(), 'leonore-applets-')), 'bin');
    await mkdir(applets);
    execFileSync(busybox, ['--install', '-s', applets]);
  });
  afterEach(async () => {
    for (const agent of agents.splice(0)) await end(agent, 'SIGTERM');
    await bed.close();
    await rm(join(applets, '..'), { recursive: true });
  });

  function start(
    over: Record<string, string> = {},
    command = busybox,
    args = ['sh', script],
  ): { agent: ChildProcess; lines: string[] } {
    const agent = spawn(command, args, {
      env: {
        PATH: command === busybox ? applets : '/usr/sbin:/bin',
        LEONORE_SERVER: bed.server.url,
        LEONORE_ROOT_DIR: bed.root,
        LEONORE_ENROLMENT_TOKEN: enrolmentToken,
        LEONORE_ID: 'gw-test',
        LEONORE_LABELS: 'building=b1',
        LEONORE_COMPONENTS: 'gpio=1.0.0',
        ...over,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    agents.push(agent);
    const lines: string[] = [];
    createInterface({ input: agent.stderr }).on('line', (line) => lines.push(line));
    return { agent, lines };
  }

  async function end(agent: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    if (agent.exitCode !== null || agent.signalCode !== null) return;
    const exit = once(agent, 'exit');
    agent.kill(signal);
    await exit;
  }

  async function expectSound(report: Report, ...keys: string[]): Promise<void> {
    expect(report.installed?.map(({ name, version }) => `${name}@${version}`)).toEqual(keys);
    while ((await readdir(bed.path('agent'))).includes('journal')) await sleep(20);
    expect(await bed.store()).toEqual(keys.toSorted());
    expect(await readdir(bed.path('container/generations'))).toHaveLength(1);
    expect(await readdir(bed.path('agent/downloads'))).toEqual([]);
    expect(await readdir(bed.path('agent'))).not.toContain('staging');
  }

  const lib = (version: string) => ({ name: 'lib', version, files: { data: `library ${version}` } });
  const first = testPackage(lib('1.0.0'), application('1.0.0'));
  const second = testPackage(
    application('2.0.0', {
      files: {
        'install.sh': 'echo "$LEONORE_VALUE_ROOM" >"$LEONORE_DATA/room"\n',
        'check.sh': 'test -s "$LEONORE_DATA/room"\n',
      },
    }),
  );

  async function install(built: TestPackage, deliveryId: string, over = {}): Promise<Report> {
    bed.server.offer(built, testTask(deliveryId, built, over));
    return bed.server.ending(deliveryId);
  }

  test('registers, installs, starts, reports, and replaces', async () => {
    start();
    expect(await install(first, 'd1')).toMatchObject({ state: 'succeeded', sequence: 3 });
    expect(bed.server.registrations[0]?.body.profile).toMatchObject({
      id: 'gw-test',
      hardware: { components: [{ name: 'gpio', version: '1.0.0' }] },
      software: { os: 'linux', tools: [{ name: 'busybox' }] },
      labels: { building: 'b1' },
      installed: [],
    });
    const pid = Number(await bed.text('container/data/app/pid'));
    const report = await install(second, 'd2', {
      remove: ['lib@1.0.0', 'app@1.0.0'],
      values: { room: 'a "blue"\tone \\ 100%' },
    });
    expect(report).toMatchObject({ state: 'succeeded' });
    await expectSound(report, 'app@2.0.0');
    expect(await bed.text('container/data/app/room')).toBe('a "blue"\tone \\ 100%\n');
    expect(await bed.text('container/data/app/started')).toBe('1.0.0\n2.0.0\n');
    expect(() => process.kill(pid, 0)).toThrow();
    expect(bed.server.reports.map(({ state }) => state)).toEqual([
      ...['downloading', 'installing', 'succeeded'],
      ...['downloading', 'installing', 'succeeded'],
    ]);
  }, 60_000);

  test.each([
    ['crashes at start', { 'start.sh': 'exit 1\n' }, { class: 'health', step: 'health' }, false],
    [
      'cannot be installed',
      { 'install.sh': 'echo no; exit 3\n' },
      { class: 'script', step: 'install' },
      false,
    ],
    [
      'crashes at start, the old removed first',
      { 'start.sh': 'exit 1\n' },
      { class: 'health', step: 'health' },
      true,
    ],
  ])(
    'returns to the old when the new %s',
    async (_what, files, error, removeFirst) => {
      start();
      await install(first, 'd1');
      const failing = testPackage(application('2.0.0', { files }));
      const report = await install(failing, 'd2', { remove: ['lib@1.0.0', 'app@1.0.0'], removeFirst });
      expect(report).toMatchObject({ state: 'failed', error });
      await expectSound(report, 'lib@1.0.0', 'app@1.0.0');
      const pid = Number(await bed.text('container/data/app/pid'));
      process.kill(pid, 0);
      expect((await bed.text('container/data/app/started')).trim().split('\n').at(-1)).toBe('1.0.0');
    },
    60_000,
  );

  test.each(['install', 'switch', 'start', 'cleanup'])(
    'goes on when it was killed at %s',
    async (step) => {
      const { agent, lines } = start();
      await install(first, 'd1');
      bed.server.offer(
        second,
        testTask('d2', second, { remove: ['lib@1.0.0', 'app@1.0.0'], values: { room: 'r' } }),
      );
      while (!lines.some((line) => line.includes(`d2: ${step}`))) await sleep(5);
      await end(agent, 'SIGKILL');
      start();
      const report = await bed.server.ending('d2');
      expect(report).toMatchObject({ state: 'succeeded' });
      await expectSound(report, 'app@2.0.0');
      const pid = Number(await bed.text('container/data/app/pid'));
      expect(await processesOf(bed.path('container'))).toEqual([pid]);
    },
    60_000,
  );

  test('goes on with a download that was cut, and refuses damaged and hostile packages', async () => {
    const big = testPackage(application('1.0.0', { files: { noise: randomBytes(300_000) } }));
    let cut = false;
    bed.server.intercept = (request, response) => {
      if (cut || !(request.url ?? '').includes('/packages/')) return false;
      cut = true;
      response.writeHead(200, { 'content-length': big.archive.length });
      response.write(big.archive.subarray(0, 100_000), () => response.destroy());
      return true;
    };
    start();
    expect(await install(big, 'd1')).toMatchObject({ state: 'succeeded' });
    const ranges = bed.server.requests
      .filter(({ path }) => path.includes('/packages/'))
      .map(({ range }) => range);
    expect(ranges[1]).toMatch(/^bytes=\d+-$/);

    const hostile = gzipSync(
      tar([...second.entries, { path: 'binary/../../x', mode: '0644', size: 1, content: Buffer.from('x') }]),
    );
    const report = await install({ ...second, archive: hostile, digest: sha256(hostile) }, 'd2');
    expect(report).toMatchObject({ state: 'failed', error: { class: 'integrity', step: 'unpack' } });
    await expectSound(report, 'app@1.0.0');
  }, 90_000);

  test('answers what it has carried out before, and is alone on its root', async () => {
    start();
    await install(first, 'd1');
    const { agent } = start();
    await once(agent, 'exit');
    expect(agent.exitCode).toBe(2);
    bed.server.tasks = [testTask('d1', first, { lastSequence: 7 })];
    await bed.server.until(() => bed.server.reports.some(({ sequence }) => sequence === 8));
    expect(await bed.text('container/data/app/started')).toBe('1.0.0\n');
  }, 60_000);

  test('goes back to the registration address when its node is gone', async () => {
    const node = await DeviceServer.start();
    bed.server.nodeAddress = node.url;
    start();
    await node.until(() => node.countOf('GET', '/device/v1/tasks') > 0).finally(() => node.close());
    bed.server.nodeAddress = bed.server.url;
    expect(await install(first, 'd1')).toMatchObject({ state: 'succeeded' });
  }, 60_000);

  test('works where there is nothing but BusyBox, in a root of its own', async () => {
    const jail = await makeJail();
    if (jail === null) return skipped();
    try {
      start({ LEONORE_ROOT_DIR: '/gateway' }, 'chroot', [jail, '/bin/busybox', 'sh', '/leonore-agent.sh']);
      expect(await install(first, 'd1')).toMatchObject({ state: 'succeeded' });
      const report = await install(second, 'd2', {
        remove: ['lib@1.0.0', 'app@1.0.0'],
        values: { room: 'r' },
      });
      await expectSound(report, 'app@2.0.0');
    } finally {
      for (const agent of agents.splice(0)) await end(agent, 'SIGTERM');
      execFileSync('umount', ['-l', join(jail, 'proc')]);
    }
  }, 60_000);

  /** The bed's directory as a root with BusyBox alone; null where that is not allowed or BusyBox is not static. */
  async function makeJail(): Promise<string | null> {
    const jail = bed.directory;
    for (const name of ['bin', 'proc', 'dev', 'tmp']) await mkdir(join(jail, name));
    await copyFile(busybox, join(jail, 'bin/busybox'));
    await copyFile(script, join(jail, 'leonore-agent.sh'));
    if (spawnSync('chroot', [jail, '/bin/busybox', '--install', '-s', '/bin']).status !== 0) return null;
    // Not the machine's own /dev: the directory is removed in the end.
    for (const [name, minor] of Object.entries({ null: '3', urandom: '9' })) {
      if (spawnSync('mknod', ['-m', '666', join(jail, 'dev', name), 'c', '1', minor]).status !== 0)
        return null;
    }
    return spawnSync('mount', ['-t', 'proc', 'proc', join(jail, 'proc')]).status === 0 ? jail : null;
  }
});

/** A root of its own needs root's rights. */
function skipped(): void {
  process.stderr.write('skipped: no root of its own may be made here\n');
}
