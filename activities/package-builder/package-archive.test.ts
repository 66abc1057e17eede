import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { layoutPackage, type PackageInput } from '../../domain/package-format/layout-package.js';
import { packageArchive } from './package-archive.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-write-'));
});
afterEach(() => rm(directory, { recursive: true }));

const blobs = new Map<string, Buffer>();
function blob(content: string | Buffer): { sha256: string; size: number } {
  const bytes = Buffer.from(content);
  blobs.set(sha256(bytes), bytes);
  return { sha256: sha256(bytes), size: bytes.length };
}
/** Content in pieces of any size: small files are read whole, others streamed. */
const from = (content: (digest: string) => Buffer, pieces = (bytes: Buffer) => [bytes]) => ({
  read: async (digest: string) => content(digest),
  open: async (digest: string) => Readable.from(pieces(content(digest))),
});
const stored = (digest: string) => blobs.get(digest) ?? Buffer.alloc(0);
const source = from(stored);

const log = (what: string) => `echo "${what} $LEONORE_NAME $(pwd)" >>"$LEONORE_ROOT/log"\n`;
const deepPath = `${'directory-of-some-length/'.repeat(7)}file with a space and ümläut`;
const input: PackageInput = {
  tree: [],
  artifacts: [
    {
      name: 'lib',
      version: '2.0.0',
      kind: 'library',
      digest: '1'.repeat(64),
      requested: false,
      installedSize: 5,
      control: { install: 'setup.sh' },
      start: false,
      keepData: true,
      files: [
        { path: 'setup.sh', mode: '0644', ...blob(log('install')) },
        { path: deepPath, mode: '0644', ...blob('deep') },
        // Large enough to be streamed.
        { path: 'large', mode: '0644', ...blob(Buffer.alloc(200_000, 'large')) },
      ],
    },
    {
      name: 'empty',
      version: '1.0.0',
      kind: 'hardware',
      digest: '2'.repeat(64),
      requested: false,
      installedSize: 0,
      control: {},
      start: false,
      keepData: false,
      files: [],
    },
    {
      name: 'app',
      version: '1.0.0',
      kind: 'application',
      digest: '3'.repeat(64),
      requested: true,
      installedSize: 5,
      control: { install: 'setup.sh', uninstall: 'gone.sh', start: 'bin/run', stop: 'halt.sh' },
      start: true,
      keepData: false,
      files: [
        { path: 'setup.sh', mode: '0644', ...blob(log('install')) },
        { path: 'gone.sh', mode: '0644', ...blob(log('uninstall')) },
        { path: 'halt.sh', mode: '0644', ...blob(log('stop')) },
        { path: 'bin/run', mode: '0755', ...blob('echo "running $LEONORE_NAME $LEONORE_VERSION"\n') },
      ],
    },
  ],
};

const layout = layoutPackage(input, sha256);

describe('writing a package', () => {
  test('gives the same bytes each time, and the digest of them', async () => {
    const bytes = await buffer(packageArchive(layout, source));
    // Other chunk sizes must not show.
    const inBytes = from(stored, (all) => [...all].map((byte) => Buffer.of(byte)));
    expect(await buffer(packageArchive(layout, inBytes))).toEqual(bytes);
    expect(bytes.subarray(0, 10).toString('hex')).toBe('1f8b08000000000000ff');
  });

  test('is listed by the tars of GNU and BusyBox alike', async () => {
    const outFile = join(directory, 'a.tgz');
    await pipeline(packageArchive(layout, source), createWriteStream(outFile));
    const expected = layout.entries.map((entry) => entry.path);
    const list = (command: string, ...args: string[]) =>
      execFileSync(command, [...args, outFile], {
        encoding: 'utf8',
        env: { ...process.env, LC_ALL: 'C.UTF-8' },
      })
        .trimEnd()
        .split('\n');
    expect(list('tar', '--quoting-style=literal', '-tzf')).toEqual(expected);
    if (hasBusyBox()) expect(list('busybox', 'tar', '-tzf')).toEqual(expected);
  });

  test.each([
    ['is shorter', '12'],
    ['is longer', '1234'],
    ['has other bytes', '124'],
    ['is streamed and shorter', '12'.repeat(100_000), '123'.repeat(100_000)],
    ['is streamed and longer', '1234'.repeat(100_000), '123'.repeat(100_000)],
  ])('refuses a blob that %s than its digest says', async (_what, content, promised = '123') => {
    const file = {
      path: 'f',
      mode: '0644' as const,
      sha256: sha256(Buffer.from(promised)),
      size: promised.length,
    };
    const [lib] = input.artifacts;
    if (lib === undefined) throw new Error('no artifact');
    const damaged = layoutPackage({ tree: [], artifacts: [{ ...lib, control: {}, files: [file] }] }, sha256);
    const archive = packageArchive(
      damaged,
      from(() => Buffer.from(content)),
    );
    await expect(buffer(archive)).rejects.toMatchObject({ code: 'BLOB_MISSING' });
  });

  test('what a blob fails with, it fails with', async () => {
    const broken = () => Promise.reject(new Error('the disk is gone'));
    await expect(buffer(packageArchive(layout, { read: broken, open: broken }))).rejects.toThrow(
      'the disk is gone',
    );
  });
});

