/**
 * Verifies a package's archive in one pass, and hands its files to whoever wants them on the way.
 *
 * The manifest comes first and is checked as a whole; from then on each entry must be exactly the next file of the
 * manifest, with its mode, size and sha256. So a duplicate, an undeclared or a missing file, a link or a device
 * cannot get through, and what can be unpacked is bounded by the manifest before the first byte is.
 *
 * INVARIANTS
 *  - The sink sees nothing before the whole listing has passed.
 *  - The sink never sees a path, mode or more bytes than the manifest declares.
 *  - Until verifyPackage has returned, nothing that the sink was given may be trusted or leave staging.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  checkManifest,
  malformedPackage,
  type CheckedManifest,
} from '../../domain/package-format/check-manifest.js';
import type { PackageFile, PackageManifest } from '../../domain/package-format/package-manifest.js';
import type { PlacedArtifact } from '../../domain/package-format/package-tables.js';
import type { UstarHeader } from '../../domain/package-format/ustar-header.js';
import { UstarReader } from '../../domain/package-format/ustar-reader.js';
import { MemoryRelief } from '../state/memory-relief.js';
import { gunzipMember } from './gzip-member.js';

/** Receives the files of a package one after the other, first `id` and manifest.json. */
export interface PackageSink {
  begin(file: { readonly path: string; readonly mode: string; readonly size: number }): Promise<void> | void;
  write(bytes: Uint8Array): Promise<void> | void;
  end(): Promise<void> | void;
  /** Once, after the last file: whatever is still under way is done when it returns. */
  finish?(): Promise<void> | void;
}

export interface VerifyOptions {
  readonly sink?: PackageSink;
  /** The package's id, when it is known from elsewhere. */
  readonly expectedId?: string;
  /** Called once the manifest has passed; may throw to stop, for instance when there is no room. */
  readonly onManifest?: (checked: CheckedManifest) => Promise<void> | void;
}

export interface VerifiedPackage {
  readonly id: string;
  readonly manifest: PackageManifest;
  readonly placed: readonly PlacedArtifact[];
  /** sha256 of the archive. */
  readonly digest: string;
  readonly sizeBytes: number;
}

/** A package's archive on the disk, in pieces large enough that the way to the disk and back does not count. */
export function readArchive(path: string): AsyncIterable<Buffer> {
  return createReadStream(path, { highWaterMark: 128 * 1024 });
}

/** 20,000 files with long names make some 10 MB of JSON. */
const manifestBytes = 16 * 1024 * 1024;
const idBytes = 65;

/**
 * Reads and verifies a package.
 *
 * @param archive the compressed bytes
 * @throws LeonoreError MALFORMED_PACKAGE that names what is wrong; whatever the source, the sink or onManifest throw
 */
export async function verifyPackage(
  archive: AsyncIterable<Buffer>,
  options: VerifyOptions = {},
): Promise<VerifiedPackage> {
  const digest = createHash('sha256');
  let sizeBytes = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of archive) {
      digest.update(chunk);
      sizeBytes += chunk.length;
      yield chunk;
    }
  };
  const reader = new UstarReader();
  const relief = new MemoryRelief();
  const listing = new ListingCheck(options);
  for await (const chunk of gunzipMember(counted())) {
    relief.passed(chunk.length);
    for (const event of reader.push(chunk)) {
      if (event.kind === 'begin') await listing.begin(event.header);
      else if (event.kind === 'data') await listing.data(event.bytes);
      else await listing.end();
    }
  }
  reader.finish();
  const { id, checked } = listing.finish();
  await options.sink?.finish?.();
  return { id, ...checked, digest: digest.digest('hex'), sizeBytes };
}

/** Follows the entries of an archive along the manifest's listing. */
class ListingCheck {
  #id = '';
  #checked: CheckedManifest | null = null;
  #next = 0;
  /** Collects `id` and manifest.json, which are needed whole. */
  #collected: Uint8Array[] = [];
  #current: PackageFile | 'id' | 'manifest.json' = 'id';
  #hash: Hash = createHash('sha256');

  constructor(private readonly options: VerifyOptions) {}

  async begin(header: UstarHeader): Promise<void> {
    if (this.#checked !== null) return this.#beginListed(header, this.#checked);
    const expected = this.#id === '' ? 'id' : 'manifest.json';
    const most = expected === 'id' ? idBytes : manifestBytes;
    if (header.path !== expected || header.mode !== '0644' || header.size > most) {
      throw malformedPackage(`Instead of ${expected} the archive holds ${JSON.stringify(header.path)}.`);
    }
    this.#current = expected;
    this.#collected = [];
  }

  async #beginListed(header: UstarHeader, { manifest }: CheckedManifest): Promise<void> {
    const file = manifest.files[this.#next];
    if (file === undefined) throw malformedPackage(`${JSON.stringify(header.path)} is not in the manifest.`);
    if (header.path !== file.path) {
      throw malformedPackage(
        `Instead of ${JSON.stringify(file.path)} the archive holds ${JSON.stringify(header.path)}.`,
      );
    }
    if (header.mode !== file.mode || header.size !== file.size) {
      throw malformedPackage(
        `${JSON.stringify(file.path)} has not the mode and size that the manifest declares.`,
      );
    }
    this.#next += 1;
    this.#current = file;
    this.#hash = createHash('sha256');
    await this.options.sink?.begin(header);
  }

  async data(bytes: Uint8Array): Promise<void> {
    if (typeof this.#current === 'string') {
      this.#collected.push(bytes);
      return;
    }
    this.#hash.update(bytes);
    await this.options.sink?.write(bytes);
  }

  async end(): Promise<void> {
    if (this.#current === 'id') {
      this.#takeId();
    } else if (this.#current === 'manifest.json') {
      await this.#takeManifest(Buffer.concat(this.#collected));
    } else {
      if (this.#hash.digest('hex') !== this.#current.sha256) {
        throw malformedPackage(
          `${JSON.stringify(this.#current.path)} has not the content that the manifest declares.`,
        );
      }
      await this.options.sink?.end();
    }
  }

  #takeId(): void {
    const id = Buffer.concat(this.#collected).toString('latin1');
    if (!/^[0-9a-f]{64}\n$/.test(id)) throw malformedPackage('The id is malformed.');
    this.#id = id.slice(0, -1);
    const { expectedId } = this.options;
    if (expectedId !== undefined && this.#id !== expectedId) {
      throw malformedPackage('The package has another id than it should have.');
    }
  }

  async #takeManifest(bytes: Buffer): Promise<void> {
    if (sha256(bytes) !== this.#id) throw malformedPackage('The id is not the digest of manifest.json.');
    this.#checked = checkManifest(bytes.toString('utf8'), sha256);
    this.#collected = [];
    const { onManifest, sink } = this.options;
    await onManifest?.(this.#checked);
    for (const [path, content] of [
      ['id', Buffer.from(`${this.#id}\n`)],
      ['manifest.json', bytes],
    ] as const) {
      await sink?.begin({ path, mode: '0644', size: content.length });
      await sink?.write(content);
      await sink?.end();
    }
  }

  finish(): { id: string; checked: CheckedManifest } {
    if (this.#checked === null) throw malformedPackage('The archive has no manifest.');
    const missing = this.#checked.manifest.files[this.#next];
    if (missing !== undefined) throw malformedPackage(`${JSON.stringify(missing.path)} is missing.`);
    return { id: this.#id, checked: this.#checked };
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
