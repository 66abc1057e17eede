import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream, type Stats } from 'node:fs';
import { mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LRUCache } from 'lru-cache';
import { LeonoreError } from '../domain/errors.js';
import type { BlobRange, BlobStore, ListedBlob, StagedBlob } from './blob-store.js';
import { asDiskFailure, onDisk, withDiskFailures } from './disk-failure.js';

const digestPattern = /^[0-9a-f]{64}$/;
/** Content that was taken aside is removed or put back within so long, unless the process died. */
const judgedWithinMs = 10 * 60_000;
/** A package of this size is a large one; what is larger is streamed from the disk. */
const heldBlobBytes = 32 * 1024 * 1024;
/** Memory for contents of all sizes: a process may have a few rollouts under way. */
const heldBytes = 64 * 1024 * 1024;

/**
 * Blobs as files `sha256/<first two digits>/<digest>` below a directory.
 *
 * INVARIANTS
 * - A file under sha256/ is complete and its name is its content's digest: it arrives there by rename only, after
 *   its bytes were synced.
 * - Content that was never accepted lies under staging/ only; nothing there is older than its last byte.
 * - Content that is being removed lies under removed/: it is in one place or the other, so a crash loses nothing.
 */
export class DiskBlobStore implements BlobStore {
  /** Contents that were wanted lately. A digest names its content for ever, so none of them is ever out of date. */
  private readonly held = new LRUCache<string, Buffer>({
    maxSize: heldBytes,
    sizeCalculation: (content) => Math.max(content.length, 1),
  });
  private readonly reading = new Map<string, Promise<Buffer | null>>();

  constructor(private readonly root: string) {}

