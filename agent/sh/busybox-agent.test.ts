/** The BusyBox agent under BusyBox's own shell, with BusyBox's applets and nothing else on its PATH. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { Report } from '../../domain/agent-protocol/messages.js';
import { busyBoxAgent } from '../../testbed/busybox/busybox-root.js';
import { busybox, BusyBoxBed, type BusyBoxAgent } from '../../tests/support/busybox-bed.js';
import { processesOf } from '../testing/agent-process.js';
import { DeviceServer } from '../testing/device-server.js';
import { application, type AgentBed } from '../testing/test-agent.js';
import { sha256, tar, testPackage, testTask, type TestPackage } from '../testing/test-package.js';

test('the BusyBox agent is small', async () => {
  expect((await stat(busyBoxAgent)).size).toBeLessThan(32 * 1_024);
});

const found = spawnSync('shellcheck', ['--version']).status === 0;
(found ? test : test.skip)('the BusyBox agent has nothing that shellcheck knows better', () => {
  expect(spawnSync('shellcheck', ['-s', 'sh', busyBoxAgent], { encoding: 'utf8' }).stdout).toBe('');
});

(busybox === '' ? describe.skip : describe)('the BusyBox agent', () => {
  let box: BusyBoxBed;
  let bed: AgentBed;

  beforeEach(async () => {
    box = await BusyBoxBed.onPath();
    bed = box.bed;
  });
  afterEach(() => box.close());

  const start = (over: Record<string, string> = {}): BusyBoxAgent => box.start(over);

  async function expectSound(report: Report, ...keys: string[]): Promise<void> {
    expect(report.installed?.map(({ name, version }) => `${name}@${version}`)).toEqual(keys);
    expect(await box.leftovers()).toEqual([]);
    expect(await box.store()).toEqual(keys.toSorted());
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
      software: {
        os: 'linux',
        tools: expect.arrayContaining([expect.objectContaining({ name: 'busybox' })]),
      },
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
      await box.running();
      expect((await bed.text('container/data/app/started')).trim().split('\n').at(-1)).toBe('1.0.0');
    },
    60_000,
  );

  test.each(['install', 'switch', 'start', 'cleanup'])(
    'goes on when it was killed at %s',
    async (step) => {
      const agent = start();
      await install(first, 'd1');
      bed.server.offer(
        second,
        testTask('d2', second, { remove: ['lib@1.0.0', 'app@1.0.0'], values: { room: 'r' } }),
      );
      await agent.said(`d2: ${step}`);
      await agent.end('SIGKILL');
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
    const { process: second } = start();
    await once(second, 'exit');
    expect(second.exitCode).toBe(2);
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

  test('carries out orders, and what was stopped stays stopped', async () => {
    const agent = start();
    await install(first, 'd1');
    const pid = Number(await bed.text('container/data/app/pid'));
    expect(await bed.server.order('o1', 'stop', 'app')).toMatchObject({ state: 'succeeded', sequence: 3 });
    expect(() => process.kill(pid, 0)).toThrow();
    expect(await agent.end('SIGTERM')).toBe(0);
    start();
    const polls = bed.server.countOf('GET', '/device/v1/tasks');
    await bed.server.until(() => bed.server.countOf('GET', '/device/v1/tasks') > polls);
    expect(await processesOf(bed.path('container'))).toEqual([]);
    expect(await bed.server.order('o2', 'start', 'app')).toMatchObject({ state: 'succeeded' });
    await box.running();
    expect(await bed.server.order('o3', 'start', 'other')).toMatchObject({
      state: 'failed',
      error: { class: 'internal', step: 'change', message: 'other is not installed' },
    });
    const report = await bed.server.order('o4', 'uninstall', 'app');
    expect(report).toMatchObject({ state: 'succeeded' });
    await expectSound(report, 'lib@1.0.0');
  }, 60_000);

  test('keeps nothing of its own surroundings from applications but what they need', async () => {
    const files = {
      'start.sh':
        'env >"$LEONORE_DATA/env"; yes | head -c 2000000; echo $$ >"$LEONORE_DATA/pid"; exec sleep 1000\n',
    };
    start({ SECRET: 'x', LEONORE_LABELS: 'a=b' });
    await install(testPackage(application('1.0.0', { files })), 'd1');
    const names = (await bed.text('container/data/app/env')).split('\n').map((line) => line.split('=')[0]);
    expect(names).not.toContain('SECRET');
    expect(names).not.toContain('LEONORE_ENROLMENT_TOKEN');
    expect(names).not.toContain('LEONORE_LABELS');
    expect(names).toContain('LEONORE_DATA');
    // What it prints is kept up to a limit.
    const sizes = await Promise.all(
      ['app.log', 'app.log.old'].map(async (name) => (await stat(bed.path('container/log', name))).size),
    );
    for (const size of sizes) expect(size).toBeLessThanOrEqual(256 * 1_024);
    expect((await stat(bed.path('agent'))).mode & 0o777).toBe(0o700);
    expect((await stat(bed.path('agent/identity'))).mode & 0o777).toBe(0o600);
    expect(await readFile(bed.path('agent/log'), 'utf8')).not.toContain(bed.server.token);
  }, 60_000);
});
