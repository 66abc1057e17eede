/**
 * `npm run bench:responsive [-- --json]`: how long what keeps a process alive in the eyes of others (heartbeats, leases,
 * acknowledgements, polls) has to wait while it does its hardest work: the delay of the event loop, as a node plans
 * puzzles and packs a large package, and as an API plans puzzles, reads hostile manifests and takes in a large artifact.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { Command } from 'commander';
import { packageArchive } from '../../activities/package-builder/package-archive.js';
import { checkArtifact } from '../../compute/check-artifact.js';
import { ComputePool } from '../../compute/compute-pool.js';
import { Planner, type PlanningLimits } from '../../compute/planner.js';
import type { GatewayProfile } from '../../domain/gateway/profile.js';
import { limits } from '../../domain/limits.js';
import { layoutPackage, type ArtifactContentFile } from '../../domain/package-format/layout-package.js';
import { puzzle } from '../../domain/resolver/testing/puzzle.js';
import { DiskBlobStore } from '../../repositories/disk-blob-store.js';
import { machineFacts } from '../machine.js';
import { createRandom } from '../random.js';
import { atMost, fact, toJsonLine, toTable, type Figure } from './figure.js';
import { machineFigures } from './measurement.js';

const MiB = 1024 * 1024;
/** Late by so much, one in a hundred, and nobody takes a process for dead, nor an answer for slow. */
const goalMs = 50;
const largeFileBytes = 16 * MiB;
const smallFiles = 2_000;
const smallFileBytes = 4_096;
const fleet = 5_000;

const hard = puzzle();
const requests = [{ name: 'puzzle', range: '*' }];
const never = new AbortController().signal;
/** A parser of YAML looks through all anchors at each alias. */
const hostileManifest = Array.from({ length: 45_000 }, (_none, index) => `- &a${index} x\n- *a${index}`).join(
  '\n',
);

/** A few million bytes as programs have them, again and again, each time a little different. */
function* contentOf(bytes: number, mark: number): Generator<Buffer> {
  const random = createRandom(12);
  const block = Buffer.alloc(Math.min(bytes, MiB));
  for (let at = 0; at < block.length; at += 1) block[at] = Math.floor(random() * 40);
  for (let left = bytes, index = 0; left > 0; left -= block.length, index += 1) {
    block.writeUInt32LE((mark * 4_099 + index) >>> 0, 0);
    yield Buffer.from(block.subarray(0, left));
  }
}

async function filesIn(blobs: DiskBlobStore, bytes: number): Promise<ArtifactContentFile[]> {
  const files: ArtifactContentFile[] = [];
  const sizes = [
    ...Array.from({ length: Math.ceil(bytes / largeFileBytes) }, () => largeFileBytes),
    ...Array.from({ length: smallFiles }, () => smallFileBytes),
  ];
  for (const [index, size] of sizes.entries()) {
    const staged = await blobs.stage(Readable.from(contentOf(size, index)), size);
    await staged.commit();
    files.push({ path: `lib-${index % 7}/file-${index}`, sha256: staged.digest, size, mode: '0644' });
  }
  return files;
}

/** All that step v does for a package whose files are there. */
async function pack(blobs: DiskBlobStore, files: readonly ArtifactContentFile[]): Promise<string> {
  const artifact = {
    name: 'bench',
    version: '1.0.0',
    kind: 'application' as const,
    digest: '0'.repeat(64),
    requested: true,
    installedSize: 0,
    control: {},
    start: false,
    keepData: false,
    files,
  };
  const layout = layoutPackage({ artifacts: [artifact], tree: [] }, (bytes) =>
    createHash('sha256').update(bytes).digest('hex'),
  );
  const staged = await blobs.stage(packageArchive(layout, blobs), 2 * limits.artifactBytes);
  await staged.commit();
  return `${(staged.sizeBytes / MiB).toFixed(0)} MiB packed`;
}

