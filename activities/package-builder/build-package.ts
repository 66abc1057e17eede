import { createHash } from 'node:crypto';
import type { TaskRequirement } from '../../domain/agent-protocol/messages.js';
import { artifactKey } from '../../domain/artifact/manifest.js';
import type { ArtifactFile } from '../../domain/artifact/variant-files.js';
import { limits } from '../../domain/limits.js';
import { layoutPackage, type PackageInput } from '../../domain/package-format/layout-package.js';
import { broughtTree } from '../../domain/plan/brought-tree.js';
import type { Plan } from '../../domain/plan/plan.js';
import { requiredNames, taskRequirements } from '../../domain/plan/task-requirements.js';
import type { ArtifactRepository } from '../../repositories/artifact-repository.js';
import type { BuildLock } from '../../repositories/build-lock.js';
import type { PackageRepository } from '../../repositories/package-repository.js';
import { declaredValues, isRequested, partsOf, recipeOf, type Part } from '../../services/package-parts.js';
import { artifactInput, renderedFiles } from './artifact-input.js';
import { BeingBuiltElsewhere, builtSources, type BuiltSourcesDependencies } from './built-sources.js';
import { packageArchive } from './package-archive.js';

/** Time that a builder may hold the lock of a recipe: less than its activity may take. */
const buildLockMs = 25 * 60_000;

export interface PackageBuilderDependencies extends BuiltSourcesDependencies {
  readonly artifacts: ArtifactRepository;
  readonly packages: PackageRepository;
}

export interface BuiltPackage {
  readonly packageId: string;
  /** True when another group, rollout or node had it built already. */
  readonly reused: boolean;
  readonly log: string;
  /** What gateways that install it hold against every later end. */
  readonly requires: readonly TaskRequirement[];
}

/**
 * Builds the application package of a plan (paper, III-C 4), once for all who need it: what goes into a package
 * names it (its recipe), and only one builder at a time works on a recipe.
 *
 * What if it dies in between? Everything that it wrote is either complete and content-addressed (blobs), or one
 * transaction (rows), and blobs come first. So the next builder finds either the package, or blobs that it writes once
 * more, or that housekeeping finds without a row.
 * @returns null when somebody else is building it, or a part of it, just now
 * @throws LeonoreError BUILD_FAILED, ARTIFACT_NOT_FOUND, MALFORMED_ARTIFACT, TOO_LARGE, BLOB_MISSING: this plan cannot
 *   be built; DATABASE_UNAVAILABLE
 */
export async function buildPackage(
  plan: Plan,
  deps: PackageBuilderDependencies,
  signal: AbortSignal,
): Promise<BuiltPackage | null> {
  const parts = await partsOf(plan, deps.artifacts);
  const recipe = recipeOf(parts, plan);
  const requires = await requirementsOf(plan, parts, deps);
  const ready = await reusable(recipe, deps);
  if (ready !== null) return { ...ready, requires };
  try {
    const built = await deps.packages.withBuildLock(recipe, buildLockMs, signal, async (lock) => {
      // Somebody may have built it since we looked.
      return (await reusable(recipe, deps)) ?? (await build(plan, parts, recipe, deps, lock));
    });
    return built === null ? null : { ...built.result, requires };
  } catch (error) {
    if (error instanceof BeingBuiltElsewhere) return null;
    throw error;
  }
}

/**
 * The package of a plan, if it is there already.
 * @throws LeonoreError ARTIFACT_NOT_FOUND, MALFORMED_ARTIFACT; DATABASE_UNAVAILABLE
 */
export async function readyPackage(
  plan: Plan,
  deps: PackageBuilderDependencies,
): Promise<BuiltPackage | null> {
  const parts = await partsOf(plan, deps.artifacts);
  const ready = await reusable(recipeOf(parts, plan), deps);
  return ready === null ? null : { ...ready, requires: await requirementsOf(plan, parts, deps) };
}

async function requirementsOf(
  plan: Plan,
  parts: readonly Part[],
  { artifacts }: PackageBuilderDependencies,
): Promise<TaskRequirement[]> {
  const manifests = parts.map(({ content }) => content.manifest);
  return taskRequirements(plan, manifests, await artifacts.providedAmong(requiredNames(manifests)));
}

type PackageAtHand = Omit<BuiltPackage, 'requires'>;

async function reusable(
  recipe: string,
  { packages, blobs }: PackageBuilderDependencies,
): Promise<PackageAtHand | null> {
  const known = await packages.need(recipe);
  if (known === null || (await blobs.sizeOf(known.archiveDigest)) !== known.sizeBytes) return null;
  return { packageId: known.id, reused: true, log: known.log };
}

async function build(
  plan: Plan,
  parts: readonly Part[],
  recipe: string,
  deps: PackageBuilderDependencies,
  lock: BuildLock,
): Promise<PackageAtHand> {
  const { packages, blobs, nodeId } = deps;
  const built = await builtSources(parts, lock, deps);
  const layout = layoutPackage(
    toInput(plan, parts, (part) => built.get(part)?.files),
    (bytes) => createHash('sha256').update(bytes).digest('hex'),
  );
  const archive = packageArchive(layout, blobs);
  const staged = await blobs.stage(archive, limits.artifactBytes, lock.signal);
  await staged.commit();
  const sources = [...built].map(
    ([part, { log }]) => `${artifactKey(part.content.manifest)}, built from source:\n${log.trimEnd()}\n`,
  );
  const summary = `${layout.entries.length} files, ${staged.sizeBytes} bytes packed, sha256 ${staged.digest}`;
  const log = [...sources, summary].join('\n');
  await packages.add({
    id: layout.id,
    recipe,
    archiveDigest: staged.digest,
    sizeBytes: staged.sizeBytes,
    installedBytes: layout.manifest.installedSize,
    artifacts: plan.install,
    declaredValues: declaredValues(parts),
    log,
    builtBy: nodeId,
  });
  return { packageId: layout.id, reused: false, log };
}

function toInput(
  plan: Plan,
  parts: readonly Part[],
  builtFiles: (part: Part) => readonly ArtifactFile[] | undefined,
): PackageInput {
  const rendered = parts.map(
    ({ content: { manifest } }) => [artifactKey(manifest), renderedFiles(manifest)] as const,
  );
  return {
    artifacts: parts.map((part) => {
      const { planned, content, variant, files } = part;
      const { manifest, digest } = content;
      const requested = isRequested(planned);
      return artifactInput({ manifest, digest, requested, variant, files: builtFiles(part) ?? files });
    }),
    rendered: Object.fromEntries(rendered),
    tree: broughtTree(plan.tree),
  };
}
