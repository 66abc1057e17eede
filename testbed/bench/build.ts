/**
 * `npm run bench:build [-- --json]`: what building a package costs beside plain `tar | gzip` at the same level, on the
 * same files, one after the other in one run; and whether memory grows with the package.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { packageArchive } from '../../activities/package-builder/package-archive.js';
import {
  layoutPackage,
  type ArtifactContentFile,
  type PackageInput,
} from '../../domain/package-format/layout-package.js';
import { DiskBlobStore } from '../../repositories/disk-blob-store.js';
import { machineFacts } from '../machine.js';
import { createRandom } from '../random.js';
import { atMost, fact, toJsonLine, toTable, type Figure } from './figure.js';
import { machineFigures } from './measurement.js';

const MiB = 1024 * 1024;
const packageBytes = 12 * MiB;
const runs = 7;
/** As a firmware has it: a few large binaries, libraries, and many small files. */
const smallFiles = Array.from(
  { length: 300 },
  (_none, index) => [16 * 1024, 4 * 1024, 1_000][index % 3] ?? 0,
);
const fileBytes = [4 * MiB, 2 * MiB, MiB, ...smallFiles];

interface Content {
  readonly directory: string;
  readonly blobs: DiskBlobStore;
  readonly input: PackageInput;
  readonly files: number;
}

/** Bytes that compress to about half, as programs do. */
function program(bytes: number, random: () => number): Buffer {
  const content = Buffer.alloc(bytes);
  let at = 0;
  while (at < bytes) {
    const length = Math.min(bytes - at, 8 + Math.floor(random() * 56));
    if (random() < 0.5 && at > 4_096) {
      const from = at - 64 - Math.floor(random() * 4_000);
      content.copy(content, at, from, from + length);
    } else {
      for (let index = 0; index < length; index += 1) content[at + index] = Math.floor(random() * 200);
    }
    at += length;
  }
  return content;
}

async function makeContent(place: string, bytes: number): Promise<Content> {
  const random = createRandom(12);
  const directory = join(place, 'content');
  const blobs = new DiskBlobStore(join(place, 'blobs'));
  const files: ArtifactContentFile[] = [];
  for (let left = bytes, index = 0; left > 0; index += 1) {
    const size = Math.min(left, fileBytes[index % fileBytes.length] ?? 1_000);
    const path = `lib-${index % 7}/file-${index}`;
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), program(size, random));
    const staged = await blobs.stage(createReadStream(join(directory, path)), size);
    await staged.commit();
    files.push({ path, sha256: staged.digest, size, mode: '0755' });
    left -= size;
  }
  const artifact = {
    name: 'bench',
    version: '1.0.0',
    kind: 'application' as const,
    digest: '0'.repeat(64),
    requested: true,
    installedSize: bytes,
    control: {},
    start: false,
    keepData: false,
    files,
  };
  return { directory, blobs, input: { artifacts: [artifact], tree: [] }, files: files.length };
}

interface Built {
  readonly digest: string;
  readonly bytes: number;
  readonly ms: number;
  readonly cpuMs: number;
}

/** All that step v does for a package whose files are there: layout, archive, digest, and into the blob store. */
async function build({ blobs, input }: Content): Promise<Built> {
  const before = performance.now();
  const cpuBefore = process.cpuUsage();
  const layout = layoutPackage(input, (bytes) => createHash('sha256').update(bytes).digest('hex'));
  const staged = await blobs.stage(packageArchive(layout, blobs), 1024 * MiB);
  await staged.commit();
  const { user, system } = process.cpuUsage(cpuBefore);
  const ms = performance.now() - before;
  return { digest: staged.digest, bytes: staged.sizeBytes, ms, cpuMs: (user + system) / 1_000 };
}

function tarAndGzip({ directory }: Content, out: string): { ms: number; cpuMs: number } {
  const before = performance.now();
  const script = 'tar -C "$1" -cf - . | gzip -6 >"$2"; sync "$2"; times';
  const said = execFileSync('sh', ['-c', script, 'bench', directory, out], { encoding: 'utf8' });
  const ms = performance.now() - before;
  // The second line is what the commands used: user and system, as 0m0.25s 0m0.02s.
  const used = [...(said.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/gu)];
  const cpuMs = used.reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1_000,
    0,
  );
  return { ms, cpuMs };
}

/** The most memory in use while something runs, above what was in use before. */
async function memoryOf(work: () => Promise<unknown>): Promise<number> {
  global.gc?.();
  const before = process.memoryUsage.rss();
  let most = before;
  const sampling = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5);
  await work();
  clearInterval(sampling);
  return (most - before) / MiB;
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}

async function figures(place: string): Promise<Figure[]> {
  const small = await makeContent(join(place, 'small'), packageBytes);
  const large = await makeContent(join(place, 'large'), 10 * packageBytes);
  const ours: { ms: number; cpuMs: number }[] = [];
  const theirs: { ms: number; cpuMs: number }[] = [];
  const first = await build(small);
  for (let run = 0; run < runs; run += 1) {
    const again = await build(small);
    if (again.digest !== first.digest) throw new Error('the same content gave another archive');
    ours.push(again);
    theirs.push(tarAndGzip(small, join(place, 'plain.tar.gz')));
  }
  const memory = { small: await memoryOf(() => build(small)), large: await memoryOf(() => build(large)) };
  const of = `${packageBytes / MiB} MiB in ${small.files} files, ${(first.bytes / MiB).toFixed(1)} MiB packed; median of ${runs}`;
  const [ms, plainMs] = [ours, theirs].map((all) => median(all.map((one) => one.ms))) as [number, number];
  const [cpu, plainCpu] = [ours, theirs].map((all) => median(all.map((one) => one.cpuMs))) as [
    number,
    number,
  ];
  return [
    fact('build', ms, 'ms', of),
    fact('tar_gzip', plainMs, 'ms', 'tar | gzip -6 to a file, and sync'),
    atMost(1.5, 'build_against_tar_gzip', ms / plainMs, 'ratio', 'of the medians'),
    fact(
      'cpu_against_tar_gzip',
      cpu / plainCpu,
      'ratio',
      'processor time: says more where others share the machine',
    ),
    fact('memory', memory.small, 'MiB', 'most resident memory while building, above what was there before'),
    atMost(
      64,
      'memory_of_ten_times_the_package',
      memory.large,
      'MiB',
      `the same for ${(10 * packageBytes) / MiB} MiB`,
    ),
  ];
}

const options = new Command('bench:build')
  .description('measures the building of a package against tar and gzip')
  .option('--json', 'one JSON line a figure')
  .parse()
  .opts<{ json?: true }>();
const place = await mkdtemp(join(tmpdir(), 'leonore-bench-build-'));
try {
  const all = [...machineFigures(machineFacts()), ...(await figures(place))];
  if (options.json === true) for (const figure of all) console.log(toJsonLine(figure));
  else console.log(toTable(all));
} finally {
  await rm(place, { recursive: true, force: true });
}
