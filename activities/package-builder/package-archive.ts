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
import type { BlobStore } from '../../repositories/blob-store.js';

/** Named, because a change of the default would change every package's digest. */
const compressionLevel = 6;
/** RFC 1952, section 2.3.1: the header's last byte names the operating system; 255 is `unknown`. */
const gzipOperatingSystemOffset = 9;
const gzipUnknownSystem = 255;

/** Bytes handed to gzip at once: each time costs two changes of thread, which take long where others want the processor. */
const blockBytes = 512 * 1024;

/** Content up to this size is read whole, some files ahead: opening one after the other costs more than packing them. */
const smallBytes = 128 * 1024;
const filesAhead = 16;

/**
 * The archive of a laid out package, as it is being made.
 *
 * The stream fails with LeonoreError BLOB_MISSING when content is not what its digest and size say, and with whatever
 * reading a blob fails with.
 */
export function packageArchive(layout: PackageLayout, blobs: Pick<BlobStore, 'open' | 'read'>): Readable {
  // Room for a block more than is being worked on: what is next is read and checked while gzip packs.
  const ahead = { highWaterMark: 2 * blockBytes };
  const tar = Readable.from(inBlocks(tarBytes(layout, blobs)), { ...ahead, objectMode: false });
  const gzip = createGzip({ ...ahead, level: compressionLevel, chunkSize: blockBytes });
  // Whoever reads learns of a failure from the last stream: the others are torn down with it.
  return pipeline(tar, gzip, new NeutralGzipHeader(ahead), () => undefined);
}

async function* tarBytes(
  { entries }: PackageLayout,
  blobs: Pick<BlobStore, 'open' | 'read'>,
): AsyncGenerator<Uint8Array> {
  const reading = new Map<PackageEntry, Promise<Buffer>>();
  let ahead = 0;
  for (const [index, entry] of entries.entries()) {
    for (; ahead < Math.min(index + filesAhead, entries.length); ahead += 1) {
      const next = entries[ahead];
      if (next?.content.kind !== 'blob' || next.size > smallBytes) continue;
      const content = blobs.read(next.content.digest);
      // A failure is met when its turn comes, or never, when the archive is given up before.
      content.catch(() => undefined);
      reading.set(next, content);
    }
    yield encodeUstarHeader(entry);
    const small = reading.get(entry);
    reading.delete(entry);
    if (entry.content.kind === 'inline') yield entry.content.bytes;
    else if (small !== undefined) yield* checked(entry, entry.content.digest, [await small]);
    else yield* checked(entry, entry.content.digest, await blobs.open(entry.content.digest));
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

async function* checked(
  entry: PackageEntry,
  digest: string,
  content: AsyncIterable<Buffer> | Iterable<Buffer>,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of content) {
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
