/**
 * Hostile archives from raw bytes. Each goes through the agent's own unpacking into a staging directory, and through
 * `leonore package unpack`; whatever the archive says, nothing is ever written outside, and nothing is left inside.
 *
 * LEONORE_FUZZ sets the number of random archives, LEONORE_SEED their seed.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Command } from 'commander';
import fc from 'fast-check';
import { addPackageFileCommands } from '../../cli/commands/package-file.js';
import { canonicalJson } from '../../domain/canonical-json.js';
import type { PackageManifest } from '../../domain/package-format/package-manifest.js';
import { archiveOf, base256, endOfArchive, honest, octal, padded } from '../testing/raw-tar.js';
import { paxRecords, rawEntry, rawHeader } from '../testing/raw-tar.js';
import { sha256, testPackage } from '../testing/test-package.js';
import { DirectorySink } from './unpack-package.js';
import { verifyPackage } from './verify-package.js';

const built = testPackage(
  { name: 'lib', version: '1.0.0', files: { 'a/data': 'library', other: 'x'.repeat(5_000) } },
  { name: 'app', version: '2.0.0', files: { 'start.sh': 'exec sleep 1\n' } },
);
const parts = built.entries.map(honest);
const at = built.entries.findIndex(({ path }) => path.endsWith('a/data'));
const victim = built.entries[at]?.path ?? '';

let directory: string;
let outside: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-hostile-'));
  outside = join(directory, 'outside');
  await mkdir(outside);
  await writeFile(join(outside, 'secret'), 'secret');
});
afterEach(() => rm(directory, { recursive: true }));

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < bytes.length; offset += size) {
    await Promise.resolve();
    yield bytes.subarray(offset, offset + size);
  }
}

/** Unpacks as the agent does. @returns why it was refused, or null */
async function unpack(archive: Buffer, chunkSize = 4_096): Promise<string | null> {
  const staging = join(directory, 'staging');
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging);
  const sink = new DirectorySink(staging);
  try {
    await verifyPackage(chunks(archive, chunkSize), { sink });
    return null;
  } catch (error) {
    await sink.close();
    expect(error).toMatchObject({ code: 'MALFORMED_PACKAGE' });
    return (error as Error).message;
  }
}

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}

/** Refused by the agent before the hostile entry is written, and by the command with nothing left. */
async function expectRefused(archive: Buffer): Promise<void> {
  expect(await unpack(archive)).not.toBeNull();
  const honestPaths = new Set(built.entries.map(({ path }) => join(directory, 'staging', path)));
  expect((await filesBelow(join(directory, 'staging'))).filter((path) => !honestPaths.has(path))).toEqual([]);

  const file = join(directory, 'package.tgz');
  await writeFile(file, archive);
  const command = addPackageFileCommands(new Command('package').exitOverride());
  await expect(
    command.parseAsync(['unpack', file, '--into', join(directory, 'into')], { from: 'user' }),
  ).rejects.toMatchObject({ code: 'MALFORMED_PACKAGE' });
  expect((await readdir(directory)).sort()).toEqual(['outside', 'package.tgz', 'staging']);
  expect(await readdir(outside)).toEqual(['secret']);
  expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret');
}

/** The honest archive with something in place of the victim, or before it. */
const instead = (...raw: readonly Buffer[]): Buffer =>
  archiveOf([...parts.slice(0, at), ...raw, ...parts.slice(at + 1)]);
const before = (...raw: readonly Buffer[]): Buffer =>
  archiveOf([...parts.slice(0, at), ...raw, ...parts.slice(at)]);

/** As `before`, with the name declared in the manifest as an honest file, as far as a manifest can say it. */
function declared(path: string, ...raw: readonly Buffer[]): Buffer {
  const manifest = JSON.parse(built.entries[1]?.content.toString() ?? '') as PackageManifest;
  manifest.files.splice(at - 2, 0, { path, mode: '0644', size: 0, sha256: sha256(Buffer.alloc(0)) });
  const json = Buffer.from(canonicalJson(manifest));
  return archiveOf([
    rawEntry({ name: 'id' }, `${sha256(json)}\n`),
    rawEntry({ name: 'manifest.json' }, json),
    ...parts.slice(2, at),
    ...raw,
    ...parts.slice(at),
  ]);
}

