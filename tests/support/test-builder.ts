import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { analyzeCompatibility } from '../../activities/analyze-compatibility.js';
import { buildPackages } from '../../activities/build-packages.js';
import type { PackageBuilderDependencies } from '../../activities/package-builder/build-package.js';
import { SourceBuilder } from '../../activities/package-builder/build-source.js';
import type { ComputePool } from '../../compute/compute-pool.js';
import { Planner } from '../../compute/planner.js';
import type { ArtifactManifest } from '../../domain/artifact/manifest.js';
import { withMeasuredSizes, type ArtifactFile } from '../../domain/artifact/variant-files.js';
import type { GatewayProfile } from '../../domain/gateway/profile.js';
import { DiskBlobStore } from '../../repositories/disk-blob-store.js';
import type { NodeActivities } from '../../workflows/activity-types.js';
import { testPlanning, testPool } from './test-pool.js';
import {
  addGateways,
  addNode,
  addRollout,
  profileOf,
  testRepositories,
  type TestRepositories,
} from './test-repositories.js';

type Built = Awaited<ReturnType<NodeActivities['buildPackages']>>;

/** What there is after steps iv and v. */
export interface Provisioned {
  readonly rolloutId: string;
  readonly gatewayIds: readonly string[];
  readonly built: Built;
  readonly groups: Awaited<ReturnType<TestRepositories['rollouts']['groups']>>;
  readonly counts: Awaited<ReturnType<TestRepositories['rollouts']['counts']>>;
}

/** A node that plans and builds, on a database and a blob store of its own. */
export interface TestBuilder {
  readonly repositories: TestRepositories;
  readonly blobs: DiskBlobStore;
  readonly blobRoot: string;
  readonly dependencies: PackageBuilderDependencies;
  readonly pool: ComputePool;
  /** Adds an artifact with these files, all of them executable. */
  readonly publish: (manifest: ArtifactManifest, contents: Readonly<Record<string, string>>) => Promise<void>;
  /** Steps iv and v of a rollout that has its deliveries. */
  readonly build: (rolloutId: string) => Promise<Built>;
  /** The same of a rollout of its own, to new gateways or to given ones. */
  readonly provision: (
    request: string,
    gateways?: number | readonly string[],
    changes?: Partial<GatewayProfile>,
  ) => Promise<Provisioned>;
  close(): Promise<void>;
}

/** @param on repositories and a blob store that are there already; they are the caller's to close */
export async function testBuilder(on?: Pick<TestBuilder, 'repositories' | 'blobRoot'>): Promise<TestBuilder> {
  const repositories = on?.repositories ?? (await testRepositories());
  if (on === undefined) await addNode(repositories, 'node-1');
  const blobRoot = on?.blobRoot ?? (await mkdtemp(join(tmpdir(), 'leonore-test-blobs-')));
  const blobs = new DiskBlobStore(blobRoot);
  const dependencies = { ...repositories, blobs, nodeId: 'node-1', sourceBuilder: testSourceBuilder(blobs) };
  const pool = testPool();
  const planner = new Planner(repositories.artifacts, pool, testPlanning);
  let names = 0;

  async function newGateways(count: number, changes: Partial<GatewayProfile>): Promise<string[]> {
    const ids = Array.from({ length: count }, () => `gw-${(names += 1)}`);
    await addGateways(
      repositories,
      ids.map((id) => profileOf(id, changes)),
    );
    return ids;
  }

  async function build(rolloutId: string): Promise<Built> {
    const input = { rolloutId, nodeId: 'node-1' };
    const environment = new MockActivityEnvironment();
    await environment.run(analyzeCompatibility({ ...repositories, planner }), input);
    const turn = (): Promise<Built> =>
      environment.run(buildPackages({ ...repositories, ...dependencies, wake: () => undefined }), input);
    let built = await turn();
    // A turn ends before all is built where the machine is busy, or somebody else builds what is needed.
    while (built.remaining > 0) {
      if (built.waiting > 0) await delay(20);
      built = await turn();
    }
    return built;
  }

  return {
    repositories,
    blobs,
    blobRoot,
    dependencies,
    pool,
    async publish(manifest, contents) {
      const files: ArtifactFile[] = [];
      for (const [path, content] of Object.entries(contents)) {
        const staged = await blobs.stage(Readable.from([content]), 1_000_000);
        await staged.commit();
        files.push({ path, sha256: staged.digest, sizeBytes: staged.sizeBytes, mode: '0755' });
      }
      await repositories.artifacts.add(withMeasuredSizes(manifest, files), files);
    },
    build,
    async provision(request, gateways = 1, changes = {}) {
      const gatewayIds = typeof gateways === 'number' ? await newGateways(gateways, changes) : gateways;
      const rolloutId = await addRollout(repositories, [request], gatewayIds);
      const built = await build(rolloutId);
      const { rollouts } = repositories;
      return {
        rolloutId,
        gatewayIds,
        built,
        groups: await rollouts.groups(rolloutId, 10),
        counts: await rollouts.counts(rolloutId),
      };
    },
    async close() {
      await pool.close();
      if (on !== undefined) return;
      await repositories.close();
      await rm(blobRoot, { recursive: true, force: true });
    },
  };
}

/** Within limits that a test does not reach. */
export function testSourceBuilder(blobs: DiskBlobStore): SourceBuilder {
  const MiB = 1024 * 1024;
  const limits = { timeMs: 60_000, memoryBytes: 1024 * MiB, diskBytes: 256 * MiB };
  return new SourceBuilder({ blobs, limits, isolation: 'best' });
}