function hasBusyBox(): boolean {
  return spawnSync('busybox', ['true']).status === 0;
}

const shells: string[][] = [['sh'], ...(hasBusyBox() ? [['busybox', 'sh']] : [])];

describe.each(shells)('the control scripts under %s', (...shell: string[]) => {
  let root: string;
  let unpacked: string;
  const control = (script: string, args: string[] = [], env: Record<string, string> = {}) => {
    const [command = 'sh', ...rest] = shell;
    return spawnSync(command, [...rest, join(unpacked, 'control', script), ...args], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', LEONORE_ROOT: root, ...env },
    });
  };
  const logged = async () => (await readFile(join(root, 'log'), 'utf8')).trimEnd().split('\n');

  beforeEach(async () => {
    root = join(directory, 'container with space');
    unpacked = join(directory, 'unpacked');
    await mkdir(root);
    await mkdir(unpacked);
    const outFile = join(directory, 'a.tgz');
    await pipeline(packageArchive(layout, source), createWriteStream(outFile));
    execFileSync('tar', ['-xzf', outFile, '-C', unpacked]);
  });

  test('install puts every file in place and runs the install scripts in order', async () => {
    expect(control('install')).toMatchObject({ status: 0, stderr: '' });
    const table = await readFile(join(unpacked, 'path'), 'utf8');
    for (const line of table.trimEnd().split('\n')) {
      const [, , destination = '', mode, digest] = line.split('\t');
      const file = join(root, destination);
      expect(sha256(await readFile(file))).toBe(digest);
      expect(`0${((await stat(file)).mode & 0o7777).toString(8)}`).toBe(mode);
    }
    expect(await logged()).toEqual([
      expect.stringMatching(/^install lib .*\/store\/lib\/2.0.0-[0-9a-f]{12}$/),
      expect.stringMatching(/^install app .*\/store\/app\/1.0.0-[0-9a-f]{12}$/),
    ]);
    expect((await readdir(join(root, 'data'))).sort()).toEqual(['app', 'empty', 'lib']);
  });

  test('install goes on where a power cut left it', async () => {
    const whole = join(directory, 'whole');
    execFileSync('cp', ['-a', unpacked, whole]);
    control('install');
    await rm(unpacked, { recursive: true });
    execFileSync('cp', ['-a', whole, unpacked]);
    await rm(join(root, 'store', 'app'), { recursive: true });
    expect(control('install')).toMatchObject({ status: 0, stderr: '' });
    expect(await readdir(join(root, 'store', 'app'))).toHaveLength(1);
  });

  test('install fails when an install script fails', async () => {
    await writeFile(join(unpacked, 'dependencies/lib-2.0.0/setup.sh'), 'exit 3\n');
    expect(control('install').status).toBe(3);
  });

  test('start becomes the application; stop runs its stop script', async () => {
    control('install');
    expect(control('start', ['app'])).toMatchObject({ status: 0, stdout: 'running app 1.0.0\n' });
    expect(control('start', ['lib']).status).toBe(2);
    expect(control('start').status).not.toBe(0);
    expect(control('stop', ['app']).status).toBe(0);
    expect((await logged()).at(-1)).toMatch(/^stop app /);
    expect(control('stop', ['lib'])).toMatchObject({ status: 0, stderr: '' });
    expect(control('stop', ['nobody']).status).toBe(2);
  });

  test('uninstall removes files and data in reverse order, but data to be kept stays', async () => {
    control('install');
    expect(control('uninstall')).toMatchObject({ status: 0, stderr: '' });
    expect((await logged()).at(-1)).toMatch(/^uninstall app /);
    expect(await readdir(join(root, 'store'))).toEqual([]);
    expect(await readdir(join(root, 'data'))).toEqual(['lib']);
  });

  test('uninstall of one artifact leaves the others, and its data while it is being replaced', async () => {
    control('install');
    expect(control('uninstall', ['app'], { LEONORE_KEEP_DATA: '1' }).status).toBe(0);
    expect((await readdir(join(root, 'store'))).sort()).toEqual(['empty', 'lib']);
    expect((await readdir(join(root, 'data'))).sort()).toEqual(['app', 'empty', 'lib']);
  });
});

test('the control scripts are clean POSIX sh', async () => {
  for (const entry of layout.entries) {
    if (entry.content.kind !== 'inline' || entry.mode !== '0755') continue;
    const file = join(directory, 'script.sh');
    await writeFile(file, entry.content.bytes);
    for (const [command = 'sh', ...args] of shells) execFileSync(command, [...args, '-n', file]);
    if (spawnSync('shellcheck', ['--version']).status === 0) {
      execFileSync('shellcheck', ['-s', 'sh', file], { encoding: 'utf8' });
    }
  }
});
