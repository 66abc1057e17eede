/** `artifact import FILE`: packages as their own tools make them, and as an attacker would. */
import { execFile } from 'node:child_process';
import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Header } from 'tar';
import { findOnPath } from '../../stack/temporal/install.js';
import {
  arOf,
  packageMembers,
  tarOf,
  type PackageContents,
  type PackageEntry as Entry,
} from '../../tests/support/distribution-package.js';
import { runCli } from '../run-cli.js';

const run = promisify(execFile);

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-import-test-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function leonore(...args: readonly string[]) {
  const written = { stdout: '', stderr: '' };
  const exitCode = await runCli(args, {
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: { write: (text: string) => (written.stderr += text) },
    env: { XDG_DATA_HOME: directory },
  });
  return { exitCode, ...written };
}

const control = `Package: meter
Version: 1:2.4-3+deb12u1
Architecture: armhf
Section: utils
Depends: libmeter1 (>= 2.4), curl | wget, base (<< 3)
Provides: reader
Breaks: old-meter (<< 1.0)
Recommends: docs
Description: reads meters
 and more
`;

type Made = Partial<PackageContents>;

const membersOf = (made: Made) => packageMembers({ control, ...made });

async function debOf(name: string, made: Made): Promise<string> {
  const file = join(directory, `${name}.deb`);
  await writeFile(file, arOf(membersOf(made)));
  return file;
}

async function ipkOf(name: string, made: Made): Promise<string> {
  const file = join(directory, `${name}.ipk`);
  const entries = Object.entries(membersOf(made));
  const blocks = entries.map(([path, body]) => {
    const header = new Header({
      path: `./${path}`,
      type: 'File',
      mode: 0o644,
      size: body.length,
      uid: 0,
      gid: 0,
    });
    const block = Buffer.alloc(512);
    header.encode(block, 0);
    return Buffer.concat([block, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
  });
  await writeFile(file, gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)])));
  return file;
}

const data: readonly Entry[] = [
  { path: './', type: 'Directory' },
  { path: './usr/', type: 'Directory' },
  { path: './usr/bin/', type: 'Directory' },
  { path: './var/empty/', type: 'Directory' },
  { path: './usr/lib/libmeter.so', type: 'SymbolicLink', linkpath: 'libmeter.so.1' },
  { path: './usr/lib/libmeter.so.1', type: 'SymbolicLink', linkpath: '/usr/lib/libmeter.so.1.2' },
  { path: './usr/lib/libmeter.so.1.2', text: 'library' },
  { path: './usr/bin/meter', text: '#!/bin/sh\n', mode: 0o4755 },
  { path: './usr/bin/meter2', type: 'Link', linkpath: './usr/bin/meter' },
  { path: './etc/meter.conf', text: 'a=1\n' },
  { path: './usr/lib/out', type: 'SymbolicLink', linkpath: '../../../../etc/passwd' },
  { path: './usr/lib/round', type: 'SymbolicLink', linkpath: 'round' },
  { path: './dev/meter', type: 'CharacterDevice' },
  { path: './usr/share/a\\b', text: 'x' },
];
const scripts: readonly Entry[] = [
  { path: './postinst', text: '#!/bin/sh\ntouch /tmp/never\n', mode: 0o755 },
  { path: './conffiles', text: '/etc/meter.conf\n' },
];
/** 2.4-3+deb12u1 */
const version = '2.4.1-0.0r0.3.zbdeb0.12.u0.1.0e';

