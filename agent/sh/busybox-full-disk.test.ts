/** The BusyBox agent on full disks: too small for old and new together, and without a single byte. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '../../domain/agent-protocol/messages.js';
import { busybox, BusyBoxBed } from '../../tests/support/busybox-bed.js';
import { processesWith } from '../testing/agent-process.js';
import { application, type AgentBed } from '../testing/test-agent.js';
import { testPackage, type TestPackage } from '../testing/test-package.js';

const underBusyBox = busybox === '' ? describe.skip : describe;

let box: BusyBoxBed;
let bed: AgentBed;
let disk: string;

/** Whether the agent can make control groups here, of version 2 or 1. */
const hasGroups = ['', '/pids', '/memory', '/cpu'].some((tree) => {
  try {
    accessSync(`/sys/fs/cgroup${tree}/cgroup.procs`, constants.W_OK);
    return true;
  } catch {
    return false;
  }
});

const lib = { name: 'lib', version: '1.0.0', files: { data: '1.0.0' } };
const keysOf = (report: Report): string[] =>
  (report.installed ?? []).map(({ name, version }) => `${name}@${version}`);

/** Mounting needs root. */
function skipped(): boolean {
  if (disk !== '') return false;
  process.stderr.write('skipped: no file system may be mounted here\n');
  return true;
}

beforeEach(async () => {
  disk = await mkdtemp(join(tmpdir(), 'leonore-disk-'));
  execFileSync('chmod', ['755', disk]);
  // With the applets' links and what is installed, one version and its archive fit, but not two.
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4000k', 'tmpfs', disk]).status !== 0) {
    await rm(disk, { recursive: true });
    disk = '';
  } else if (busybox !== '') {
    box = await BusyBoxBed.onPath(disk);
    bed = box.bed;
  }
});
afterEach(async () => {
  if (disk === '') return;
  if (busybox !== '') await box.close();
  execFileSync('umount', ['-l', disk]);
  await rm(disk, { recursive: true });
});

underBusyBox('on a small disk', () => {
  const old = testPackage(application('1.0.0', { files: { noise: randomBytes(1_500_000) } }));
  const next = (over: Record<string, string> = {}): TestPackage =>
    testPackage(application('2.0.0', { files: { noise: randomBytes(1_500_000), ...over } }));

  test('old and new do not fit together: refused, or one after the other, or back to the old', async () => {
    if (skipped()) return;
    box.start();
    expect(await box.install(old, 'd1')).toMatchObject({ state: 'succeeded' });
    const refused = await box.install(next(), 'd2', { remove: ['app@1.0.0'] });
    expect(refused).toMatchObject({ state: 'failed', error: { class: 'space' } });
    expect(keysOf(refused)).toEqual(['app@1.0.0']);
    await box.running();

    const failed = await box.install(next({ 'start.sh': 'exit 1\n' }), 'd3', {
      remove: ['app@1.0.0'],
      removeFirst: true,
    });
    expect(failed).toMatchObject({ state: 'failed', error: { class: 'health' } });
    expect(keysOf(failed)).toEqual(['app@1.0.0']);
    expect(await box.leftovers()).toEqual([]);
    await box.running();

    const worked = await box.install(next(), 'd4', { remove: ['app@1.0.0'], removeFirst: true });
    expect(worked).toMatchObject({ state: 'succeeded' });
    expect(await box.leftovers()).toEqual([]);
    expect(await box.store()).toEqual(['app@2.0.0']);
  }, 120_000);

  test.each(['install', 'start'])(
    'a script fills it in %s: the old version stays and runs',
    async (script) => {
      if (skipped()) return;
      const small = testPackage(application('1.0.0'));
      box.start();
      await box.install(small, 'd1');
      const filling = 'dd if=/dev/zero of="$LEONORE_HOME/filled" 2>/dev/null\nexit 1\n';
      const full = testPackage(application('2.0.0', { files: { [`${script}.sh`]: filling } }));
      const report = await box.install(full, 'd2', { remove: ['app@1.0.0'] });
      expect(report).toMatchObject({ state: 'failed' });
      expect(keysOf(report)).toEqual(['app@1.0.0']);
      expect(await box.leftovers()).toEqual([]);
      expect(await box.store()).toEqual(['app@1.0.0']);
      await box.running();
      await writeFile(box.path('room'), Buffer.alloc(100_000));
    },
    90_000,
  );
});

