import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LeonoreError } from '../domain/errors.js';
import type { BlobRange, BlobStore, StagedBlob } from './blob-store.js';

const digestPattern = /^[0-9a-f]{64}$/;

/**
 * Blobs as files `sha256/<first two digits>/<digest>` below a directory.
 *
 * INVARIANTS
 * - A file under sha256/ is complete and its name is its content's digest: it arrives there by rename only, after
 *   its bytes were synced.
 * - Content that was never accepted lies under staging/ only, and can be deleted at any time when no process runs.
 */
export class DiskBlobStore implements BlobStore {
  constructor(private readonly root: string) {}

  async stage(content: Readable, maxBytes: number, signal?: AbortSignal): Promise<StagedBlob> {
    const staging = join(this.root, 'staging');
    await mkdir(staging, { recursive: true, mode: 0o700 });
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
    const discard = () => rm(file, { force: true });
    try {
      const sink = createWriteStream(file, { mode: 0o600, flush: true });
      await pipeline(content, measure, sink, signal === undefined ? {} : { signal });
    } catch (error) {
      await discard();
      signal?.throwIfAborted();
      throw error;
    }
    const digest = hash.digest('hex');
    return { digest, sizeBytes, discard, commit: () => this.accept(file, digest) };
  }

  async sizeOf(digest: string): Promise<number | null> {
    try {
      return (await stat(this.pathOf(digest))).size;
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  async open(digest: string, range?: BlobRange): Promise<Readable> {
    try {
      const file = await open(this.pathOf(digest), 'r');
      return file.createReadStream({ ...range, highWaterMark: 256 * 1024 });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      throw new LeonoreError('BLOB_MISSING', `the blob store does not hold ${digest}`, { digest });
    }
  }

  async remove(digest: string): Promise<void> {
    await rm(this.pathOf(digest), { force: true });
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

function isNotFound(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
