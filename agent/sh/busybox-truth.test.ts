/** What the TypeScript agent's tests of truth and isolation ask, asked of the BusyBox agent. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '../../domain/agent-protocol/messages.js';
import type { GatewayState } from '../../domain/gateway/profile.js';
import { busybox, BusyBoxBed } from '../../tests/support/busybox-bed.js';
import { processesWith } from '../testing/agent-process.js';
import { application, type AgentBed } from '../testing/test-agent.js';
import { sha256, tar, testPackage } from '../testing/test-package.js';

const underBusyBox = busybox === '' ? describe.skip : describe;

let box: BusyBoxBed;
let bed: AgentBed;

const lib = (version: string) => ({ name: 'lib', version, files: { data: version } });
const needing = (major: string) =>
  application('1.0.0', {
    files: {
      'start.sh': `grep -q '^${major}' "$LEONORE_ACTIVE/lib/data" || exit 4; echo $$ >"$LEONORE_DATA/pid"; exec sleep 1000\n`,
    },
  });

const versionsOf = (report: Report): string[] =>
  (report.installed ?? []).map(({ name, version }) => `${name}@${version}`);

underBusyBox('the BusyBox agent', () => {
  beforeEach(async () => {
    box = await BusyBoxBed.onPath();
    bed = box.bed;
  });
  afterEach(() => box.close());

  test('asks for evidence of what a change touches, and carries out no plan for another state', async () => {
    box.start();
    await box.install(testPackage(lib('1.0.0'), needing('1')), 'd1');
    const broken = await box.install(testPackage(lib('2.0.0')), 'd2');
    expect(broken).toMatchObject({ state: 'failed', error: { class: 'health' } });
    expect(versionsOf(broken)).toEqual(['lib@1.0.0', 'app@1.0.0']);
    const state = await box.told();
    expect(state).toMatchObject({ damaged: [], applications: [{ name: 'app', up: true }] });
    expect(['full', 'user', 'none']).toContain(state?.isolation);
    const startState = state?.digest ?? '';
    const first = await box.install(testPackage(lib('1.1.0')), 'd3', { startState });
    expect(first).toMatchObject({ state: 'succeeded' });
    // What is replaced keeps its place, so applications start after what they need.
    expect(versionsOf(first)).toEqual(['lib@1.1.0', 'app@1.0.0']);
    expect(await box.install(testPackage(lib('1.2.0')), 'd4', { startState })).toMatchObject({
      state: 'failed',
      error: { class: 'state', step: 'state-changed' },
      stateDigest: first.stateDigest,
    });
    await box.running();
  }, 90_000);

  test('keeps scripts and applications to themselves, and ends all that they started', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'leonore-outside-'));
    const helpers = [
      'sleep 8765432.1 &',
      'setsid sleep 8765432.1 &',
      `env -i PATH="$PATH" setsid sh -c 'trap "" TERM; sleep 8765432.1 & sleep 8765432.1' &`,
      `echo x >"${outside}/x"; cat "$LEONORE_ROOT/../agent/identity" >"$LEONORE_DATA/token"; id -u >"$LEONORE_DATA/user"`,
      '',
    ].join('\n');
    const built = testPackage(
      application('1.0.0', {
        files: {
          'install.sh': helpers,
          'start.sh': `${helpers}echo $$ >"$LEONORE_DATA/pid"; exec sleep 1000\n`,
        },
      }),
    );
    box.start();
    expect(await box.install(built, 'd1')).toMatchObject({ state: 'succeeded' });
    await box.running();
    const state = await box.told();
    if (state?.isolation !== 'none') {
      expect(Number(await bed.text('container/data/app/user'))).toBeGreaterThan(0);
      expect(await bed.text('container/data/app/token')).toBe('');
      expect(await readdir(outside)).toEqual([]);
    }
    expect((await processesWith('8765432.1')).length).toBeGreaterThan(0);
    expect(await bed.server.order('o1', 'uninstall', 'app')).toMatchObject({ state: 'succeeded' });
    if (state?.isolation !== 'none') expect(await processesWith('8765432.1')).toEqual([]);
    expect(await readdir(bed.path('container/data'))).toEqual([]);
    await rm(outside, { recursive: true });
  }, 60_000);

  test('gives an application the devices and paths that its manifest names, and refuses what it cannot give', async () => {
    const [outside, other] = await Promise.all([1, 2].map(() => mkdtemp(join(tmpdir(), 'leonore-outside-'))));
    execFileSync('chmod', ['777', outside ?? '', other ?? '']);
    const start = [
      `echo x >"${outside}/granted"; echo x >"${other}/refused"`,
      'ls /dev >"$LEONORE_DATA/devices"; echo $$ >"$LEONORE_DATA/pid"; exec sleep 1000',
      '',
    ].join('\n');
    const check = 'test -s "$LEONORE_DATA/pid" && test -d "$LEONORE_HOME"\n';
    const needing = (version: string, needs: object) =>
      testPackage(
        application(version, {
          needs,
          health: { check: 'check.sh' },
          files: { 'start.sh': start, 'check.sh': check },
        }),
      );
    box.start();
    const needs = { devices: ['/dev/loop-control'], paths: [outside ?? ''] };
    expect(await box.install(needing('1.0.0', needs), 'd1')).toMatchObject({ state: 'succeeded' });
    await box.running();
    const state = await box.told();
    expect(state?.trees?.['app']).toMatch(/^[0-9a-f]{12}$/);
    if (state?.isolation === 'full') {
      expect(await readdir(outside ?? '')).toEqual(['granted']);
      expect(await readdir(other ?? '')).toEqual([]);
      expect((await bed.text('container/data/app/devices')).trim().split('\n').sort()).toEqual(
        'fd full loop-control null random stderr stdin stdout tty urandom zero'.split(' '),
      );
    }
    const remove = ['app@1.0.0'];
    for (const [what, lacking] of Object.entries({
      device: { devices: ['/dev/not-there'] },
      path: { paths: ['/not/there'] },
      ...(state?.isolation === 'none' ? {} : { port: { ports: [80] } }),
    })) {
      const refused = await box.install(needing('2.0.0', lacking), what, { remove });
      expect({ what, ...refused }).toMatchObject({
        state: 'failed',
        error: { class: 'state', step: 'isolation' },
      });
      expect(versionsOf(refused)).toEqual(['app@1.0.0']);
    }
    expect(await box.install(needing('2.0.0', { paths: [bed.directory] }), 'd2', { remove })).toMatchObject(
      state?.isolation === 'full' ? { state: 'failed' } : {},
    );
    await Promise.all([outside, other].map((path) => rm(path ?? '', { recursive: true })));
  }, 90_000);

  test('ends an application that keeps more on the disk than it may, and tells of it', async () => {
    const start = [
      'until [ -e "$LEONORE_DATA/go" ]; do sleep 0.2; done',
      'dd if=/dev/zero of="$LEONORE_DATA/one" bs=1k count=1000',
      'for n in 1 2 3; do dd if=/dev/zero of="$LEONORE_DATA/$n" bs=1k count=90; done',
      'exec sleep 1000',
      '',
    ].join('\n');
    const limits = { diskBytes: 200 * 1_024 };
    const health = { periodSeconds: 1 };
    box.start();
    const greedy = testPackage(application('1.0.0', { limits, health, files: { 'start.sh': start } }));
    expect(await box.install(greedy, 'd1')).toMatchObject({ state: 'succeeded' });
    const seen = (): GatewayState | undefined => bed.server.registrations.at(-1)?.body.profile.state;
    await writeFile(bed.path('container/data/app/go'), '');
    // It tells by itself.
    await bed.server.until(() => seen()?.applications[0]?.check !== undefined);
    await bed.server.until(() => (seen()?.applications[0]?.restarts ?? 0) > 0);
    // No file of its grows beyond; together they may until they are looked at.
    expect((await stat(bed.path('container/data/app/one'))).size).toBe(limits.diskBytes);
    expect(await bed.text('agent/log')).toContain('check of app: keeps more than 204800 bytes');
    // What it has kept counts for the next version, too. That one has done its work at once: nothing can change it any more.
    const restart = { policy: 'onFailure' } as const;
    const quick = application('2.0.0', { limits, restart, files: { 'start.sh': 'exit 0\n' } });
    const report = await box.install(testPackage(quick), 'd2', { remove: ['app@1.0.0'] });
    expect(report).toMatchObject({ state: 'failed', error: { class: 'health' } });
    expect(report.error?.message).toContain('keeps more than 204800 bytes');
  }, 60_000);

  test('tells by itself of an application that crashes again and again', async () => {
    box.start();
    const over = { restart: { mostBackoffSeconds: 1 }, health: { staysUpSeconds: 0.1 } };
    const files = { 'start.sh': 'sleep 1; exit 6\n' };
    expect(await box.install(testPackage(application('1.0.0', { ...over, files })), 'd1')).toMatchObject({
      state: 'succeeded',
    });
    const told = () => bed.server.registrations.at(-1)?.body.profile.state?.applications[0];
    await bed.server.until(() => (told()?.restarts ?? 0) > 2);
    expect(told()).toMatchObject({ name: 'app', lastExit: 'ended with status 6' });
  }, 60_000);

  const damages: [string, () => Promise<void>][] = [
    ['a cut table', () => writeFile(bed.path('container/current/table'), 'app\t1.0')],
    [
      'a table whose copies are cut both',
      async () => {
        for (const name of ['table', 'copy'])
          await writeFile(bed.path('container/current', name), 'app\t1.0');
      },
    ],
    [
      'a link that leads nowhere, and noise for a journal',
      async () => {
        await rm(bed.path('container/current'));
        await symlink('generations/77', bed.path('container/current'));
        await writeFile(bed.path('agent/journal'), 'noise\n');
      },
    ],
    [
      'a directory for the link, and no generations',
      async () => {
        await rm(bed.path('container/current'));
        await mkdir(bed.path('container/current'));
        await rm(bed.path('container/generations'), { recursive: true });
      },
    ],
  ];
  test.each(damages)(
    'runs what there is, and goes on, after %s',
    async (_what, harm) => {
      const agent = box.start();
      await box.install(testPackage(lib('1.0.0'), needing('1')), 'd1');
      await box.leftovers();
      await agent.end('SIGTERM');
      await harm();
      box.start();
      await box.running();
      const report = await box.install(testPackage(lib('1.2.0')), 'd2');
      expect(report).toMatchObject({ state: 'succeeded' });
      expect(versionsOf(report).sort()).toEqual(['app@1.0.0', 'lib@1.2.0']);
      await box.running();
    },
    60_000,
  );

  test('repairs damaged files, and takes none for good when the same version comes again', async () => {
    const built = testPackage(application('1.0.0'));
    const agent = box.start();
    await box.install(built, 'd1');
    const [home = ''] = await readdir(bed.path('container/store/app'));
    const file = bed.path('container/store/app', home, 'start.sh');
    const promised = await readFile(file, 'utf8');
    await box.leftovers();
    await writeFile(file, 'exit 1\n');
    expect(await box.install(built, 'd2')).toMatchObject({ state: 'succeeded' });
    expect(await readFile(file, 'utf8')).toBe(promised);
    await box.leftovers();
    await agent.end('SIGTERM');
    await writeFile(file, 'exit 1\n');
    box.start();
    while ((await readFile(file, 'utf8').catch(() => '')) !== promised) await sleep(50);
    await box.running();
  }, 60_000);

  test('refuses bytes after the archive, an id with a NUL, and a bomb at once', async () => {
    const { entries, id } = testPackage(application('2.0.0'));
    const withId = (content: string): Buffer => {
      const bytes = Buffer.from(content, 'latin1');
      return gzipSync(
        tar(
          entries.map((entry) =>
            entry.path === 'id' ? { ...entry, content: bytes, size: bytes.length } : entry,
          ),
        ),
      );
    };
    const sound = gzipSync(tar(entries));
    const bomb = gzipSync(Buffer.concat([tar(entries).subarray(0, -1_024), Buffer.alloc(100_000_000)]));
    const archives: Record<string, Buffer> = {
      'a byte after the member': Buffer.concat([sound, Buffer.from('x')]),
      'an empty member after it': Buffer.concat([sound, gzipSync(Buffer.alloc(0))]),
      'a NUL in the id': withId(`${id}\0\n`),
      'no line feed after the id': withId(id),
      'a bomb': bomb,
    };
    box.start();
    await box.install(testPackage(application('1.0.0')), 'd1');
    for (const [what, archive] of Object.entries(archives)) {
      const built = { ...testPackage(application('2.0.0')), archive, digest: sha256(archive) };
      const report = await box.install(built, what.replaceAll(' ', '-'), { remove: ['app@1.0.0'] });
      expect({ what, ...report }).toMatchObject({ what, state: 'failed', error: { class: 'integrity' } });
    }
    expect(await box.isAlive()).toBe(true);
    expect(await box.install(testPackage(application('2.0.0')), 'd2')).toMatchObject({ state: 'succeeded' });
  }, 120_000);
});