test('the raw writer writes what the honest one does', async () => {
  expect(gunzipSync(archiveOf(parts))).toEqual(gunzipSync(built.archive));
  expect(await unpack(archiveOf(parts))).toBeNull();
});

const link = (linkName: string, type = '2', name = victim) => rawHeader({ name, type, linkName });
const content = Buffer.from('library');
const file = (over: Parameters<typeof rawEntry>[0]) => rawEntry({ name: victim, ...over }, content);
const pax = (type: string, records: Record<string, string>) =>
  rawEntry({ name: 'PaxHeaders/x', type, magic: 'ustar\x0000' }, paxRecords(records));
const gnu = 'ustar  \0';
const inApp = (name: string) => `binary/app-2.0.0/${name}`;

describe("what is the writer's own affair is accepted", () => {
  test.each<[string, Buffer]>([
    ['a plain file of the old format', instead(file({ type: '\0' }))],
    ['an owner', instead(file({ uid: '0001750\0' }))],
    ['another time', instead(file({ mtime: '17033566000\0' }))],
    ['a size with spaces', instead(file({ size: '          7 ' }))],
  ])('%s', async (_what, archive) => {
    expect(await unpack(archive)).toBeNull();
  });
});

test('what is refused is refused by its own reason', async () => {
  const cases: Record<string, Buffer> = {
    'a symbolic link': instead(link('../../../outside/secret')),
    'a hard link': instead(link('manifest.json', '1')),
    'a FIFO': instead(rawHeader({ name: victim, type: '6' })),
    'an entry for a directory': instead(rawHeader({ name: `${victim}/`, type: '5', mode: '0000755\0' })),
    'pax records': instead(pax('x', { path: '/etc/passwd' })),
    'a file of another mode than 0644 and 0755': instead(file({ mode: '0004755\0' })),
    'an entry of an unknown kind': instead(file({ type: 'Z' })),
    'a plain file that names a link': instead(file({ linkName: '/etc/passwd' })),
    'a size that is no octal number': instead(file({ size: base256(7) })),
    'a name that is not plain UTF-8': before(rawEntry({ name: Buffer.from([0x62, 0xff, 0xfe]) })),
  };
  for (const [reason, archive] of Object.entries(cases)) {
    expect(await unpack(archive)).toBe(`The archive holds ${reason}.`);
  }
});

describe('links', () => {
  test.each<[string, Buffer]>([
    ['a symbolic link out of the tree', instead(link('../../../outside/secret'))],
    ['a symbolic link to an absolute path', instead(link('/etc/passwd'))],
    ['a symbolic link within the tree', instead(link('other'))],
    ['a declared symbolic link', declared(inApp('l'), link('../../..', '2', inApp('l')))],
    ['a hard link out of the tree', instead(link('../outside/secret', '1'))],
    ['a hard link to a file of the package', instead(link('manifest.json', '1'))],
    ['a hard link with content of its own', instead(file({ type: '1', linkName: 'manifest.json' }))],
    [
      'a symbolic link that a later entry goes through',
      before(
        link('../../../outside', '2', 'dependencies/lib-1.0.0/b'),
        rawEntry({ name: 'dependencies/lib-1.0.0/b/secret' }, 'evil'),
      ),
    ],
    [
      'a symbolic link in place of a directory that a later entry goes through',
      before(link('../../outside', '2', 'dependencies/lib-1.0.0/a')),
    ],
    ['a symbolic link and then a file of the same name', before(link('../../../outside/new'))],
  ])('%s', (_what, archive) => expectRefused(archive));
});

describe('special files and modes', () => {
  test.each<[string, Buffer]>([
    [
      'a character device',
      instead(rawHeader({ name: victim, type: '3', device: ['0000001\0', '0000003\0'] })),
    ],
    ['a block device', instead(rawHeader({ name: victim, type: '4', device: ['0000007\0', '0000000\0'] }))],
    ['a FIFO', instead(rawHeader({ name: victim, type: '6' }))],
    ['a declared FIFO', declared(inApp('f'), rawHeader({ name: inApp('f'), type: '6' }))],
    ['a directory', instead(rawHeader({ name: `${victim}/`, type: '5', mode: '0000755\0' }))],
    ['a contiguous file', instead(file({ type: '7' }))],
    ['an unknown kind', instead(file({ type: 'Z' }))],
    ['setuid', instead(file({ mode: '0004755\0' }))],
    ['setgid', instead(file({ mode: '0002755\0' }))],
    ['the sticky bit', instead(file({ mode: '0001644\0' }))],
    ['a mode for everybody', instead(file({ mode: '0000666\0' }))],
    ['a mode with the kind of file in it', instead(file({ mode: '0104755\0' }))],
  ])('%s', (_what, archive) => expectRefused(archive));
});