describe.each([
  ['.deb', debOf],
  ['.ipk', ipkOf],
])('a %s', (ending, make) => {
  test('becomes an artifact that passes every check; what is lost is told', async () => {
    const into = join(directory, `into${ending}`);
    const file = await make('meter', { data, scripts });
    const { exitCode, stdout, stderr } = await leonore('artifact', 'import', file, '--into', into, '--json');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const told = JSON.parse(stdout) as { directory: string; losses: { kind: string; what: string }[] };
    expect(told).toMatchObject({
      directory: join(into, `meter-${version}`),
      version,
      kind: 'tool',
      files: 6,
    });
    expect(told.losses.map(({ kind, what }) => `${kind} ${what}`).sort()).toEqual([
      'attribute usr/bin/meter: 4755 0:0',
      'configuration /etc/meter.conf',
      'dead-link usr/lib/out -> etc/passwd',
      'dead-link usr/lib/round -> usr/lib/round',
      'directory var/empty',
      'epoch Version: 1:2.4-3+deb12u1',
      'link usr/bin/meter2 -> usr/bin/meter',
      'link usr/lib/libmeter.so -> usr/lib/libmeter.so.1.2',
      'link usr/lib/libmeter.so.1 -> usr/lib/libmeter.so.1.2',
      'path usr/share/a\\b',
      'relation Recommends: docs',
      'script postinst',
      'special dev/meter',
    ]);
    const files = join(told.directory, 'files');
    expect(await readFile(join(files, 'usr/lib/libmeter.so'), 'utf8')).toBe('library');
    expect((await stat(join(files, 'usr/bin/meter'))).mode & 0o7777).toBe(0o755);
    expect(await leonore('artifact', 'check', told.directory)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await readFile(join(told.directory, 'artifact.yaml'), 'utf8')).toContain('arch: armv7');
    expect(await readdir(into)).toEqual([`meter-${version}`]);
  });

  test('is not written over what is there', async () => {
    const into = join(directory, `into${ending}`);
    const file = await make('meter', { data });
    expect(await leonore('artifact', 'import', file, '--into', into)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('is there already') as unknown,
    });
  });
});

test('a package without files is an artifact that only requires', async () => {
  const file = await debOf('meta', {
    control: 'Package: meta\nVersion: 1\nArchitecture: all\nDepends: meter\n',
  });
  const { exitCode, stdout } = await leonore('artifact', 'import', file, '--into', directory);
  expect({ exitCode, stdout }).toMatchObject({
    exitCode: 0,
    stdout: `wrote ${join(directory, 'meta-1.0.0')}  tool, 0 files, 0 B\nNow: leonore artifact check ${join(directory, 'meta-1.0.0')}\n`,
  });
});

const own = 'Package: meter\nVersion: 1\nArchitecture: all\n';