  async stage(content: Readable, maxBytes: number, signal?: AbortSignal): Promise<StagedBlob> {
    const staging = join(this.root, 'staging');
    await onDisk(() => mkdir(staging, { recursive: true, mode: 0o700 }));
    const file = join(staging, randomUUID());
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        sizeBytes += chunk.length;
        if (sizeBytes > maxBytes)
          return done(new LeonoreError('TOO_LARGE', `more than ${maxBytes} bytes were sent`));
        hash.update(chunk);
        done(null, chunk);
      },
    });
    const discard = () => onDisk(() => rm(file, { force: true }));
    const sink = createWriteStream(file, { mode: 0o600, flush: true });
    // Whoever fails first has the others end with its error: what the content fails with says nothing of this disk.
    const failure = { ofDisk: false };
    sink.once('error', () => (failure.ofDisk = content.errored === null));
    try {
      await pipeline(content, measure, sink, signal === undefined ? {} : { signal });
    } catch (error) {
      await rm(file, { force: true }).catch(() => undefined);
      signal?.throwIfAborted();
      throw failure.ofDisk ? asDiskFailure(error) : error;
    }
    const digest = hash.digest('hex');
    return { digest, sizeBytes, discard, commit: () => onDisk(() => this.accept(file, digest)) };
  }

  async sizeOf(digest: string): Promise<number | null> {
    return (await onDisk(() => statIfThere(this.pathOf(digest))))?.size ?? null;
  }

  async inMemory(digest: string): Promise<Buffer | null> {
    const held = this.held.get(digest);
    if (held !== undefined) return held;
    // Many ask for the same at the same time: it is read once.
    let reading = this.reading.get(digest);
    if (reading === undefined) {
      reading = this.hold(digest).finally(() => this.reading.delete(digest));
      this.reading.set(digest, reading);
    }
    return reading;
  }

  async open(digest: string, range?: BlobRange): Promise<Readable> {
    try {
      const file = await open(this.pathOf(digest), 'r');
      return withDiskFailures(file.createReadStream({ ...range, highWaterMark: 256 * 1024 }));
    } catch (error) {
      throw isNotFound(error) ? missing(digest) : asDiskFailure(error);
    }
  }

  async read(digest: string): Promise<Buffer> {
    try {
      return await readFile(this.pathOf(digest));
    } catch (error) {
      throw isNotFound(error) ? missing(digest) : asDiskFailure(error);
    }
  }

  async remove(digest: string): Promise<void> {
    this.held.delete(digest);
    await onDisk(() => rm(this.pathOf(digest), { force: true }));
  }

  async *list(after: string): AsyncGenerator<ListedBlob> {
    for (const prefix of await onDisk(() => namesIn(join(this.root, 'sha256')))) {
      if (prefix < after.slice(0, 2)) continue;
      for (const digest of await onDisk(() => namesIn(join(this.root, 'sha256', prefix)))) {
        if (digest <= after || !digestPattern.test(digest)) continue;
        const stats = await onDisk(() => statIfThere(this.pathOf(digest)));
        if (stats !== null) yield { digest, sizeBytes: stats.size, committedAt: stats.mtime };
      }
    }
  }

  async removeUnneeded(
    digest: string,
    committedBefore: Date,
    isNeeded: (digest: string) => Promise<boolean>,
  ): Promise<boolean> {
    return onDisk(async () => {
      const aside = await this.takeAside(digest);
      return aside !== null && (await this.judge(aside, digest, committedBefore, isNeeded));
    });
  }

  async clearLeftovers(
    receivedBefore: Date,
    isNeeded: (digest: string) => Promise<boolean>,
  ): Promise<number> {
    return onDisk(() => this.clear(receivedBefore, isNeeded));
  }

  private async clear(receivedBefore: Date, isNeeded: (digest: string) => Promise<boolean>): Promise<number> {
    let cleared = 0;
    for (const name of await namesIn(join(this.root, 'staging'))) {
      const file = join(this.root, 'staging', name);
      const stats = await statIfThere(file);
      if (stats === null || stats.mtime >= receivedBefore) continue;
      await rm(file, { force: true });
      cleared += 1;
    }
    for (const name of await namesIn(join(this.root, 'removed'))) {
      const aside = join(this.root, 'removed', name);
      const digest = name.slice(0, 64);
      const stats = await statIfThere(aside);
      // Whoever took it aside just now judges it himself.
      const isFresh = stats === null || stats.ctimeMs > Date.now() - judgedWithinMs;
      if (isFresh || !digestPattern.test(digest)) continue;
      if (await this.judge(aside, digest, receivedBefore, isNeeded)) cleared += 1;
    }
    return cleared;
  }

  private async takeAside(digest: string): Promise<string | null> {
    const directory = join(this.root, 'removed');
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const aside = join(directory, `${digest}.${randomUUID()}`);
    try {
      await rename(this.pathOf(digest), aside);
      return aside;
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  private async judge(
    aside: string,
    digest: string,
    committedBefore: Date,
    isNeeded: (digest: string) => Promise<boolean>,
  ): Promise<boolean> {
    const stats = await statIfThere(aside);
    if (stats === null) return false;
    if (stats.mtime < committedBefore && !(await isNeeded(digest))) {
      await rm(aside, { force: true });
      return true;
    }
    // Whoever committed it again meanwhile put the same bytes there: it does not matter whose stay.
    await this.accept(aside, digest);
    return false;
  }

  private async hold(digest: string): Promise<Buffer | null> {
    const size = await this.sizeOf(digest);
    if (size === null || size > heldBlobBytes) return null;
    try {
      const content = await readFile(this.pathOf(digest));
      this.held.set(digest, content);
      return content;
    } catch (error) {
      if (isNotFound(error)) return null;
      throw asDiskFailure(error);
    }
  }

  private async accept(file: string, digest: string): Promise<void> {
    const target = this.pathOf(digest);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await rename(file, target);
    const directory = await open(dirname(target), 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  private pathOf(digest: string): string {
    if (!digestPattern.test(digest))
      throw new LeonoreError('MALFORMED_INPUT', 'a digest is 64 hexadecimal digits');
    return join(this.root, 'sha256', digest.slice(0, 2), digest);
  }
}

async function statIfThere(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

function missing(digest: string): LeonoreError {
  return new LeonoreError('BLOB_MISSING', `the blob store does not hold ${digest}`, { digest });
}

function isNotFound(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
