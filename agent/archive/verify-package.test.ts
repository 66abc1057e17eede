import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { canonicalJson } from '../../domain/canonical-json.js';
import type { PackageManifest } from '../../domain/package-format/package-manifest.js';
import { sha256, tar, testPackage, type TestEntry } from '../testing/test-package.js';
import { DirectorySink } from './unpack-package.js';
import { verifyPackage, type PackageSink } from './verify-package.js';

const built = testPackage(
  { name: 'lib', version: '1.0.0', files: { 'a/data': 'library', empty: '', big: 'x'.repeat(100_000) } },
  { name: 'app', version: '2.0.0', files: { 'start.sh': 'exec sleep 1\n' } },
);

/** In chunks of a few sizes, as a network and a disk would give them. */
async function* chunks(bytes: Buffer, size = 1_000): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < bytes.length; offset += size) {
    await Promise.resolve();
    yield bytes.subarray(offset, offset + size);
  }
}

class Recorder implements PackageSink {
  readonly begun: string[] = [];
  begin({ path }: { readonly path: string }): void {
    this.begun.push(path);
  }
  write(): void {
    // Only names are looked at.
  }
  end(): void {
    // As above.
  }
}

const rejection = async (archive: Buffer, sink?: PackageSink): Promise<string> =>
  verifyPackage(chunks(archive), sink === undefined ? {} : { sink }).then(
    () => 'accepted',
    (error: unknown) => {
      expect(error).toMatchObject({ code: 'MALFORMED_PACKAGE' });
      return (error as Error).message;
    },
  );

/** The package with other entries. */
const archiveOf = (entries: readonly TestEntry[]): Buffer => gzipSync(tar(entries));

function withManifest(
  change: (manifest: PackageManifest) => void,
  entries = built.entries,
): readonly TestEntry[] {
  const manifest = JSON.parse(entries[1]?.content.toString() ?? '') as PackageManifest;
  change(manifest);
  const json = Buffer.from(canonicalJson(manifest));
  const id = Buffer.from(`${sha256(json)}\n`);
  return [
    { path: 'id', mode: '0644', size: id.length, content: id },
    { path: 'manifest.json', mode: '0644', size: json.length, content: json },
    ...entries.slice(2),
  ];
}

/** Adds a file to manifest and archive alike, as a hostile builder would. */
function withFile(path: string, content = Buffer.from('evil')): readonly TestEntry[] {
  const file = { path, mode: '0644', size: content.length } as const;
  const entries = withManifest((manifest) => {
    manifest.files.push({ ...file, sha256: sha256(content) });
    manifest.contentSize += content.length;
  });
  return [...entries, { ...file, content }];
}

test('a good package is verified whatever the chunks are', async () => {
  for (const size of [1, 7, 512, 100_000]) {
    const verified = await verifyPackage(chunks(built.archive, size), { expectedId: built.id });
    expect(verified).toMatchObject({ id: built.id, digest: built.digest, sizeBytes: built.archive.length });
    expect(verified.placed.map(({ directory }) => directory)).toEqual([
      'dependencies/lib-1.0.0',
      'binary/app-2.0.0',
    ]);
  }
});

