/** What applications and scripts can do to the system, to the agent and to each other: as little as the level says. */
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processesWith } from '../testing/agent-process.js';
import { AgentBed, application, exists, shortTimes } from '../testing/test-agent.js';
import { testPackage, testTask, type TestArtifact, type TestPackage } from '../testing/test-package.js';
import { ControlGroups } from './control-groups.js';
import type { IsolationLevel } from '../../domain/gateway/isolation.js';
import { Launcher } from './launcher.js';

/** What this machine gives: asked of a launcher, whose answer the tests then hold against what happens. */
const probed = await (async () => {
  const directory = await mkdtemp(join(tmpdir(), 'leonore-level-'));
  spawnSync('chmod', ['755', directory]);
  spawnSync('mkdir', ['-m', '700', join(directory, 'agent')]);
  spawnSync('mkdir', ['-p', join(directory, 'agent', 'reports'), join(directory, 'container')]);
  const groups = await ControlGroups.open('leonore-level-test');
  const launcher = await Launcher.open({
    container: join(directory, 'container'),
    own: join(directory, 'agent'),
    mark: 'level-test-mark-1',
    groups,
    most: 'full',
    limits: {},
    log: () => undefined,
  });
  const { level } = launcher;
  await launcher.close();
  await rm(directory, { recursive: true });
  return { level, groups: groups !== null };
})();
process.stderr.write(`isolation here: ${probed.level}, control groups: ${String(probed.groups)}\n`);
const levels: IsolationLevel[] =
  probed.level === 'full' ? ['full', 'user'] : probed.level === 'user' ? ['user'] : [];

let bed: AgentBed;
let outside: string;
beforeEach(async () => {
  bed = await AgentBed.create();
  outside = await mkdtemp(join(tmpdir(), 'leonore-outside-'));
});
afterEach(async () => {
  await bed.close();
  await rm(outside, { recursive: true });
});

afterAll(async () => {
  for (const pid of await processesWith('7654321.')) process.kill(pid, 'SIGKILL');
});

/** Leaves helpers behind in every way that there is: in the background, in sessions of their own, without a mark. */
const helpers = (tag: string): string =>
  [
    `sleep 7654321.${tag} &`,
    `setsid sleep 7654321.${tag} &`,
    `( ( sleep 7654321.${tag} & ) & )`,
    `env -i setsid sh -c 'trap "" TERM HUP; sleep 7654321.${tag} & sleep 7654321.${tag}' &`,
  ].join('\n');

async function install(built: TestPackage, deliveryId: string, over = {}): Promise<unknown> {
  bed.server.offer(built, testTask(deliveryId, built, over));
  return bed.server.ending(deliveryId);
}

