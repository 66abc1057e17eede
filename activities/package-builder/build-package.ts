import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { artifactKey, type Variant } from '../../domain/artifact/manifest.js';
import { renderConfiguration } from '../../domain/artifact/render-configuration.js';
import { filesOfVariant, type ArtifactFile } from '../../domain/artifact/variant-files.js';
import { canonicalJson } from '../../domain/canonical-json.js';
import { LeonoreError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import {
  layoutPackage,
  type ArtifactInput,
  type PackageInput,
} from '../../domain/package-format/layout-package.js';
import type { Plan, PlannedArtifact } from '../../domain/plan/plan.js';
import type { ArtifactContent, ArtifactRepository } from '../../repositories/artifact-repository.js';
import type { BlobStore } from '../../repositories/blob-store.js';
import type { PackageRepository } from '../../repositories/package-repository.js';
import { buildSource } from './build-source.js';
import { writePackage } from './write-package.js';

/** Time that a builder may hold the lock of a recipe. */
const buildLockMs = 25 * 60_000;

export interface PackageBuilderDependencies {
  readonly artifacts: ArtifactRepository;
  readonly packages: PackageRepository;
  readonly blobs: BlobStore;
  /** Name of this node, recorded with what it built. */
  readonly nodeId: string;
}

export interface BuiltPackage {
  readonly packageId: string;
  /** True when another group, rollout or node had it built already. */
  readonly reused: boolean;
  readonly log: string;
}

/**
 * Builds the application package of a plan (paper, III-C 4), once for all who need it: what goes into a package
 * names it (its recipe), and only one builder at a time works on a recipe.
 * @throws LeonoreError BUILD_FAILED, ARTIFACT_NOT_FOUND, MALFORMED_ARTIFACT, BLOB_MISSING: this plan cannot be built
 */
export async function buildPackage(
  plan: Plan,
  deps: PackageBuilderDependencies,
  signal: AbortSignal,
): Promise<BuiltPackage> {
  const parts = await partsOf(plan, deps.artifacts);
  const recipe = recipeOf(parts, plan);
  const ready = await reusable(recipe, deps);
  if (ready !== null) return ready;
  return deps.packages.withBuildLock(recipe, buildLockMs, async () => {
    // Somebody may have built it while we waited for the lock.
    return (await reusable(recipe, deps)) ?? (await build(plan, parts, recipe, deps, signal));
  });
}

interface Part {
  readonly planned: PlannedArtifact;
  readonly content: ArtifactContent;
  /** Files of the chosen variant: what is installed, or what it is built from. */
  readonly files: readonly ArtifactFile[];
  readonly variant: Variant | undefined;
}

async function partsOf(plan: Plan, artifacts: ArtifactRepository): Promise<Part[]> {
  const contents = await artifacts.contentOf(plan.install);
  const planned = new Map(plan.artifacts.map((artifact) => [artifactKey(artifact), artifact]));
  return plan.install.map((key) => {
    const content = contents.get(key);
    const artifact = planned.get(key);
    if (content === undefined || artifact === undefined) {
      throw new LeonoreError('ARTIFACT_NOT_FOUND', `${key} is in the plan but no longer in the repository`);
    }
    const { manifest } = content;
    const variant = artifact.variantIndex === null ? undefined : manifest.variants?.[artifact.variantIndex];
    return {
      planned: artifact,
      content,
      files: filesOfVariant(manifest, artifact.variantIndex, content.files),
      variant,
    };
  });
}

/** sha256 over everything that decides the bytes of the package. */
function recipeOf(parts: readonly Part[], plan: Plan): string {
  const inputs = parts.map(({ planned, content, files, variant }) => ({
    artifact: artifactKey(content.manifest),
    digest: content.digest,
    requested: isRequested(planned),
    files: files.map(({ path, sha256, mode }) => [path, sha256, mode]),
    script: variant?.source?.build ?? null,
  }));
  return createHash('sha256')
    .update(canonicalJson({ format: 1, inputs, tree: plan.tree }))
    .digest('hex');
}

async function reusable(
  recipe: string,
  { packages, blobs }: PackageBuilderDependencies,
): Promise<BuiltPackage | null> {
  const known = await packages.need(recipe);
  if (known === null || (await blobs.sizeOf(known.archiveDigest)) === null) return null;
  return { packageId: known.id, reused: true, log: known.log };
}

async function build(
  plan: Plan,
  parts: readonly Part[],
  recipe: string,
  { packages, blobs, nodeId }: PackageBuilderDependencies,
  signal: AbortSignal,
): Promise<BuiltPackage> {
  const logs: string[] = [];
  const artifacts: ArtifactInput[] = [];
  const rendered: Record<string, { path: string; content: string }[]> = {};
  for (const part of parts) {
    const key = artifactKey(part.content.manifest);
    const script = part.variant?.source?.build;
    const built = script === undefined ? null : await buildSource(part.files, script, blobs, signal);
    if (built !== null) logs.push(`${key}: built from source`, built.log);
    artifacts.push(toInput(part, built?.files ?? part.files));
    rendered[key] = (part.content.manifest.configurations ?? []).map((configuration) => ({
      path: configuration.path,
      content: renderConfiguration(configuration),
    }));
  }
  const input: PackageInput = { artifacts, rendered, tree: plan.tree };
  const layout = layoutPackage(input, (bytes) => createHash('sha256').update(bytes).digest('hex'));
  const work = await mkdtemp(join(tmpdir(), 'leonore-package-'));
  try {
    const outFile = join(work, 'package.tar.gz');
    const { digest, sizeBytes } = await writePackage({
      layout,
      openBlob: (blob) => blobs.open(blob),
      outFile,
      signal,
    });
    const staged = await blobs.stage(createReadStream(outFile), limits.artifactBytes);
    await staged.commit();
    const log = [...logs, `${layout.entries.length} files, ${sizeBytes} bytes packed, sha256 ${digest}`].join(
      '\n',
    );
    const installedBytes = layout.manifest.installedSize;
    await packages.add({
      id: layout.id,
      recipe,
      archiveDigest: digest,
      sizeBytes,
      installedBytes,
      artifacts: plan.install,
      log,
      builtBy: nodeId,
    });
    return { packageId: layout.id, reused: false, log };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function toInput({ planned, content, variant }: Part, files: readonly ArtifactFile[]): ArtifactInput {
  const { manifest } = content;
  return {
    name: manifest.name,
    version: manifest.version,
    kind: manifest.kind,
    digest: content.digest,
    requested: isRequested(planned),
    installedSize: variant?.installedSize ?? variant?.size ?? 0,
    control: manifest.control ?? {},
    start: manifest.policies?.start ?? manifest.kind === 'application',
    keepData: manifest.policies?.keepData === true,
    ...(manifest.health === undefined ? {} : { health: manifest.health }),
    files: files.map(({ path, sha256, sizeBytes, mode }) => ({ path, sha256, size: sizeBytes, mode })),
  };
}

function isRequested(planned: PlannedArtifact): boolean {
  return planned.requiredBy.includes('request');
}