describe('names', () => {
  const empty = (name: string) => rawEntry({ name });
  test.each<[string, Buffer]>([
    ['absolute', before(empty('/tmp/leonore-evil'))],
    ['absolute and declared', declared('/tmp/leonore-evil', empty('/tmp/leonore-evil'))],
    ['climbing', before(empty('../outside/evil'))],
    [
      'climbing and declared',
      declared('binary/app-2.0.0/../../../outside/evil', empty('binary/app-2.0.0/../../../outside/evil')),
    ],
    ['climbing by prefix', before(rawEntry({ name: 'outside/evil', prefix: '..' }))],
    ['with `.`', before(empty('./binary/app-2.0.0/x'))],
    ['with an empty segment', declared(inApp('/x'), empty(inApp('/x')))],
    ['empty', before(rawEntry({ name: '' }))],
    ['cut off by a zero', before(rawEntry({ name: Buffer.from(`${victim}\0/../x`) }))],
    ['not UTF-8', before(rawEntry({ name: Buffer.from([0x62, 0xff, 0xfe]) }))],
    ['undeclared', before(empty(inApp('more')))],
    ['twice', before(parts[at] ?? Buffer.alloc(0))],
    ['twice and declared', declared(victim, empty(victim))],
    ['equal but for case', declared(inApp('START.SH'), empty(inApp('START.SH')))],
    ['equal under full case folding', archiveWith(inApp('straße'), inApp('STRASSE'))],
    ['equal under final sigma', archiveWith(inApp('ος'), inApp('οσ'))],
    ['equal in composed form', archiveWith(inApp('\u00e9'), inApp('e\u0301'))],
    ['equal but for width', archiveWith(inApp('a1'), inApp('ａ1'))],
    ['equal but for a ligature', archiveWith(inApp('ﬁle'), inApp('file'))],
    ['equal but for what cannot be seen', archiveWith(inApp('ab'), inApp('a\u200db'))],
    ['equal but for a dot at the end', archiveWith(inApp('a'), inApp('a.'))],
    ['a directory equal but for case', archiveWith(inApp('dir/a'), inApp('DIR/b'))],
    ['a file where a directory is needed', archiveWith(inApp('d'), inApp('d/x'))],
    ['of the manifest', declared('manifest.json', empty('manifest.json'))],
    ['beyond the limit', declared(inApp('x'.repeat(101)), empty(inApp('x'.repeat(70))))],
  ])('%s', (_what, archive) => expectRefused(archive));

  function archiveWith(...paths: readonly string[]): Buffer {
    const manifest = JSON.parse(built.entries[1]?.content.toString() ?? '') as PackageManifest;
    for (const path of paths) {
      manifest.files.push({ path, mode: '0644', size: 0, sha256: sha256(Buffer.alloc(0)) });
    }
    const json = Buffer.from(canonicalJson(manifest));
    return archiveOf([
      rawEntry({ name: 'id' }, `${sha256(json)}\n`),
      rawEntry({ name: 'manifest.json' }, json),
      ...parts.slice(2),
      ...paths.map((path) => rawEntry({ name: path })),
    ]);
  }
});