(levels.length === 0 ? describe.skip : describe).each(levels.length === 0 ? ['user' as const] : levels)(
  'at level %s',
  (level) => {
    test('scripts and applications have no privileges, and reach neither the agent nor its applications', async () => {
      const tries = (where: string): string =>
        [
          `id -u >"$LEONORE_DATA/${where}-user"`,
          `grep -E "^(NoNewPrivs|CapEff)" /proc/self/status >"$LEONORE_DATA/${where}-status"`,
          `cat "$LEONORE_ROOT"/../agent/identity.json >"$LEONORE_DATA/${where}-token"`,
          ...[
            `$LEONORE_ROOT/../agent/x`,
            `$LEONORE_ROOT/generations/x`,
            `$LEONORE_ROOT/packages/x`,
            '/etc/x',
          ].map((path) => `echo x >"${path}" && echo "${path}" >>"$LEONORE_DATA/${where}-written"`),
          `rm -rf "$LEONORE_ROOT"/generations/* "$LEONORE_ROOT"/packages/* "$LEONORE_ROOT"/store/other`,
          '',
        ].join('\n');
      const other: TestArtifact = { name: 'other', version: '1.0.0', files: { data: 'x' } };
      const built = testPackage(
        application('1.0.0', {
          files: {
            'install.sh': `${tries('install')}echo made >"$LEONORE_HOME/made"\n`,
            'start.sh': `echo spoilt >"$LEONORE_HOME/made"; ${tries('start')}echo $$ >"$LEONORE_DATA/pid"; exec sleep 1000\n`,
            'check.sh': `${tries('check')}test -s "$LEONORE_DATA/pid"\n`,
          },
        }),
      );
      await bed.start({ isolation: level });
      await install(testPackage(other), 'd0');
      expect(await install(built, 'd1')).toMatchObject({ state: 'succeeded' });
      for (const where of ['install', 'start', 'check']) {
        const data = (name: string): Promise<string> => bed.text('container/data/app', `${where}-${name}`);
        expect(Number(await data('user'))).toBeGreaterThan(0);
        expect(await data('status')).toMatch(/NoNewPrivs:\s+1\n/);
        expect(await data('status')).toMatch(/CapEff:\s+0+\n/);
        expect(await data('token')).toBe('');
        expect(await exists(bed.path('container/data/app', `${where}-written`))).toBe(false);
      }
      // The install script may write where the artifact lives, and after it nobody.
      expect(await bed.text('container/current/active/app/made')).toBe('made\n');
      expect(await bed.store()).toEqual(['app@1.0.0', 'other@1.0.0']);
      expect(await bed.server.order('o1', 'uninstall', 'app')).toMatchObject({ state: 'succeeded' });
      expect(await bed.store()).toEqual(['other@1.0.0']);
      expect(await readdir(bed.path('container/data'))).not.toContain('app');
    });

    test('values are for the application alone', async () => {
      const files = {
        'start.sh':
          'cat "$LEONORE_VALUES/room" >"$LEONORE_DATA/room"; echo $$ >"$LEONORE_DATA/pid"; exec sleep 1000\n',
        'check.sh': 'test -s "$LEONORE_DATA/pid"\n',
      };
      const built = testPackage(application('1.0.0', { files }));
      await bed.start({ isolation: level });
      await install(built, 'd1', { values: { room: 'blue' } });
      expect(await bed.text('container/data/app/room')).toBe('blue');
      expect((await stat(bed.path('container/current/values', built.id, 'room'))).mode & 0o777).toBe(0o600);
    });
  },
);

(probed.level === 'full' ? test : test.skip)(
  'at level full nothing outside the container can be written',
  async () => {
    spawnSync('chmod', ['777', outside]);
    const write = `echo x >"${outside}/file"; echo x >/tmp/leonore-was-here; echo x >/dev/shm/leonore-was-here; true\n`;
    const built = testPackage(application('1.0.0', { files: { 'install.sh': write, 'check.sh': write } }));
    await bed.start();
    expect(await install(built, 'd1')).toMatchObject({ state: 'succeeded' });
    expect(await readdir(outside)).toEqual([]);
    for (const path of ['/tmp', '/dev/shm']) expect(await exists(`${path}/leonore-was-here`)).toBe(false);
  },
);