describe('a hostile package is refused, and leaves nothing', () => {
  test.each<[string, string, Made]>([
    ['a path that climbs', 'leads out', { data: [{ path: './a/../../x', text: 'x' }] }],
    ['an absolute path', 'leads out', { data: [{ path: '/etc/passwd', text: 'x' }] }],
    [
      'a file twice',
      'twice',
      {
        data: [
          { path: 'a', text: 'x' },
          { path: './a', text: 'y' },
        ],
      },
    ],
    [
      'a file below a link',
      '',
      {
        data: [
          { path: 'a', type: 'SymbolicLink', linkpath: '/etc' },
          { path: 'a/b', text: 'y' },
        ],
      },
    ],
    [
      'a file below a file',
      'directory too',
      {
        data: [
          { path: 'a', text: 'x' },
          { path: 'a/b', text: 'y' },
        ],
      },
    ],
    ['a name that is a path', '', { control: own.replace('meter', '../meter') }],
    ['no control file', 'not one paragraph', { control: '' }],
    ['two control paragraphs', 'not one paragraph', { control: `${own}\n${own}` }],
    ['no version', 'Version is missing', { control: 'Package: a\nArchitecture: all\n' }],
  ])('%s', async (name, message, made) => {
    const into = join(directory, 'hostile');
    const file = await debOf(`hostile-${name.replaceAll(' ', '-')}`, { control: own, ...made });
    const { exitCode, stderr } = await leonore('artifact', 'import', file, '--into', into);
    if (name === 'a file below a link') {
      // The link is no file, so nothing was ever written through it.
      expect(exitCode).toBe(0);
      await rm(into, { recursive: true });
      return;
    }
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(message) as unknown,
    });
    expect(await readdir(into)).toEqual([]);
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['no archive', Buffer.from('no archive at all')],
    ['a head alone', Buffer.from('!<arch>\n')],
    ['a head that is cut off', Buffer.from('!<arch>\ndebian-binary')],
    ['a member that is cut off', arOf({ 'control.tar.gz': Buffer.alloc(64) }).subarray(0, 90)],
    ['members that are none', arOf({ 'control.tar.gz': Buffer.from('x'), 'data.tar.gz': Buffer.from('x') })],
    [
      'too many members',
      arOf(Object.fromEntries([...Array(40).keys()].map((n) => [`m${n}`, Buffer.alloc(2)]))),
    ],
    ['gzip of no tar', gzipSync(Buffer.from('no tar'))],
    ['gzip that is cut off', gzipSync(tarOf(data)).subarray(0, 60)],
  ])('%s', async (_name, bytes) => {
    const file = join(directory, 'broken.deb');
    await writeFile(file, bytes);
    expect(await leonore('artifact', 'import', file, '--into', join(directory, 'broken'))).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining('MALFORMED_INPUT') as unknown,
    });
    expect(await readdir(join(directory, 'broken'))).toEqual([]);
  });

  test.each([
    ['zeros without end', gzipSync(Buffer.alloc(20 * 1024 * 1024)), 'data after its end'],
    [
      'one large file',
      gzipSync(tarOf([{ path: 'control', text: '\0'.repeat(40 * 1024 * 1024) }])),
      'more than the 32.0 MiB that are read',
    ],
  ])('a bomb of %s', async (_name, bomb, message) => {
    const file = join(directory, 'bomb.deb');
    await writeFile(file, arOf({ ...membersOf({ control: own }), 'control.tar.gz': bomb }));
    expect(await leonore('artifact', 'import', file, '--into', directory)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(message) as unknown,
    });
  });
});

const withDpkg = (await findOnPath('dpkg-deb', process.env)) === undefined ? test.skip : test;

withDpkg.each(['gzip', 'xz', 'zstd', 'none'])(
  'a package that dpkg-deb makes with %s is taken',
  async (compression) => {
    const root = join(directory, `tree-${compression}`);
    await mkdir(join(root, 'DEBIAN'), { recursive: true });
    await mkdir(join(root, 'usr/bin'), { recursive: true });
    const text = `${control}Maintainer: nobody <nobody@example.org>\n`;
    await writeFile(
      join(root, 'DEBIAN/control'),
      text.replace('Description', 'Priority: optional\nDescription'),
    );
    await writeFile(join(root, 'usr/bin/meter'), 'x'.repeat(10_000));
    await chmod(join(root, 'usr/bin/meter'), 0o755);
    await link(join(root, 'usr/bin/meter'), join(root, 'usr/bin/again'));
    await symlink('meter', join(root, 'usr/bin/short'));
    const file = join(directory, `made-${compression}.deb`);
    await run('dpkg-deb', [`-Z${compression}`, '--root-owner-group', '--build', root, file]);
    const into = join(directory, `made-${compression}`);
    const { exitCode, stdout, stderr } = await leonore('artifact', 'import', file, '--into', into, '--json');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ name: 'meter', version, files: 3, sizeBytes: 30_000 });
  },
);

withDpkg('without the program that it takes, the package is refused with the reason', async () => {
  const file = join(directory, 'made-xz.deb');
  const path = process.env['PATH'];
  process.env['PATH'] = '/nowhere';
  try {
    expect(await leonore('artifact', 'import', file, '--into', join(directory, 'no-xz'))).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/UNREADABLE .*by the program xz[\s\S]*Install xz/) as unknown,
    });
  } finally {
    process.env['PATH'] = path;
  }
});