describe('extensions of tar', () => {
  const sparse = Buffer.from(rawHeader({ name: victim, type: 'S', magic: gnu, size: octal(7) }));
  test.each<[string, Buffer]>([
    ['a pax path', before(pax('x', { path: '../../outside/evil' }))],
    ['a pax path to the right name', instead(pax('x', { path: victim }), file({ name: 'decoy' }))],
    ['a pax size', before(pax('x', { size: '0' }))],
    ['a pax link target', instead(pax('x', { linkpath: '/etc/passwd' }), link('other'))],
    ['a pax header for all', archiveOf([pax('g', { path: '../outside/evil' }), ...parts])],
    ['a pax header for all in the middle', before(pax('g', { uid: '0' }))],
    ['a pax header of Solaris', before(pax('X', { path: '../outside/evil' }))],
    ['a pax sparse file', before(pax('x', { 'GNU.sparse.major': '1', 'GNU.sparse.name': victim }))],
    ['a harmless pax header', before(pax('x', { comment: 'hello' }))],
    ["GNU's sparse file", instead(sparse, padded(content))],
    [
      "GNU's long name",
      before(rawEntry({ name: '././@LongLink', type: 'L', magic: gnu }, '../outside/evil\0')),
    ],
    ["GNU's long link", before(rawEntry({ name: '././@LongLink', type: 'K', magic: gnu }, '/etc/passwd\0'))],
    ["GNU's volume header", archiveOf([rawHeader({ name: 'volume', type: 'V', magic: gnu }), ...parts])],
    ["GNU's next volume", before(rawHeader({ name: victim, type: 'M', magic: gnu }))],
    ["GNU's directory listing", before(rawEntry({ name: 'binary/', type: 'D', magic: gnu }, 'Yx\0\0'))],
    ["GNU's magic", instead(file({ magic: gnu }))],
    ['no magic', instead(file({ magic: '\0\0\0\0\0\0\0\0' }))],
  ])('%s', (_what, archive) => expectRefused(archive));
});

describe('sizes, checksums and ends', () => {
  const whole = Buffer.concat([...parts, endOfArchive]);
  const ended = gzipSync(whole);
  const empty = gzipSync('');
  const half = Math.floor(whole.length / 1_024) * 512;
  const withHeader = (flags: number, ...extra: number[]) =>
    Buffer.concat([
      ended.subarray(0, 3),
      Buffer.from([flags]),
      ended.subarray(4, 10),
      Buffer.from(extra),
      ended.subarray(10),
    ]);
  const trailer = (offset: number) => {
    const changed = Buffer.from(ended);
    changed[changed.length - offset] = (changed[changed.length - offset] ?? 0) ^ 1;
    return changed;
  };
  test.each<[string, Buffer]>([
    ['a size in base 256', instead(file({ size: base256(7) }))],
    ['a huge size in base 256', instead(file({ size: base256(2 ** 53) }))],
    ['a negative size in base 256', instead(file({ size: Buffer.alloc(12, 0xff) }))],
    ['a size with digits that are not octal', instead(file({ size: '00000000009\0' }))],
    ['a negative size', instead(file({ size: '-0000000007\0' }))],
    ['a size too small', instead(file({ size: octal(6) }))],
    ['a size too large', instead(file({ size: octal(8) }))],
    ['a size of gigabytes', instead(file({ size: '77777777777\0' }))],
    ['a wrong checksum', instead(file({ checksum: '000000\0 ' }))],
    ['a checksum over signed bytes', instead(file({ checksum: '0-1000\0 ' }))],
    ['a checksum in another form', instead(file({ checksum: '  10000\0' }))],
    ['another content', instead(rawEntry({ name: victim }, 'LIBRARY'))],
    ['no end', gzipSync(Buffer.concat(parts))],
    ['half an end', gzipSync(Buffer.concat([...parts, Buffer.alloc(512)]))],
    ['cut off in a header', gzipSync(whole.subarray(0, 700))],
    ['cut off in the compression', ended.subarray(0, -200)],
    ['cut off before the checksum', ended.subarray(0, -8)],
    ['cut off within the checksum', ended.subarray(0, -1)],
    ['a wrong checksum of the compression', trailer(8)],
    ['a wrong length of the compression', trailer(1)],
    ['blocks of zeros at its end', gzipSync(Buffer.concat([whole, Buffer.alloc(9_216)]))],
    ['a second archive after its end', gzipSync(Buffer.concat([whole, whole]))],
    ['a file after its end', gzipSync(Buffer.concat([whole, file({ name: inApp('more') }), endOfArchive]))],
    ['a zero after the compression', Buffer.concat([ended, Buffer.alloc(1)])],
    ['data after the compression', Buffer.concat([ended, Buffer.from('more')])],
    ['two members', Buffer.concat([gzipSync(whole.subarray(0, half)), gzipSync(whole.subarray(half))])],
    ['an empty member before', Buffer.concat([empty, ended])],
    ['an empty member after', Buffer.concat([ended, empty])],
    ['many empty members after', Buffer.concat([ended, ...Array.from({ length: 5_000 }, () => empty)])],
    ['a name in the compression', withHeader(8, 0x78, 0)],
    ['a comment in the compression', withHeader(16, 0x78, 0)],
    ['extra fields in the compression', withHeader(4, 2, 0, 1, 1)],
    ['reserved flags', withHeader(0x80)],
    ['no compression', whole],
    ['a size that the manifest declares beyond all limits', bomb(8 * 1024 ** 3)],
    ['a size that the manifest declares beyond what numbers hold', bomb(1e300)],
  ])('%s', (_what, archive) => expectRefused(archive));

  function bomb(size: number): Buffer {
    const manifest = JSON.parse(built.entries[1]?.content.toString() ?? '') as PackageManifest;
    manifest.files.push({ path: inApp('bomb'), mode: '0644', size, sha256: sha256(Buffer.alloc(0)) });
    manifest.contentSize += size;
    const json = Buffer.from(canonicalJson(manifest));
    const zeros = gzipSync(Buffer.alloc(1_000_000));
    const begin = [rawEntry({ name: 'id' }, `${sha256(json)}\n`), rawEntry({ name: 'manifest.json' }, json)];
    return Buffer.concat([gzipSync(Buffer.concat([...begin, ...parts.slice(2)])), zeros]);
  }
});

