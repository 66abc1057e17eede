/** The agent as packages for devices: installed by BusyBox's own dpkg in a root directory with nothing else, and run. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeBusyBoxRoot, type BusyBoxRoot } from '../../testbed/busybox/busybox-root.js';
import { busybox } from '../../tests/support/busybox-bed.js';
import { DeviceServer, enrolmentToken } from '../testing/device-server.js';

const script = join(import.meta.dirname, '..', '..', 'scripts', 'package-agent.mjs');

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-packages-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function packages(name: string): Promise<Record<string, Buffer>> {
  const target = join(directory, name);
  execFileSync(process.execPath, [script, target]);
  const files = await readdir(target);
  return Object.fromEntries(
    await Promise.all(
      files.map(async (file) => [file.split('.').at(-1), await readFile(join(target, file))]),
    ),
  ) as Record<string, Buffer>;
}

test('the same sources give the same packages', async () => {
  const [first, second] = [await packages('one'), await packages('two')];
  expect(Object.keys(first).sort()).toEqual(['deb', 'ipk']);
  expect(first).toEqual(second);
});

const found = spawnSync('shellcheck', ['--version']).status === 0;
(found ? test : test.skip)('shellcheck knows nothing better', () => {
  const scripts = ['leonore-gateway', 'leonore-agent.init'].map((name) => join(import.meta.dirname, name));
  expect(spawnSync('shellcheck', ['-s', 'sh', ...scripts], { encoding: 'utf8' }).stdout).toBe('');
});

test('the line in inittab is there once, and goes', async () => {
  const table = join(directory, 'inittab');
  await writeFile(table, '::sysinit:/etc/init.d/rcS\n');
  const run = (verb: string): void => {
    const init = join(import.meta.dirname, 'leonore-agent.init');
    execFileSync('sh', [init, verb], { env: { ...process.env, LEONORE_INITTAB: table } });
  };
  run('enable');
  run('enable');
  expect(await readFile(table, 'utf8')).toBe(
    '::sysinit:/etc/init.d/rcS\n::respawn:/usr/sbin/leonore-gateway\n',
  );
  run('disable');
  expect(await readFile(table, 'utf8')).toBe('::sysinit:/etc/init.d/rcS\n');
});

(busybox === '' ? describe.skip : describe)('on a device with BusyBox', () => {
  /** Runs inside. */
  const inside = (root: BusyBoxRoot, command: string): string =>
    execFileSync(root.command, [...root.args, '-c', command], {
      encoding: 'utf8',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    });

  test.each([
    [
      'deb',
      'mkdir -p /var/lib/dpkg/info && touch /var/lib/dpkg/status && dpkg -i --force-depends /tmp/package',
    ],
    // What opkg does, with the tools at hand.
    ['ipk', 'cd /tmp && tar -xzf package && tar -xzf data.tar.gz -C /'],
  ])('a %s is installed, and its agent registers', async (kind, command) => {
    const root = await makeBusyBoxRoot(join(directory, 'root'), busybox);
    await writeFile(join(root.directory, 'tmp', 'package'), (await packages('built'))[kind] ?? '');
    inside(root, command);
    const conf = join(root.directory, 'etc', 'leonore', 'agent.conf');
    expect((await stat(conf)).mode & 0o777).toBe(0o600);
    const server = await DeviceServer.start();
    await mkdir(join(root.directory, 'var', 'lib'), { recursive: true });
    await writeFile(
      conf,
      `LEONORE_SERVER=${server.url}\nLEONORE_ENROLMENT_TOKEN=${enrolmentToken}\nLEONORE_ROOT_DIR=/var/lib/leonore\nLEONORE_ID=packaged\n`,
    );
    const agent: ChildProcess = spawn(root.command, [...root.args, '/usr/sbin/leonore-gateway'], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      stdio: 'ignore',
    });
    try {
      await server.until(() => server.countOf('GET', '/device/v1/tasks') > 0);
      expect(server.registrations[0]?.body.profile.id).toBe('packaged');
    } finally {
      const ended = once(agent, 'exit');
      agent.kill('SIGTERM');
      await ended;
      await server.close();
    }
  });
});
