import { artifactKey } from '../../domain/artifact/manifest.js';
import type { ArtifactFile } from '../../domain/artifact/variant-files.js';
import { LeonoreError } from '../../domain/errors.js';
import { buildStatement } from '../../domain/trust/statement.js';
import { envelopeOf, sha256, type Signer } from '../../trust/ed25519.js';
import type { BlobStore } from '../../repositories/blob-store.js';
import type { BuildLock } from '../../repositories/build-lock.js';
import type { SourceBuildRepository, StoredBuild } from '../../repositories/source-build-repository.js';
import type { SourceBuild, SourceBuilder } from './build-source.js';
import type { Part } from '../../services/package-parts.js';

/** So long a failure is believed: rollouts and nodes that run at the same time need not wait for it each by itself. */
const failureLastsMs = 10 * 60_000;

export interface BuiltSourcesDependencies {
  readonly blobs: BlobStore;
  readonly sourceBuilds: SourceBuildRepository;
  readonly sourceBuilder: SourceBuilder;
  /** Name of this node, recorded with what it built. */
  readonly nodeId: string;
  /** Signs what was built; without it gateways take it only where nobody has to sign. */
  readonly builderKey?: Signer | undefined;
}

/** Somebody else is building a part just now; it is looked at again later. */
export class BeingBuiltElsewhere extends Error {
  override readonly name = 'BeingBuiltElsewhere';
}

/**
 * What the source variants among the parts of a package give, by part: built once for all packages that they are in.
 * @throws LeonoreError BUILD_FAILED with the log in its details; BeingBuiltElsewhere
 */
export async function builtSources(
  parts: readonly Part[],
  lock: BuildLock,
  deps: BuiltSourcesDependencies,
): Promise<Map<Part, SourceBuild>> {
  const built = new Map<Part, SourceBuild>();
  // In one order everywhere: two builders that need the same two never wait for each other.
  const sources = parts.filter(({ variant }) => variant?.source !== undefined);
  for (const part of sources.sort((a, b) => (lockName(a) < lockName(b) ? -1 : 1))) {
    if (!(await lock.also(lockName(part)))) throw new BeingBuiltElsewhere();
    built.set(part, await builtSource(part, lock.signal, deps));
  }
  return built;
}

function lockName({ content, planned }: Part): string {
  return `source ${content.id} ${planned.variantIndex ?? ''}`;
}

async function builtSource(
  part: Part,
  signal: AbortSignal,
  deps: BuiltSourcesDependencies,
): Promise<SourceBuild> {
  const { sourceBuilds, sourceBuilder, nodeId, blobs, builderKey } = deps;
  const key = artifactKey(part.content.manifest);
  const variant = { artifactId: part.content.id, variantIndex: part.planned.variantIndex ?? 0 };
  const known = await sourceBuilds.find(variant);
  if (known !== null && known.error === null && (await isStored(known.files, blobs))) return known;
  if (known !== null && known.error !== null && Date.now() - known.builtAt.getTime() < failureLastsMs) {
    throw failure(key, known.error, known.log);
  }
  try {
    const fresh = await sourceBuilder.build(part.files, part.variant ?? {}, signal);
    refuseOther(known, fresh);
    const { manifest } = part.content;
    const statement =
      builderKey === undefined
        ? null
        : envelopeOf(buildStatement(manifest, part.files, fresh.files, sha256), [builderKey]);
    await sourceBuilds.store(variant, { ...fresh, error: null, statement }, nodeId);
    return fresh;
  } catch (error) {
    if (!(error instanceof LeonoreError) || error.code !== 'BUILD_FAILED') throw error;
    const log = typeof error.details['log'] === 'string' ? error.details['log'] : '';
    // What was built before is what packages are made of: a failure to build it again does not take its place.
    if (known === null || known.error !== null) {
      await sourceBuilds.store(variant, { files: [], error: error.message, log, statement: null }, nodeId);
    }
    throw failure(key, error.message, log);
  }
}

/** Every file that was built is in the blob store still. */
async function isStored(files: readonly ArtifactFile[], blobs: BlobStore): Promise<boolean> {
  for (const { sha256, sizeBytes } of files) if ((await blobs.sizeOf(sha256)) !== sizeBytes) return false;
  return true;
}

/** Where the first result was lost, the second must be the same: gateways were promised the digest. */
function refuseOther(known: StoredBuild | null, fresh: SourceBuild): void {
  if (known === null || known.error !== null) return;
  const listing = (files: readonly ArtifactFile[]) =>
    files.map(({ path, sha256, mode }) => `${path} ${sha256} ${mode}`).join('\n');
  if (listing(known.files) === listing(fresh.files)) return;
  throw new LeonoreError(
    'BUILD_FAILED',
    'it was built before and gave other files, which are lost; remove the artifact and add it again',
    { log: fresh.log },
  );
}

function failure(key: string, message: string, log: string): LeonoreError {
  return new LeonoreError('BUILD_FAILED', `${key}: ${message}`, { log });
}