describe('a package is refused', () => {
  test.each([['it is another one', 'f'.repeat(64)]])('when %s', async (_what, expectedId) => {
    await expect(verifyPackage(chunks(built.archive), { expectedId })).rejects.toThrow('another id');
  });

  test.each([
    ['absolute', '/etc/passwd'],
    ['climbing', 'binary/app-2.0.0/../../../etc/passwd'],
    ['a backslash', 'binary/app-2.0.0/..\\x'],
    ['a control character', 'binary/app-2.0.0/a\nb'],
    ['belonging to nothing', 'elsewhere/x'],
    ['directly below binary', 'binary/x'],
    ['an unknown control file', 'control/more'],
    ['a duplicate', 'binary/app-2.0.0/start.sh'],
    ['equal but for case', 'binary/app-2.0.0/START.sh'],
    ['equal but for the case of a directory', 'binary/App-2.0.0/x'],
    ['equal but for the Unicode form', 'binary/app-2.0.0/ſtart.sh'],
    ['not composed', 'binary/app-2.0.0/e\u0301'],
    ['a file as a directory', 'binary/app-2.0.0/start.sh/x'],
    ['of a special meaning', 'id'],
  ])('when a path is %s', async (_what, path) => {
    const sink = new Recorder();
    expect(await rejection(archiveOf(withFile(path)), sink)).not.toBe('accepted');
    // The listing is refused before anything is handed on.
    expect(sink.begun).toEqual([]);
  });

  test('when a path is too long', async () => {
    const long = `binary/app-2.0.0/${'x'.repeat(90)}/${'y'.repeat(90)}/${'z'.repeat(90)}`;
    const entries = withManifest((manifest) => {
      manifest.files.push({ path: long, mode: '0644', size: 0, sha256: sha256(Buffer.alloc(0)) });
    });
    expect(await rejection(archiveOf(entries))).toContain('path');
  });

  const file = built.entries.findIndex(({ path }) => path.endsWith('a/data'));
  const changed = (over: Partial<TestEntry>): readonly TestEntry[] =>
    built.entries.map((entry, index) => (index === file ? { ...entry, ...over } : entry));
  test.each<[string, readonly TestEntry[]]>([
    ['is missing', built.entries.filter((_, index) => index !== file)],
    ['comes twice', [...built.entries.slice(0, file + 1), ...built.entries.slice(file)]],
    ['comes at another place', [...built.entries.slice(0, -2), ...built.entries.slice(-2).toReversed()]],
    ['has another mode', changed({ mode: '0755' })],
    ['has other content', changed({ content: Buffer.from('LIBRARY') })],
    ['is longer', changed({ size: 8, content: Buffer.from('library!') })],
    [
      'is undeclared',
      [...built.entries, { path: 'binary/app-2.0.0/more', mode: '0644', size: 0, content: Buffer.alloc(0) }],
    ],
  ])('when a file %s', async (_what, entries) => {
    expect(await rejection(archiveOf(entries))).not.toBe('accepted');
  });

  test.each<[string, (manifest: PackageManifest) => void]>([
    ['another format', (manifest) => Object.assign(manifest, { format: 2 })],
    ['a field more', (manifest) => Object.assign(manifest, { more: 1 })],
    ['a wrong sum', (manifest) => (manifest.contentSize += 1)],
    ['an artifact twice', (manifest) => manifest.artifacts.push(...manifest.artifacts)],
    [
      'an artifact with a hostile name',
      (manifest) => Object.assign(manifest.artifacts[0] ?? {}, { name: '../x' }),
    ],
    [
      'an artifact with a hostile version',
      (manifest) => Object.assign(manifest.artifacts[0] ?? {}, { version: '1/../../x' }),
    ],
    [
      'a script that is missing',
      (manifest) => Object.assign(manifest.artifacts[0] ?? {}, { control: { install: 'x' } }),
    ],
    [
      'tables that say something else',
      (manifest) => Object.assign(manifest.artifacts[0] ?? {}, { keepData: true }),
    ],
    ['a setuid mode', (manifest) => Object.assign(manifest.files.at(-1) ?? {}, { mode: '4755' })],
  ])('when its manifest has %s', async (_what, change) => {
    expect(await rejection(archiveOf(withManifest(change)))).not.toBe('accepted');
  });

  test('when its manifest is not canonical, or not that of the id', async () => {
    const spelled = Buffer.from(`${built.entries[1]?.content.toString() ?? ''} `);
    const id = Buffer.from(`${sha256(spelled)}\n`);
    const rest = built.entries.slice(2);
    const manifest = { path: 'manifest.json', mode: '0644', size: spelled.length, content: spelled } as const;
    const matching = { path: 'id', mode: '0644', size: id.length, content: id } as const;
    expect(await rejection(archiveOf([matching, manifest, ...rest]))).toContain('canonical');
    const [other] = built.entries;
    if (other === undefined) throw new Error('no id');
    expect(await rejection(archiveOf([other, manifest, ...rest]))).toContain('digest');
  });

  test('when a table sends a file elsewhere', async () => {
    const table = Buffer.from(`1\tbinary/app-2.0.0/start.sh\t../../etc/start.sh\t0755\t${'0'.repeat(64)}\n`);
    const entries = withManifest((manifest) => {
      const listed = manifest.files.find(({ path }) => path === 'path');
      if (listed === undefined) throw new Error('no table');
      manifest.contentSize += table.length - listed.size;
      Object.assign(listed, { size: table.length, sha256: sha256(table) });
    }).map((entry) => (entry.path === 'path' ? { ...entry, size: table.length, content: table } : entry));
    expect(await rejection(archiveOf(entries))).toContain('table');
  });

  test('when it was cut off anywhere', async () => {
    const cuts = fc.integer({ min: 0, max: built.archive.length - 1 });
    await fc.assert(
      fc.asyncProperty(cuts, async (length) => {
        expect(await rejection(built.archive.subarray(0, length))).not.toBe('accepted');
      }),
      { numRuns: 50 },
    );
  });

  test('when a byte was flipped anywhere, unless the content is the same', async () => {
    // Bytes of the gzip header, and the bits that fill up the last byte of the compressed data, say nothing of the
    // content: the archive's own digest is for them.
    const content = gunzipSync(built.archive);
    const places = fc.integer({ min: 10, max: built.archive.length - 1 });
    await fc.assert(
      fc.asyncProperty(places, fc.integer({ min: 1, max: 255 }), async (place, bits) => {
        const damaged = Buffer.from(built.archive);
        damaged[place] = (damaged[place] ?? 0) ^ bits;
        if ((await rejection(damaged)) === 'accepted') expect(gunzipSync(damaged)).toEqual(content);
      }),
      { numRuns: 50 },
    );
  });

  test('when something follows it, inside the compression or after it', async () => {
    const plain = gunzipSync(built.archive);
    expect(await rejection(gzipSync(Buffer.concat([plain, Buffer.alloc(512)])))).toContain('after its end');
    expect(await rejection(Buffer.concat([built.archive, Buffer.alloc(100)]))).toContain('after its end');
    expect(await rejection(Buffer.concat([built.archive, Buffer.from('more')]))).toContain('after its end');
    expect(await rejection(Buffer.concat([built.archive, gzipSync('more')]))).toContain('after its end');
    expect(await rejection(gzipSync(plain.subarray(0, -512)))).toContain('cut off');
  });

  test('when padding carries data', async () => {
    const plain = gunzipSync(built.archive);
    plain[512 + 65] = 1;
    expect(await rejection(gzipSync(plain))).toContain('padding');
  });

  test('when it is a bomb: the first byte beyond what is declared ends it', async () => {
    const bomb = archiveOf(changed({ size: 50_000_000, content: Buffer.alloc(50_000_000) }));
    expect(bomb.length).toBeLessThan(100_000);
    expect(await rejection(bomb)).toContain('mode and size');
    const huge = Buffer.alloc(50_000_000);
    const manifest = { path: 'manifest.json', mode: '0644', size: huge.length, content: huge } as const;
    const [id] = built.entries;
    if (id === undefined) throw new Error('no id');
    expect(await rejection(archiveOf([id, manifest]))).toContain('manifest.json');
  });

  test('when it is no archive at all', async () => {
    expect(await rejection(Buffer.from('hello'))).toContain('decompressed');
    expect(await rejection(gzipSync('hello'))).toContain('cut off');
    expect(await rejection(gzipSync(''))).toContain('cut off');
    expect(await rejection(gzipSync(Buffer.alloc(1_024)))).toContain('manifest');
  });
});

