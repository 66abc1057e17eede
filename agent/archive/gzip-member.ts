/**
 * Decompresses a file that is one gzip member (RFC 1952) and nothing else.
 *
 * Node's gunzip goes on with whatever members follow, leaves out what cannot be one, and takes a name, a comment and
 * extra fields before the data. All of that is room for bytes that nobody looks at, so the frame is read here: the
 * fixed header, raw deflate data, its CRC and length, and then the end of the file.
 */
import { once } from 'node:events';
import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib';
import { malformedPackage } from '../../domain/package-format/check-manifest.js';
import { messageOf } from '../state/system-error.js';

/** Magic number, deflate, no flags. The six bytes after it (time, level, system) say nothing of the content. */
const headerStart = Buffer.from([0x1f, 0x8b, 0x08, 0x00]);
const headerBytes = 10;
/** CRC-32 and length of the content, little-endian. */
const trailerBytes = 8;
/** Large enough that the way to the decompressing thread and back does not count, small enough for a gateway. */
const chunkBytes = 64 * 1024;

/**
 * The content of a gzip member, chunk by chunk. It may be trusted once the generator has ended by itself.
 *
 * @throws LeonoreError MALFORMED_PACKAGE for anything that is not exactly one whole member; whatever the source throws
 */
export async function* gunzipMember(archive: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  const inflate = createInflateRaw({ chunkSize: chunkBytes });
  const source = new Source(inflate);
  const fed = source.feed(archive);
  // Looked at below; until then it must not count as unhandled.
  fed.catch(() => undefined);
  let crc = 0;
  let length = 0;
  try {
    for await (const chunk of inflate as AsyncIterable<Buffer>) {
      crc = crc32(chunk, crc);
      length += chunk.length;
      yield chunk;
    }
  } catch (error) {
    if (error !== source.failure) {
      throw malformedPackage(`The archive cannot be decompressed: ${messageOf(error)}.`);
    }
    throw error;
  } finally {
    inflate.destroy();
  }
  await fed;
  source.checkTrailer(crc, length);
}

/** Gives the member's data to the decompressor, and keeps what its frame says. */
class Source {
  /** What the source threw, or what is wrong with the frame. */
  failure: unknown;
  #given = 0;
  /** The last bytes that came. */
  #tail = Buffer.alloc(0);
  readonly #closed: Promise<unknown>;

  constructor(private readonly inflate: InflateRaw) {
    this.#closed = once(inflate, 'close').catch(() => undefined);
  }

  async feed(archive: AsyncIterable<Buffer>): Promise<void> {
    try {
      let header = Buffer.alloc(0);
      for await (const chunk of archive) {
        this.#tail = Buffer.concat([this.#tail, chunk.subarray(-trailerBytes)]).subarray(-trailerBytes);
        const missing = headerBytes - header.length;
        if (missing > 0) {
          header = Buffer.concat([header, chunk.subarray(0, missing)]);
          checkHeader(header);
        }
        await this.#give(chunk.subarray(Math.max(missing, 0)));
        // The data is over: what follows is the trailer, and more than that is too much already.
        if (this.#left > trailerBytes) throw dataAfterTheEnd();
        if (this.inflate.destroyed && this.#left === 0) return;
      }
      if (this.#left === 0 && !this.inflate.destroyed) this.inflate.end();
    } catch (error) {
      this.failure = error;
      this.inflate.destroy(error as Error);
      throw error;
    }
  }

  /** Bytes that came after the end of the data; 0 as long as there is no end. */
  get #left(): number {
    return this.#given - this.inflate.bytesWritten;
  }

  async #give(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    const over = this.#left > 0;
    this.#given += bytes.length;
    if (over || this.inflate.destroyed) return;
    // A decompressor that is closed while it waits for a reader never calls back.
    const taken = new Promise((resolve) => this.inflate.write(bytes, resolve));
    await Promise.race([taken, this.#closed]);
  }

  checkTrailer(crc: number, length: number): void {
    if (this.#left !== trailerBytes) throw malformedPackage('The archive is cut off.');
    if (this.#tail.readUInt32LE(0) !== crc || this.#tail.readUInt32LE(4) !== length % 2 ** 32) {
      throw malformedPackage('The archive has not the checksum and length that its end declares.');
    }
  }
}

function checkHeader(header: Buffer): void {
  const present = headerStart.subarray(0, header.length);
  if (!header.subarray(0, present.length).equals(present)) {
    throw malformedPackage('The archive cannot be decompressed: it is not a plain gzip file.');
  }
}

function dataAfterTheEnd(): Error {
  return malformedPackage('The archive has data after its end.');
}
