import { setTimeout as delay } from 'node:timers/promises';
import { LeonoreError } from '../../domain/errors.js';
import { buildPackage, type PackageBuilderDependencies } from './build-package.js';

/** After a failure, so long nobody tries again: a gateway asks every few seconds. */
const pauseAfterFailureMs = 60_000;
/** Between two looks at what somebody else is building. */
const lookAgainMs = 1_000;
/** More than one package is missing only after the blob store was lost; then they take turns. */
const mostUnderWay = 2;

/**
 * Builds packages again whose archive was lost, or removed because nobody seemed to need it, when a gateway asks for
 * one after all. What was built is the same to the byte, so the gateway's download goes on where it was.
 */
export class PackageRestorer {
  /** Digests that are being built, or were given up a moment ago. */
  private readonly known = new Map<string, Promise<void>>();
  private underWay = 0;
  private readonly closing = new AbortController();

  constructor(
    private readonly deps: PackageBuilderDependencies,
    private readonly failed: (error: unknown, digest: string) => void,
  ) {}

  /** Begins to build the package with this archive, unless that is under way; the caller asks again later. */
  restore(digest: string): void {
    if (this.closing.signal.aborted || this.known.has(digest) || this.underWay >= mostUnderWay) return;
    this.underWay += 1;
    const work = this.build(digest)
      .finally(() => (this.underWay -= 1))
      .catch(async (error: unknown) => {
        if (this.closing.signal.aborted) return;
        this.failed(error, digest);
        await delay(pauseAfterFailureMs, undefined, { signal: this.closing.signal, ref: false }).catch(
          () => undefined,
        );
      })
      .finally(() => this.known.delete(digest));
    this.known.set(digest, work);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await Promise.all(this.known.values());
  }

  /** Gives up what is under way. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.idle();
  }

  private async build(digest: string): Promise<void> {
    const { packages, blobs } = this.deps;
    const plan = await packages.planOf(digest);
    if (plan === null)
      throw new LeonoreError('PACKAGE_NOT_FOUND', `no rollout has a package with archive ${digest}`);
    const { signal } = this.closing;
    while ((await buildPackage(plan, this.deps, signal)) === null) {
      await delay(lookAgainMs * (0.5 + Math.random()), undefined, { signal });
    }
    if ((await blobs.sizeOf(digest)) === null) {
      throw new LeonoreError(
        'BUILD_FAILED',
        'the archive came out different: it was made by another release or zlib',
      );
    }
  }
}