(probed.level === 'full' ? test : test.skip)(
  'at level full an application has the devices, paths and ports that its manifest names, and no others',
  async () => {
    spawnSync('chmod', ['777', outside]);
    const other = await mkdtemp(join(tmpdir(), 'leonore-other-'));
    spawnSync('chmod', ['777', other]);
    const files = {
      'start.sh': [
        `echo x >"${outside}/granted"; echo x >"${other}/refused"`,
        'ls /dev >"$LEONORE_DATA/devices"; head -c 1 /dev/loop-control 2>"$LEONORE_DATA/device"',
        'grep ^CapEff /proc/self/status >"$LEONORE_DATA/capabilities"',
        'echo $$ >"$LEONORE_DATA/pid"; exec sleep 1000',
        '',
      ].join('\n'),
      'check.sh': 'test -s "$LEONORE_DATA/pid"\n',
    };
    await bed.start();
    await install(testPackage(application('1.0.0', { files })), 'd1');
    expect(await bed.text('container/data/app/devices')).not.toContain('loop-control');
    expect(await readdir(outside)).toEqual([]);
    const needs = { devices: ['/dev/loop-control'], paths: [outside], ports: [80] };
    const granted = testPackage(application('2.0.0', { files, needs }));
    expect(await install(granted, 'd2', { remove: ['app@1.0.0'] })).toMatchObject({ state: 'succeeded' });
    expect(await readdir(outside)).toEqual(['granted']);
    expect(await readdir(other)).toEqual([]);
    expect(await bed.text('container/data/app/devices')).toContain('loop-control');
    // It may be opened; there is nothing to be read.
    expect(await bed.text('container/data/app/device')).not.toMatch(/ermission|No such/);
    // To bind port 80, and nothing else.
    expect(await bed.text('container/data/app/capabilities')).toMatch(/0400$/m);
    for (const [index, paths] of [['/nowhere/at/all'], [bed.directory]].entries()) {
      const version = `3.0.${String(index)}`;
      const refused = testPackage(application(version, { files, needs: { paths } }));
      expect(await install(refused, version, { remove: ['app@2.0.0'] })).toMatchObject({
        state: 'failed',
        error: { class: 'health' },
      });
    }
    await rm(other, { recursive: true });
  },
);

test('what demands to be kept from the system further than it can be is refused', async () => {
  await bed.start({ isolation: 'none' });
  const built = testPackage(application('1.0.0', { isolation: 'user' }));
  expect(await install(built, 'd1')).toMatchObject({
    state: 'failed',
    error: { class: 'state', step: 'isolation', message: 'app demands isolation user, and here it is none' },
  });
});

test('what is not asked for is not taken: at level none scripts are of the agent', async () => {
  const built = testPackage(application('1.0.0', { files: { 'install.sh': `id -u >"${outside}/user"\n` } }));
  await bed.start({ isolation: 'none' });
  expect(await install(built, 'd1')).toMatchObject({ state: 'succeeded' });
  expect(Number(await readFile(join(outside, 'user'), 'utf8'))).toBe(process.getuid?.());
});

describe('what an application has started', () => {
  const leaving = (version: string, over: Record<string, string> = {}): TestPackage =>
    testPackage(
      application(version, {
        files: {
          'start.sh': `${helpers(bedTag())}\necho $$ >"$LEONORE_DATA/pid"; exec sleep 1000\n`,
          'check.sh': 'test -s "$LEONORE_DATA/pid"\n',
          ...over,
        },
      }),
    );
  const bedTag = (): string => String(bed.directory.length) + bed.directory.replace(/\D/g, '').slice(-6);

  test('ends with an update, an uninstallation, and an agent that is closed', async () => {
    const agent = await bed.start();
    await install(leaving('1.0.0'), 'd1');
    const first = await processesWith(`7654321.${bedTag()}`);
    expect(first.length).toBeGreaterThan(3);
    await install(leaving('2.0.0'), 'd2', { remove: ['app@1.0.0'] });
    const second = await processesWith(`7654321.${bedTag()}`);
    expect(second.filter((pid) => first.includes(pid))).toEqual([]);
    expect(await bed.server.order('o1', 'stop', 'app')).toMatchObject({ state: 'succeeded' });
    expect(await processesWith(`7654321.${bedTag()}`)).toEqual([]);
    expect(await bed.server.order('o2', 'start', 'app')).toMatchObject({ state: 'succeeded' });
    await agent.close();
    expect(await processesWith(`7654321.${bedTag()}`)).toEqual([]);
  });

  test('ends with a delivery that fails, and with its installation, which hangs nobody', async () => {
    await bed.start({ times: { ...shortTimes, scriptTimeoutMs: 60_000 } });
    const script = { 'install.sh': `${helpers(bedTag())}\necho no\nexit 3\n` };
    expect(await install(leaving('1.0.0', script), 'd1')).toMatchObject({
      state: 'failed',
      error: { class: 'script', step: 'install', message: 'ended with status 3: no' },
    });
    expect(await processesWith(`7654321.${bedTag()}`)).toEqual([]);
    const crashing = { 'start.sh': `${helpers(bedTag())}\nsleep 0.1; exit 1\n` };
    expect(await install(leaving('1.0.0', crashing), 'd2')).toMatchObject({ error: { class: 'health' } });
    expect(await processesWith(`7654321.${bedTag()}`)).toEqual([]);
  });
});

