import { createWriteStream } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Variant } from '../../domain/artifact/manifest.js';
import type { ArtifactFile } from '../../domain/artifact/variant-files.js';
import { LeonoreError } from '../../domain/errors.js';
import { Limiter } from '../../domain/limiter.js';
import type { BlobStore } from '../../repositories/blob-store.js';
import { collectOutput } from './collect-output.js';
import { BuildDirectory } from './sandbox/build-directory.js';
import { BuildGroup } from './sandbox/build-group.js';
import { fixedBuildLimits, type BuildLimits } from './sandbox/build-limits.js';
import { runBuildScript } from './sandbox/run-build-script.js';
import { findSandboxes, type Sandbox, type SandboxMeans } from './sandbox/sandbox.js';

export interface SourceBuild {
  /** Files that the script left in `$LEONORE_OUTPUT`, now in the blob store. */
  readonly files: readonly ArtifactFile[];
  /** What the script printed, and what kept it away from the rest of the machine. */
  readonly log: string;
}

export interface SourceBuilderOptions {
  readonly blobs: BlobStore;
  readonly limits: BuildLimits;
  /** `required`: nothing is built where neither bubblewrap nor namespaces are allowed. */
  readonly isolation: 'best' | 'required';
  /** The only means to be used, for tests. */
  readonly means?: SandboxMeans;
}

const isolating: readonly SandboxMeans[] = ['bubblewrap', 'namespaces'];

/**
 * Builds source variants: each build script in a directory of its own, with a clean environment, limits of time,
 * memory, disk and output, and without network where the machine allows that.
 */
export class SourceBuilder {
  /** Compilers take a processor each: more of them at once would only take each other's time, and memory. */
  private readonly limiter = new Limiter(availableParallelism());
  private sandbox: Promise<Sandbox> | null = null;

  constructor(private readonly options: SourceBuilderOptions) {}

  /**
   * @param sources what the script is run among
   * @param variant names the script; the script is told the platform
   * @throws LeonoreError BUILD_FAILED with the end of the output in its details
   */
  async build(sources: readonly ArtifactFile[], variant: Variant, signal: AbortSignal): Promise<SourceBuild> {
    this.sandbox ??= this.chooseSandbox();
    const sandbox = await this.sandbox;
    return this.limiter.run(async () => this.buildIn(sandbox, sources, variant, signal));
  }

  private async buildIn(
    sandbox: Sandbox,
    sources: readonly ArtifactFile[],
    variant: Variant,
    signal: AbortSignal,
  ): Promise<SourceBuild> {
    const { blobs, limits, isolation } = this.options;
    if (isolation === 'required' && !isolating.includes(sandbox.means)) {
      throw new LeonoreError(
        'BUILD_FAILED',
        `nothing is built without isolation (LEONORE_BUILD_ISOLATION): ${sandbox.description}`,
      );
    }
    const { processes, diskEntries } = fixedBuildLimits;
    const size = { bytes: limits.diskBytes, entries: diskEntries };
    const directory = await BuildDirectory.create(sandbox.ownUser, size);
    const group = await BuildGroup.create(directory.name, limits.memoryBytes, processes);
    try {
      await checkOut(sources, directory, blobs, signal);
      const log = await runBuildScript({ variant, directory, group, sandbox, limits, signal });
      const files = await collectOutput(join(directory.work, 'output'), blobs, signal).catch(
        (error: unknown) => {
          throw withLog(error, log);
        },
      );
      return { files, log };
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      await group?.remove();
      await directory.remove();
    }
  }

  private async chooseSandbox(): Promise<Sandbox> {
    const { means } = this.options;
    const found = await findSandboxes();
    const chosen = means === undefined ? found[0] : found.find((sandbox) => sandbox.means === means);
    if (chosen === undefined)
      throw new LeonoreError('BUILD_FAILED', `there is no sandbox by ${means ?? 'any means'}`);
    return chosen;
  }
}

async function checkOut(
  sources: readonly ArtifactFile[],
  directory: BuildDirectory,
  blobs: BlobStore,
  signal: AbortSignal,
): Promise<void> {
  const paths = new Set<string>();
  for (const { path, sha256, mode } of sources) {
    const target = join(directory.work, 'source', path);
    await mkdir(dirname(target), { recursive: true });
    await pipeline(await blobs.open(sha256), createWriteStream(target), { signal });
    await chmod(target, Number.parseInt(mode, 8));
    for (let inside = `source/${path}`; inside !== 'source'; inside = dirname(inside)) paths.add(inside);
  }
  await directory.handOver([...paths]);
}

function withLog(error: unknown, log: string): unknown {
  if (!(error instanceof LeonoreError) || error.code !== 'BUILD_FAILED') return error;
  return new LeonoreError(error.code, error.message, { ...error.details, log }, { cause: error });
}