test('whatever is done to a good archive: never accepted with another content, never written outside', async () => {
  const runs = Number(process.env['LEONORE_FUZZ'] ?? 300);
  const seed = Number(process.env['LEONORE_SEED'] ?? Date.now() % 1_000_000);
  const plain = Buffer.concat([...parts, endOfArchive]);
  const position = fc.nat({ max: plain.length - 1 });
  /** Edits of the tar, then of the compressed bytes: a byte, a field of a header, a block moved, doubled or lost. */
  const edit = fc.oneof(
    fc.tuple(position, fc.nat({ max: 255 })).map(([place, byte]) => (bytes: Buffer) => {
      bytes[place % bytes.length] = byte;
      return bytes;
    }),
    fc
      .tuple(
        position,
        fc.constantFrom(0, 100, 108, 124, 136, 156, 157, 257, 345),
        fc.string({ maxLength: 12 }),
      )
      .map(([place, offset, text]) => (bytes: Buffer) => {
        const block = place - (place % 512);
        bytes.write(text, Math.min(block + offset, bytes.length - 1), 'latin1');
        // With the right checksum again, as a hostile hand would.
        const header = bytes.subarray(block, block + 512);
        if (header.length === 512) {
          header.write('        ', 148);
          const sum = header.reduce((total, byte) => total + byte, 0);
          header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
        }
        return bytes;
      }),
    fc.tuple(position, position).map(([from, to]) => (bytes: Buffer) => {
      const block = bytes.subarray(from - (from % 512), from - (from % 512) + 512);
      const target = to - (to % 512);
      return Buffer.concat([bytes.subarray(0, target), block, bytes.subarray(target)]);
    }),
    position.map((place) => (bytes: Buffer) => {
      const block = place - (place % 512);
      return Buffer.concat([bytes.subarray(0, block), bytes.subarray(block + 512)]);
    }),
    position.map((place) => (bytes: Buffer) => bytes.subarray(0, place)),
  );
  const edits = fc.array(edit, { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      edits,
      fc.boolean(),
      fc.integer({ min: 1, max: 9_000 }),
      async (list, packed, chunkSize) => {
        const source = packed ? Buffer.from(built.archive) : Buffer.from(plain);
        const changed = list.reduce<Buffer>(
          (bytes, change) => (bytes.length === 0 ? bytes : change(bytes)),
          source,
        );
        const archive = packed ? changed : gzipSync(changed, { level: 1 });
        const refused = await unpack(archive, chunkSize);
        const allowed = new Map(
          built.entries.map(({ path, content: bytes }) => [join(directory, 'staging', path), bytes]),
        );
        const unpacked = await filesBelow(join(directory, 'staging'));
        // Owners, times and spellings of numbers may differ; which files there are and what they hold may not.
        if (refused === null) expect(unpacked.toSorted()).toEqual([...allowed.keys()].toSorted());
        for (const path of unpacked) {
          // A file that is refused half-way holds a beginning of something; a whole one only what was declared.
          expect(allowed.has(path)).toBe(true);
          if (refused === null) expect(await readFile(path)).toEqual(allowed.get(path));
        }
        expect((await readdir(directory)).sort()).toEqual(['outside', 'staging']);
        await rm(join(directory, 'staging'), { recursive: true });
      },
    ),
    { numRuns: runs, seed },
  );
}, 120_000);
