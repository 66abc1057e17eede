/** Step v against a real repository, a real blob store and real build scripts. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { ArtifactManifest } from '../domain/artifact/manifest.js';
import { withMeasuredSizes, type ArtifactFile } from '../domain/artifact/variant-files.js';
import { DiskBlobStore } from '../repositories/disk-blob-store.js';
import {
  addGateways,
  addNode,
  addRollout,
  profileOf,
  testRepositories,
  type TestRepositories,
} from '../tests/support/test-repositories.js';
import type { NodeActivities } from '../workflows/activity-types.js';
import { analyzeCompatibility } from './analyze-compatibility.js';
import { buildPackages } from './build-packages.js';

let repositories: TestRepositories;
let blobs: DiskBlobStore;
let blobRoot: string;
let names = 0;

beforeAll(async () => {
  repositories = await testRepositories();
  await addNode(repositories, 'node-1');
  blobRoot = await mkdtemp(join(tmpdir(), 'leonore-test-blobs-'));
  blobs = new DiskBlobStore(blobRoot);
}, 60_000);

afterAll(async () => {
  await repositories.close();
  await rm(blobRoot, { recursive: true, force: true });
});

async function publish(
  manifest: ArtifactManifest,
  contents: Readonly<Record<string, string>>,
): Promise<void> {
  const files: ArtifactFile[] = [];
  for (const [path, content] of Object.entries(contents)) {
    const staged = await blobs.stage(Readable.from([content]), 1_000_000);
    await staged.commit();
    files.push({ path, sha256: staged.digest, sizeBytes: staged.sizeBytes, mode: '0755' });
  }
  await repositories.artifacts.add(withMeasuredSizes(manifest, files), files);
}

/** Steps iv and v of a rollout to new gateways. */
async function provision(request: string, gateways = 1) {
  const ids = Array.from({ length: gateways }, () => `gw-${(names += 1)}`);
  await addGateways(
    repositories,
    ids.map((id) => profileOf(id)),
  );
  const rolloutId = await addRollout(repositories, [request], ids);
  const input = { rolloutId, nodeId: 'node-1' };
  const environment = new MockActivityEnvironment();
  await environment.run(analyzeCompatibility(repositories), input);
  type Built = Awaited<ReturnType<NodeActivities['buildPackages']>>;
  const built: Built = await environment.run(
    buildPackages({ ...repositories, blobs, nodeId: 'node-1' }),
    input,
  );
  return {
    rolloutId,
    built,
    groups: await repositories.rollouts.groups(rolloutId, 10),
    counts: await repositories.rollouts.counts(rolloutId),
  };
}

const builtFromSource = { size: 10, installedSize: 4_096, source: { directory: 'src', build: 'build.sh' } };

test('a package is built once, whoever needs it next', async () => {
  await publish({ name: 'once', version: '1.0.0', kind: 'application' }, { 'bin/run': '#!/bin/sh\n' });
  const first = await provision('once', 3);
  expect(first.built).toMatchObject({ built: 1, failed: 0, remaining: 0, chunks: [{ size: 3 }] });
  expect(first.groups).toMatchObject([
    { state: 'built', gateways: 3, attempts: [{ planIndex: 0, outcome: 'built' }] },
  ]);
  const second = await provision('once');
  expect(second.groups[0]).toMatchObject({
    packageId: first.groups[0]?.packageId,
    attempts: [{ outcome: 'reused' }],
  });
  const { archiveDigest, sizeBytes } = await repositories.packages.get(first.groups[0]?.packageId ?? '');
  expect(await blobs.sizeOf(archiveDigest)).toBe(sizeBytes);
});

test('two who need the same package at the same time build it once', async () => {
  await publish(
    { name: 'shared', version: '1.0.0', kind: 'application', variants: [builtFromSource] },
    { 'src/build.sh': 'sleep 0.3; mkdir -p "$LEONORE_OUTPUT/bin"; echo built > "$LEONORE_OUTPUT/bin/run"\n' },
  );
  const both = await Promise.all([provision('shared'), provision('shared')]);
  expect(both.map(({ groups }) => groups[0]?.attempts[0]?.outcome).sort()).toEqual(['built', 'reused']);
  expect(new Set(both.map(({ groups }) => groups[0]?.packageId)).size).toBe(1);
});