underBusyBox('on a disk without a free byte', () => {
  test('goes on polling, keeps the application up and refuses an update, and obeys an order that frees it', async () => {
    if (skipped()) return;
    box.start();
    await box.install(testPackage(lib, application('1.0.0')), 'd1');
    await box.install(
      testPackage({ name: 'big', version: '1.0.0', files: { noise: randomBytes(700_000) } }),
      'd2',
    );
    await box.leftovers();
    await box.running();
    while (!existsSync(bed.path('agent/reserve'))) await sleep(50);
    const fill = (): void => {
      spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'fill')}`, 'bs=1k', 'oflag=append', 'conv=notrunc']);
    };
    fill();
    expect(
      await box.install(testPackage(application('2.0.0')), 'd3', { remove: ['app@1.0.0'] }),
    ).toMatchObject({
      state: 'failed',
      error: { class: 'space' },
      installed: [{ name: 'lib' }, { name: 'app', version: '1.0.0' }, { name: 'big' }],
    });
    // What was given up for the report is taken again as soon as there is room.
    await box.leftovers();
    while (!existsSync(bed.path('agent/reserve'))) await sleep(50);
    fill();
    process.kill(Number(await bed.text('container/data/app/pid')), 'SIGKILL');
    const polls = bed.server.countOf('GET', '/device/v1/tasks');
    await bed.server.until(() => bed.server.countOf('GET', '/device/v1/tasks') > polls + 3);
    expect((await processesWith('sleep\u00001000')).length).toBeGreaterThan(0);
    const freed = await bed.server.order('o1', 'uninstall', 'big');
    expect(freed).toMatchObject({
      state: 'succeeded',
      installed: [{ name: 'lib' }, { name: 'app', version: '1.0.0' }],
    });
  }, 120_000);

  test('an application that takes every byte that becomes free is uninstalled by an order', async () => {
    if (skipped()) return;
    const filling =
      'echo $$ >"$LEONORE_DATA/pid"; while :; do dd if=/dev/zero bs=1k 2>/dev/null >>"$LEONORE_DATA/full"; done\n';
    box.start();
    await box.install(testPackage(application('1.0.0', { files: { 'start.sh': filling } })), 'd1');
    while (statfsSync(disk).bavail > 0) await sleep(20);
    expect(await bed.server.order('o1', 'uninstall', 'app')).toMatchObject({
      state: 'succeeded',
      installed: [],
    });
    expect(await readdir(bed.path('container/data'))).toEqual([]);
    expect(await box.install(testPackage(application('2.0.0')), 'd2')).toMatchObject({ state: 'succeeded' });
  }, 120_000);

  test('an application that does everything wrong is contained, explained, replaced and removed without a trace', async () => {
    if (skipped()) return;
    const outside = await mkdtemp(join(tmpdir(), 'leonore-outside-'));
    execFileSync('chmod', ['777', outside]);
    const start = [
      'trap "" TERM INT HUP',
      'sleep 8765432.2 & setsid sleep 8765432.2 &',
      `env -i PATH="$PATH" setsid sh -c 'trap "" TERM; sleep 8765432.2 & sleep 8765432.2' &`,
      `echo x >"${outside}/x"; cat "$LEONORE_ROOT/../agent/identity" >"$LEONORE_DATA/token"`,
      'yes "it prints for ever" &',
      // Where nothing limits it, it would take the memory of this machine.
      ...(hasGroups
        ? ['tail /dev/zero &', '( n=0; while [ $n -lt 60 ]; do sleep 8765432.2 & n=$((n + 1)); done )']
        : []),
      'dd if=/dev/zero of="$LEONORE_DATA/full" bs=1k count=500 2>/dev/null',
      'exec sleep 2',
      '',
    ].join('\n');
    const limits = { memoryBytes: 16 * 1_024 * 1_024, processes: 30, cpuPercent: 50 };
    box.start();
    const wrong = testPackage(application('1.0.0', { limits, files: { 'start.sh': start } }));
    expect(await box.install(wrong, 'd1')).toMatchObject({ state: 'succeeded' });
    if (hasGroups) expect((await processesWith('8765432.2')).length).toBeLessThan(30);
    let state = await box.told();
    while ((state?.applications[0]?.restarts ?? 0) === 0) state = await box.told();
    expect(state).toMatchObject({ limits: hasGroups, applications: [{ name: 'app' }] });
    expect(state?.applications[0]?.lastExit).toMatch(/status/);
    for (const name of await readdir(bed.path('container/log'))) {
      // It may be put aside at this moment.
      const size = await stat(bed.path('container/log', name)).then(
        (found) => found.size,
        () => 0,
      );
      expect(size).toBeLessThanOrEqual(256 * 1_024);
    }
    const good = testPackage(application('2.0.0'));
    expect(await box.install(good, 'd2', { remove: ['app@1.0.0'] })).toMatchObject({ state: 'succeeded' });
    await box.running();
    if (state?.isolation !== 'none') {
      expect(await processesWith('8765432.2')).toEqual([]);
      expect(await bed.text('container/data/app/token')).toBe('');
    }
    if (state?.isolation === 'full') expect(await readdir(outside)).toEqual([]);
    expect(await bed.server.order('o1', 'wipe', '')).toMatchObject({ state: 'succeeded', installed: [] });
    await box.leftovers();
    for (const directory of ['store', 'packages', 'data', 'log']) {
      expect([directory, await readdir(bed.path('container', directory))]).toEqual([directory, []]);
    }
    await rm(outside, { recursive: true });
  }, 120_000);
});