/** A fleet in which every other gateway is a puzzle. */
async function planFleet(pool: ComputePool, planning: PlanningLimits): Promise<void> {
  async function* reachedFrom() {
    yield [...hard.artifacts];
  }
  async function* readPages() {
    for (let from = 0; from < fleet; from += 1_000) {
      yield Array.from({ length: 1_000 }, (_none, index) => ({
        member: from + index,
        profile: gateway(from + index),
      }));
    }
  }
  const groups = await new Planner({ reachedFrom }, pool, planning).plan({
    requests,
    readPages,
    signal: never,
  });
  const undecided = groups
    .filter((group) => group.undecided)
    .reduce((sum, group) => sum + group.members.length, 0);
  if (undecided !== fleet / 2) throw new Error(`${undecided} of ${fleet} gateways are undecided`);
}

function gateway(index: number): GatewayProfile {
  const room = index % 2 === 0 ? hard.hardware : {};
  return {
    id: `gw-${index}`,
    hardware: { arch: 'armv7', ...room },
    software: { os: 'linux', kernel: '5.10.0' },
    labels: { room: String(index % 300) },
    installed: [{ name: `other-${index % 50}`, version: '1.0.0' }],
  };
}

/** Repeats some work until other work has ended, and waits for both. */
async function besides(work: () => Promise<unknown>, until: Promise<unknown>): Promise<number> {
  let done = 0;
  const state = { ended: false };
  const main = until.finally(() => (state.ended = true));
  while (!state.ended) {
    await work();
    done += 1;
  }
  await main;
  return done;
}

/** Work to be measured. @returns what was done, in words */
type Work = () => Promise<string>;

async function delayOf(name: string, work: Work): Promise<Figure[]> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const before = performance.now();
  const cpuBefore = process.cpuUsage();
  delay.enable();
  const what = await work();
  delay.disable();
  const seconds = (performance.now() - before) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const ms = (nanoseconds: number) => nanoseconds / 1e6;
  return [
    fact(`${name}_delay_p50`, ms(delay.percentile(50)), 'ms', what),
    atMost(goalMs, `${name}_delay_p99`, ms(delay.percentile(99)), 'ms', 'of the event loop'),
    fact(`${name}_delay_max`, ms(delay.max), 'ms', 'the longest of all'),
    fact(
      `${name}_time`,
      seconds,
      's',
      `of which this process computed ${((user + system) / 1e6).toFixed(1)} s`,
    ),
  ];
}

const options = new Command('bench:responsive')
  .description('measures how long the event loop is held up by the hardest work')
  .option('--json', 'one JSON line a figure')
  .parse()
  .opts<{ json?: true }>();
const place = await mkdtemp(join(tmpdir(), 'leonore-bench-responsive-'));
const pool = new ComputePool({ processes: 3, memoryMb: 1_024 });
try {
  const blobs = new DiskBlobStore(join(place, 'blobs'));
  const bytes = limits.artifactBytes - smallFiles * smallFileBytes;
  const files = await filesIn(blobs, bytes);
  const figures = [
    ...machineFigures(machineFacts()),
    ...(await delayOf('idle', async () => {
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      return 'nothing to do: what the machine and the timer add';
    })),
    ...(await delayOf('node', async () => {
      const packing = pack(blobs, files);
      const plans = await besides(() => planFleet(pool, limits.planning), packing);
      return `${files.length} files, 1 GiB, ${await packing}; meanwhile ${plans} plannings for ${fleet} gateways with a puzzle`;
    })),
    ...(await delayOf('api', async () => {
      const taking = blobs.stage(Readable.from(contentOf(limits.artifactBytes, 1)), limits.artifactBytes);
      const checking = besides(async () => {
        await planFleet(pool, limits.dryRun);
        const input = { manifestText: hostileManifest, manifestName: 'artifact.yaml', files: [] };
        await checkArtifact(pool, input, never, 'bench').catch(() => undefined);
      }, taking);
      const rounds = await checking;
      return `1 GiB taken in; meanwhile ${rounds} dry runs with a puzzle and hostile manifests`;
    })),
  ];
  if (options.json === true) for (const figure of figures) console.log(toJsonLine(figure));
  else console.log(toTable(figures));
} finally {
  await pool.close();
  await rm(place, { recursive: true, force: true });
}
