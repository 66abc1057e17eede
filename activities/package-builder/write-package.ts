/**
 * Writes a package's archive (paper, section III-A): gzip around ustar, the same bytes for the same layout.
 *
 * Reproducible means that nothing of the machine or the moment gets in: entries in the layout's order, owner 0,
 * one fixed time, no user names, and a gzip header without time and operating system. Memory stays flat: blobs
 * are streamed, and each is checked against its size and digest on the way.
 */
import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable, Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { LeonoreError } from '../../domain/errors.js';
import type { PackageEntry, PackageLayout } from '../../domain/package-format/layout-package.js';
import { blockSize, encodeUstarHeader } from '../../domain/package-format/ustar-header.js';

/** Named, because a change of the default would change every package's digest. */
const compressionLevel = 6;
/** RFC 1952, section 2.3.1: the header's last byte names the operating system; 255 is `unknown`. */
const gzipOperatingSystemOffset = 9;
const gzipUnknownSystem = 255;

export interface WritePackageOptions {
  readonly layout: PackageLayout;
  /** Opens stored content by its sha256. */
  readonly openBlob: (digest: string) => Readable | Promise<Readable>;
  /** Written anew; removed again when the writing fails. */
  readonly outFile: string;
  readonly signal?: AbortSignal;
}

export interface WrittenPackage {
  /** sha256 of the archive. */
  readonly digest: string;
  readonly sizeBytes: number;
}

/**
 * Writes the archive of a laid out package.
 *
 * @throws LeonoreError BLOB_MISSING when content is not what its digest and size say; whatever openBlob's stream
 *   throws; an AbortError when the signal is aborted
 */
export async function writePackage(options: WritePackageOptions): Promise<WrittenPackage> {
  const digest = new DigestingStream();
  const stages = [
    Readable.from(tarBlocks(options.layout, options.openBlob), { objectMode: false }),
    createGzip({ level: compressionLevel }),
    new NeutralGzipHeader(),
    digest,
    createWriteStream(options.outFile),
  ] as const;
  try {
    await pipeline(stages, options.signal === undefined ? {} : { signal: options.signal });
  } catch (error) {
    await rm(options.outFile, { force: true });
    throw error;
  }
  return { digest: digest.hash.digest('hex'), sizeBytes: digest.sizeBytes };
}

async function* tarBlocks(
  layout: PackageLayout,
  openBlob: WritePackageOptions['openBlob'],
): AsyncGenerator<Uint8Array> {
  for (const entry of layout.entries) {
    yield encodeUstarHeader(entry);
    if (entry.content.kind === 'inline') yield entry.content.bytes;
    else yield* checkedBlob(entry, entry.content.digest, openBlob);
    const padding = (blockSize - (entry.size % blockSize)) % blockSize;
    if (padding > 0) yield Buffer.alloc(padding);
  }
  // POSIX: two blocks of zeros end the archive.
  yield Buffer.alloc(2 * blockSize);
}

async function* checkedBlob(
  entry: PackageEntry,
  digest: string,
  openBlob: WritePackageOptions['openBlob'],
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of (await openBlob(digest)) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > entry.size) break;
    hash.update(chunk);
    yield chunk;
  }
  if (size !== entry.size || hash.digest('hex') !== digest) {
    throw new LeonoreError(
      'BLOB_MISSING',
      `The stored content of ${JSON.stringify(entry.path)} is damaged.`,
      {
        digest,
        path: entry.path,
      },
    );
  }
}

/** Overwrites the one byte of the gzip header that tells the operating system. */
class NeutralGzipHeader extends Transform {
  #offset = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const index = gzipOperatingSystemOffset - this.#offset;
    if (index >= 0 && index < chunk.length) chunk[index] = gzipUnknownSystem;
    this.#offset += chunk.length;
    done(null, chunk);
  }
}

class DigestingStream extends Transform {
  readonly hash: Hash = createHash('sha256');
  sizeBytes = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.hash.update(chunk);
    this.sizeBytes += chunk.length;
    done(null, chunk);
  }
}