(levels.length === 0 ? test.skip : test)(
  'without control groups, too, all of a unit ends with it',
  async () => {
    const launcher = await Launcher.open({
      container: bed.path('container'),
      own: bed.path('agent'),
      mark: 'a-mark-of-this-test-alone',
      groups: null,
      most: 'full',
      limits: {},
      log: () => undefined,
    });
    const script = bed.path('container', 'tmp', 'script');
    await writeFile(script, `${helpers('44')}\necho ready\nexec sleep 1000\n`);
    const child = await launcher.spawn({
      unit: 'app.x',
      script,
      args: [],
      cwd: '/',
      environment: { PATH: process.env['PATH'] ?? '' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    await launcher.end('app.x');
    // Where applications are of the agent's own user, one that hides its mark cannot be known.
    if (launcher.level !== 'none') expect(await processesWith('7654321.44')).toEqual([]);
    await launcher.close();
  },
);

test('an application that does everything wrong is contained, explained, replaced and removed without a trace', async () => {
  const wrong = testPackage(
    application('1.0.0', {
      limits: { memoryBytes: 48 * 1024 * 1024, processes: 40, cpuPercent: 50 },
      files: {
        'install.sh': `${helpers('99')}\nyes | head -c 300000\n`,
        'start.sh': [
          'trap "" TERM INT HUP',
          helpers('99'),
          'echo $$ >"$LEONORE_DATA/pid"',
          `echo x >"${outside}/file"; echo x >"$LEONORE_ROOT/../agent/identity.json"`,
          'yes "it prints for ever" &',
          'tail /dev/zero &',
          'dd if=/dev/zero of="$LEONORE_DATA/full" bs=1M count=30 2>/dev/null',
          '( count=0; while [ $count -lt 100 ]; do sleep 7654321.99 & count=$((count + 1)); done )',
          'exec sleep 1.5',
          '',
        ].join('\n'),
        'stop.sh': 'sleep 7654321.99\n',
      },
    }),
  );
  const good = testPackage(application('2.0.0'));
  const agent = await bed.start({ profileIntervalSeconds: 0.2 });
  expect(await install(wrong, 'd1')).toMatchObject({ state: 'succeeded' });
  const log = bed.path('container/log/app.log');
  while (!(await exists(`${log}.1`))) await sleep(50);
  for (const file of [log, `${log}.1`]) {
    expect((await stat(file)).size).toBeLessThanOrEqual(128 * 1024);
  }
  if (probed.groups) expect((await processesWith('7654321.99')).length).toBeLessThan(40);
  expect(await install(good, 'd2', { remove: ['app@1.0.0'] })).toMatchObject({ state: 'succeeded' });
  expect(await processesWith('7654321.99')).toEqual([]);
  await bed.running();
  if (probed.level === 'full') expect(await readdir(outside)).toEqual([]);
  expect(await bed.server.order('o1', 'uninstall', 'app')).toMatchObject({ state: 'succeeded' });
  await bed.settled();
  for (const directory of ['store', 'packages', 'data', 'log']) {
    expect([directory, await readdir(bed.path('container', directory))]).toEqual([directory, []]);
  }
  await agent.close();
});