describe('archives that tar makes', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leonore-hostile-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** Unpacks the good package, lets a hostile hand change it, and packs it with GNU tar in the right order. */
  async function repacked(change: (tree: string) => Promise<void>, ...options: string[]): Promise<Buffer> {
    const tree = join(directory, 'tree');
    await mkdir(tree);
    await writeFile(join(directory, 'good.tgz'), built.archive);
    execFileSync('tar', ['-xzf', join(directory, 'good.tgz'), '-C', tree]);
    await change(tree);
    const names = built.entries.map(({ path }) => path);
    const archive = execFileSync('tar', ['-C', tree, '--format=ustar', ...options, '-cf', '-', ...names]);
    // GNU tar fills up to its record size; what is judged here is what comes before.
    return gzipSync(archive);
  }

  const victim = 'dependencies/lib-1.0.0/a/data';
  test.each<[string, (tree: string) => Promise<void>, string[]]>([
    ['a symbolic link', async (tree) => replaced(tree, (path) => symlink('/etc/passwd', path)), []],
    [
      'a hard link',
      async (tree) => replaced(tree, (path) => Promise.resolve(run('ln', join(tree, 'id'), path))),
      [],
    ],
    ['a FIFO', async (tree) => replaced(tree, (path) => Promise.resolve(run('mkfifo', path))), []],
    ['a directory', async (tree) => replaced(tree, (path) => mkdir(path).then(() => undefined)), []],
    ['a setuid bit', (tree) => Promise.resolve(run('chmod', 'u+s', join(tree, victim))), []],
    ['a sparse file', (tree) => truncate(join(tree, victim), 1_000_000), ['--format=gnu', '--sparse']],
    ['pax records', () => Promise.resolve(), ['--format=pax']],
    [
      "GNU's long names",
      () => Promise.resolve(),
      ['--format=gnu', '--transform=s,^binary,binary/' + 'x'.repeat(120) + ','],
    ],
  ])('are refused with %s', async (_what, change, options) => {
    const archive = await repacked(change, ...options);
    const sink = new Recorder();
    expect(await rejection(archive, sink)).not.toBe('accepted');
    expect(sink.begun).not.toContain(victim);
  });

  async function replaced(tree: string, make: (path: string) => Promise<void>): Promise<void> {
    await rm(join(tree, victim));
    await make(join(tree, victim));
  }

  const run = (command: string, ...args: string[]): void => {
    execFileSync(command, args);
  };

  test('a good package is unpacked with its modes, and never onto what is there', async () => {
    const target = join(directory, 'target');
    await mkdir(target);
    await verifyPackage(chunks(built.archive), { sink: new DirectorySink(target) });
    for (const { path, mode, content } of built.entries) {
      expect(await readFile(join(target, path))).toEqual(content);
      expect((await stat(join(target, path))).mode & 0o7777).toBe(Number.parseInt(mode, 8));
    }
    const masked = join(directory, 'masked');
    await mkdir(masked);
    const mask = process.umask(0o077);
    await verifyPackage(chunks(built.archive), { sink: new DirectorySink(masked) });
    process.umask(mask);
    for (const { path, mode } of built.entries) {
      expect((await stat(join(masked, path))).mode & 0o7777).toBe(Number.parseInt(mode, 8));
    }
    await rm(join(target, 'id'));
    await symlink(join(directory, 'outside'), join(target, 'id'));
    const again = new DirectorySink(target);
    await expect(verifyPackage(chunks(built.archive), { sink: again })).rejects.toMatchObject({
      code: 'EEXIST',
    });
    await again.close();
    expect(await readdir(directory)).not.toContain('outside');
  });
});

test('a source that fails fails as itself', async () => {
  await expect(verifyPackage(createReadStream('/nowhere'))).rejects.toMatchObject({ code: 'ENOENT' });
});