test('a package whose archive was lost is built again, to the byte', async () => {
  await publish({ name: 'lost', version: '1.0.0', kind: 'application' }, { 'bin/run': '#!/bin/sh\n' });
  const { groups } = await provision('lost');
  const before = await repositories.packages.get(groups[0]?.packageId ?? '');
  await blobs.remove(before.archiveDigest);
  const again = await provision('lost');
  expect(again.groups[0]).toMatchObject({ packageId: before.id, attempts: [{ outcome: 'built' }] });
  expect(await blobs.sizeOf(before.archiveDigest)).toBe(before.sizeBytes);
});

test('when a build fails the next plan is tried, and both are recorded with their logs', async () => {
  await publish({ name: 'falls', version: '1.0.0', kind: 'application' }, { 'bin/run': '#!/bin/sh\n' });
  await publish(
    { name: 'falls', version: '1.1.0', kind: 'application', variants: [builtFromSource] },
    { 'src/build.sh': 'echo "no compiler here" >&2; exit 7\n' },
  );
  const { groups, built } = await provision('falls');
  expect(built).toMatchObject({ built: 1, failed: 0, chunks: [{ size: 1 }] });
  expect(groups[0]).toMatchObject({
    state: 'built',
    planIndex: 1,
    attempts: [
      {
        planIndex: 0,
        outcome: 'failed',
        log: expect.stringContaining('no compiler here'),
        error: expect.stringContaining('exit code 7'),
      },
      { planIndex: 1, outcome: 'built' },
    ],
  });
});

test('when no plan can be built the gateways fail with the reason, and nothing is offered', async () => {
  await publish(
    { name: 'broken', version: '1.0.0', kind: 'application', variants: [builtFromSource] },
    { 'src/build.sh': 'exit 1\n' },
  );
  const { rolloutId, built, groups, counts } = await provision('broken', 2);
  expect(built).toMatchObject({ built: 0, failed: 1, remaining: 0, chunks: [] });
  expect(groups[0]).toMatchObject({ state: 'failed', packageId: null });
  expect(counts).toMatchObject({ failed: 2 });
  const { items } = await repositories.deliveries.list(rolloutId, 10, null, null);
  expect(items[0]?.error).toMatchObject({ code: 'BUILD_FAILED', message: expect.stringContaining('plan 1') });
});

test('a build sees nothing of our environment, and leaves only plain files', async () => {
  await publish(
    { name: 'curious', version: '1.0.0', kind: 'application', variants: [builtFromSource] },
    { 'src/build.sh': 'env > "$LEONORE_OUTPUT/seen"; ln -s /etc/passwd "$LEONORE_OUTPUT/link"\n' },
  );
  process.env['LEONORE_SECRET_OF_THE_TEST'] = 'secret';
  const { groups } = await provision('curious');
  expect(groups[0]).toMatchObject({
    state: 'failed',
    attempts: [{ error: expect.stringContaining('link') }],
  });
  expect(JSON.stringify(groups)).not.toContain('LEONORE_SECRET_OF_THE_TEST');
});

test('a gateway that no plan fits ends incompatible, and is told why', async () => {
  await publish(
    {
      name: 'elsewhere',
      version: '1.0.0',
      kind: 'application',
      variants: [{ platform: { arch: 'riscv64' }, directory: 'riscv64' }],
    },
    { 'riscv64/run': 'x' },
  );
  const { groups, counts, built } = await provision('elsewhere');
  expect(counts).toMatchObject({ incompatible: 1 });
  expect(groups[0]).toMatchObject({
    state: 'incompatible',
    explanation: expect.stringContaining('no variant for armv7'),
  });
  expect(built.chunks).toEqual([]);
});
