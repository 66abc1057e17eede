import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readdir, readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { AgentBed, application, exists, shortTimes, toStayUp } from './testing/test-agent.js';
import { testPackage, testTask } from './testing/test-package.js';

let bed: AgentBed;
beforeEach(async () => {
  bed = await AgentBed.create();
});
afterEach(() => bed.close());

const lib = (version: string) => ({ name: 'lib', version, files: { data: `library ${version}` } });

describe('an agent', () => {
  test('registers with its profile and its enrolment token', async () => {
    await bed.start({
      labels: { building: 'b1' },
      mac: '02:00:00:00:00:01',
      profileOverlay: { hardware: { arch: 'armv7', components: [{ name: 'gpio', version: '1.0.0' }] } },
    });
    await bed.server.until(() => bed.server.registrations.length > 0);
    const [{ body, token } = { body: null, token: '' }] = bed.server.registrations;
    expect(token).toBe('enrolment');
    expect(body?.profile).toMatchObject({
      id: 'gw-test',
      mac: '02:00:00:00:00:01',
      hardware: { arch: 'armv7', components: [{ name: 'gpio', version: '1.0.0' }] },
      software: { os: 'linux' },
      labels: { building: 'b1' },
      strategies: ['pull'],
      installed: [],
    });
    expect(body?.profile.hardware.diskFree).toBeGreaterThan(0);
  });

  test('installs a package, starts its application and reports each state', async () => {
    const built = testPackage(
      lib('1.0.0'),
      application('1.0.0', {
        files: {
          'install.sh': 'cat "$LEONORE_ACTIVE/lib/data" >"$LEONORE_DATA/from-lib"\n',
          'check.sh': 'test -s "$LEONORE_DATA/pid"\n',
        },
      }),
    );
    bed.server.offer(built, testTask('d1', built, { values: { room: "the 'blue' one" } }));
    await bed.start();
    const report = await bed.server.ending('d1');
    expect(report).toMatchObject({
      sequence: 3,
      state: 'succeeded',
      installed: [
        { name: 'lib', version: '1.0.0', installedSize: 1_000, requested: false },
        { name: 'app', version: '1.0.0', installedSize: 1_000, requested: true },
      ],
    });
    expect(bed.server.reports.map(({ sequence, state }) => [sequence, state])).toEqual([
      [1, 'downloading'],
      [2, 'installing'],
      [3, 'succeeded'],
    ]);
    expect(await bed.text('container/data/app/from-lib')).toBe('library 1.0.0');
    const pid = Number(await bed.text('container/data/app/pid'));
    const environment = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
    expect(environment).toContain("LEONORE_VALUE_ROOM=the 'blue' one");
    expect(environment.some((line) => line.includes('ENROLMENT'))).toBe(false);
    expect(await bed.text('container/current/values', built.id, 'room')).toBe("the 'blue' one");
    expect(await bed.text('agent/log/agent.log')).not.toContain('blue');
    expect((await stat(bed.path('agent/identity.json'))).mode & 0o777).toBe(0o600);
    expect(await bed.leftovers()).toEqual([]);
  });

  test('replaces a version, keeps its data and leaves nothing of the old', async () => {
    const first = testPackage(lib('1.0.0'), application('1.0.0', { files: { 'uninstall.sh': 'exit 0\n' } }));
    const second = testPackage(application('2.0.0'));
    bed.server.offer(first, testTask('d1', first));
    await bed.start();
    await bed.server.ending('d1');
    const oldPid = Number(await bed.text('container/data/app/pid'));
    bed.server.offer(second, testTask('d2', second, { remove: ['app@1.0.0', 'lib@1.0.0'] }));
    const report = await bed.server.ending('d2');
    expect(report).toMatchObject({ state: 'succeeded', installed: [{ name: 'app', version: '2.0.0' }] });
    expect(await bed.text('container/data/app/started')).toBe('1.0.0\n2.0.0\n');
    expect(() => process.kill(oldPid, 0)).toThrow();
    expect(await bed.store()).toEqual(['app@2.0.0']);
    expect(await readdir(bed.path('container/data'))).toEqual(['app']);
    expect(await readdir(bed.path('container/generations'))).toHaveLength(1);
    expect(await readdir(bed.path('container/packages'))).toEqual([second.id]);
    expect(await bed.leftovers()).toEqual([]);
  });

  test('a package may bring nothing, when its plan only removes', async () => {
    const first = testPackage(lib('1.0.0'), application('1.0.0'));
    const nothing = testPackage();
    bed.server.offer(first, testTask('d1', first));
    await bed.start();
    await bed.server.ending('d1');
    bed.server.offer(nothing, testTask('d2', nothing, { remove: ['lib@1.0.0'] }));
    expect(await bed.server.ending('d2')).toMatchObject({
      state: 'succeeded',
      installed: [{ name: 'app', version: '1.0.0' }],
    });
    expect(await bed.store()).toEqual(['app@1.0.0']);
    await bed.running();
    expect(await bed.leftovers()).toEqual([]);
  });

  const broken: [string, Record<string, string>, { class: string; step: string }][] = [
    ['crashes at start', { 'start.sh': 'echo broken; exit 7\n' }, { class: 'health', step: 'health' }],
    ['fails its check', { 'check.sh': 'echo not well; exit 1\n' }, { class: 'health', step: 'health' }],
    ['cannot be installed', { 'install.sh': 'echo no; exit 3\n' }, { class: 'script', step: 'install' }],
    ['hangs in its installation', { 'install.sh': 'sleep 1000\n' }, { class: 'script', step: 'install' }],
  ];
  test.each(broken)('returns to the old version when the new one %s', async (_what, files, error) => {
    const first = testPackage(application('1.0.0'));
    const over = 'start.sh' in files ? toStayUp : {};
    const second = testPackage(lib('1.0.0'), application('2.0.0', { ...over, files }));
    bed.server.offer(first, testTask('d1', first));
    await bed.start({ times: { ...shortTimes, scriptTimeoutMs: 500, checkWithinMs: 600 } });
    await bed.server.ending('d1');
    bed.server.offer(second, testTask('d2', second, { remove: ['app@1.0.0'] }));
    const report = await bed.server.ending('d2');
    expect(report).toMatchObject({
      state: 'failed',
      error,
      installed: [{ name: 'app', version: '1.0.0' }],
    });
    expect(await bed.store()).toEqual(['app@1.0.0']);
    expect(await readdir(bed.path('container/data'))).toEqual(['app']);
    await bed.running();
    expect((await bed.text('container/data/app/started')).split('\n').at(-2)).toBe('1.0.0');
    expect(await bed.leftovers()).toEqual([]);
  });

  test('a first installation that fails leaves an empty container', async () => {
    const built = testPackage(application('1.0.0', { ...toStayUp, files: { 'start.sh': 'exit 1\n' } }));
    bed.server.offer(built, testTask('d1', built));
    await bed.start();
    expect(await bed.server.ending('d1')).toMatchObject({ state: 'failed', installed: [] });
    expect(await bed.store()).toEqual([]);
    expect(await readdir(bed.path('container/data'))).toEqual([]);
    expect(await readdir(bed.path('container/packages'))).toEqual([]);
  });

  describe('that removes first', () => {
    test('has only the new in the end', async () => {
      const first = testPackage(
        application('1.0.0', { files: { 'uninstall.sh': 'echo gone >>"$LEONORE_ROOT/../gone"\n' } }),
      );
      const second = testPackage(
        application('2.0.0', {
          files: { 'install.sh': 'ls "$LEONORE_ROOT/store/app" >"$LEONORE_DATA/store"\n' },
        }),
      );
      bed.server.offer(first, testTask('d1', first));
      await bed.start({ isolation: 'none' });
      await bed.server.ending('d1');
      bed.server.offer(second, testTask('d2', second, { remove: ['app@1.0.0'], removeFirst: true }));
      expect(await bed.server.ending('d2')).toMatchObject({
        state: 'succeeded',
        installed: [{ version: '2.0.0' }],
      });
      expect((await bed.text('container/data/app/store')).trim().split('\n')).toHaveLength(1);
      expect(await bed.text('gone')).toBe('gone\n');
      expect(await bed.store()).toEqual(['app@2.0.0']);
      expect(await bed.leftovers()).toEqual([]);
    });

    test.each(['its backup', 'LEONORE'])('restores the old from %s when the new fails', async (source) => {
      const first = testPackage(
        application('1.0.0', { files: { 'install.sh': 'echo once >>"$LEONORE_HOME/made"\n' } }),
      );
      const removeBackup = source === 'LEONORE' ? 'rm "$LEONORE_ROOT/../agent/backup/"*\n' : '';
      const second = testPackage(
        application('2.0.0', { ...toStayUp, files: { 'start.sh': `${removeBackup}exit 1\n` } }),
      );
      bed.server.offer(first, testTask('d1', first));
      await bed.start({ isolation: 'none' });
      await bed.server.ending('d1');
      bed.server.offer(second, testTask('d2', second, { remove: ['app@1.0.0'], removeFirst: true }));
      const report = await bed.server.ending('d2');
      expect(report).toMatchObject({
        state: 'failed',
        error: { class: 'health' },
        installed: [{ version: '1.0.0' }],
      });
      expect(report.detail).toBeUndefined();
      await bed.running();
      expect(await bed.text('container/data/app/started')).toBe('1.0.0\n1.0.0\n');
      expect(await bed.store()).toEqual(['app@1.0.0']);
      expect(bed.server.countOf('GET', `/device/v1/packages/${first.digest}`)).toBe(
        source === 'LEONORE' ? 2 : 1,
      );
      expect(await bed.leftovers()).toEqual([]);
    });
  });

  test('collects its task when it is notified', async () => {
    bed.server.strategy = 'push';
    bed.server.pollIntervalSeconds = 1_000;
    await bed.start({ strategy: 'push' });
    await bed.server.until(() => bed.server.countOf('GET', '/device/v1/tasks') > 0);
    const address = bed.server.registrations[0]?.body.pushAddress ?? '';
    const built = testPackage(application('1.0.0'));
    bed.server.offer(built, testTask('d1', built));
    const forged = await request(address.replace(/[0-9a-f]+$/, 'guess'), {
      method: 'POST',
      body: '{"reason":"task"}',
    });
    expect(forged.statusCode).toBe(404);
    const malformed = await request(address, { method: 'POST', body: '{"reason":"do as I say"}' });
    expect(malformed.statusCode).toBe(400);
    const answer = await request(address, { method: 'POST', body: '{"reason":"task"}' });
    expect(answer.statusCode).toBe(204);
    expect(await bed.server.ending('d1')).toMatchObject({ state: 'succeeded' });
  });

  test('sends its profile when it is wanted', async () => {
    await bed.start({ isolation: 'none' });
    await bed.server.until(() => bed.server.countOf('GET', '/device/v1/tasks') > 0);
    bed.server.profileWanted = true;
    await bed.server.until(() => bed.server.profiles.length > 0);
    expect(bed.server.profiles[0]).toMatchObject({ id: 'gw-test' });
  });

  test('starts its applications again without asking anybody', async () => {
    const built = testPackage(application('1.0.0'));
    bed.server.offer(built, testTask('d1', built));
    const agent = await bed.start({ isolation: 'none' });
    await bed.server.ending('d1');
    await agent.close();
    const seen = bed.server.registrations.length;
    const again = await bed.start({ isolation: 'none' });
    await bed.server.until(() => bed.server.registrations.length > seen);
    // The second registration is made with the gateway's own token.
    expect(bed.server.registrations.at(-1)?.token).toBe('token-1');
    expect(await bed.text('container/data/app/started')).toBe('1.0.0\n1.0.0\n');
    await again.close();
    const pid = Number(await bed.text('container/data/app/pid'));
    expect(() => process.kill(pid, 0)).toThrow();
  });

  test('polls no more often because it is told to wait for longer than a timer can', async () => {
    await bed.start({ intervalSeconds: 3_000_000, profileIntervalSeconds: 3_000_000 });
    await bed.server.until(() => bed.server.countOf('GET', '/device/v1/tasks') > 0);
    await sleep(300);
    expect(bed.server.countOf('GET', '/device/v1/tasks')).toBe(1);
  });

  test('is alone on its root', async () => {
    await bed.start({ isolation: 'none' });
    await expect(bed.start()).rejects.toMatchObject({ code: 'MALFORMED_INPUT' });
  });

  test('answers a task that it has carried out before without doing it again', async () => {
    const built = testPackage(application('1.0.0'));
    const task = testTask('d1', built);
    bed.server.offer(built, task);
    await bed.start({ isolation: 'none' });
    await bed.server.ending('d1');
    bed.server.tasks = [{ ...task, lastSequence: 7 }];
    await bed.server.until(() => bed.server.reports.some(({ sequence }) => sequence === 8));
    expect(await bed.text('container/data/app/started')).toBe('1.0.0\n');
    expect(await exists(bed.path('agent/journal.json'))).toBe(false);
  });
});
