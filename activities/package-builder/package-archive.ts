/**
 * Makes a package's archive (paper, section III-A): gzip around ustar, the same bytes for the same layout.
 *
 * Reproducible means that nothing of the machine or the moment gets in: entries in the layout's order, owner 0,
 * one fixed time, no user names, and a gzip header without time and operating system. Memory stays flat: blobs
 * are streamed, and each is checked against its size and digest on the way.
 */
import { createHash } from 'node:crypto';
import { pipeline, Readable, Transform, type TransformCallback } from 'node:stream';
import { createGzip } from 'node:zlib';
import { LeonoreError } from '../../domain/errors.js';
import type { PackageEntry, PackageLayout } from '../../domain/package-format/layout-package.js';
import { blockSize, encodeUstarHeader } from '../../domain/package-format/ustar-header.js';

/** Named, because a change of the default would change every package's digest. */
const compressionLevel = 6;
/** RFC 1952, section 2.3.1: the header's last byte names the operating system; 255 is `unknown`. */
const gzipOperatingSystemOffset = 9;
const gzipUnknownSystem = 255;

/** Bytes handed to gzip at once: each time costs a turn of the thread pool, which small files would pay for dearly. */
const blockBytes = 64 * 1024;

/** Opens stored content by its sha256. */
type OpenBlob = (digest: string) => Readable | Promise<Readable>;

/**
 * The archive of a laid out package, as it is being made.
 *
 * The stream fails with LeonoreError BLOB_MISSING when content is not what its digest and size say, and with whatever
 * openBlob's streams fail with.
 */
export function packageArchive(layout: PackageLayout, openBlob: OpenBlob): Readable {
  const tar = Readable.from(inBlocks(tarBytes(layout, openBlob)), { objectMode: false });
  const gzip = createGzip({ level: compressionLevel, chunkSize: blockBytes });
  // Whoever reads learns of a failure from the last stream: the others are torn down with it.
  return pipeline(tar, gzip, new NeutralGzipHeader(), () => undefined);
}

async function* tarBytes(layout: PackageLayout, openBlob: OpenBlob): AsyncGenerator<Uint8Array> {
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

/** The same bytes in larger pieces. */
async function* inBlocks(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    waiting.push(piece);
    bytes += piece.length;
    if (bytes < blockBytes) continue;
    yield waiting.length === 1 ? piece : Buffer.concat(waiting, bytes);
    waiting = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(waiting, bytes);
}

async function* checkedBlob(
  entry: PackageEntry,
  digest: string,
  openBlob: OpenBlob,
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
