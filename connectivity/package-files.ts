import { createHash } from 'node:crypto';
import { createGunzip } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import { Value } from 'typebox/value';
import { LeonoreError } from '../domain/errors.js';
import { PackageManifestSchema, type PackageManifest } from '../domain/package-format/package-manifest.js';
import { artifactDirectory } from '../domain/package-format/package-tables.js';
import { UstarReader } from '../domain/package-format/ustar-reader.js';
import type { BlobStore } from '../repositories/blob-store.js';

/** The file of an artifact that is delivered as it is. */
export interface DeliveredFile {
  readonly artifact: {
    readonly name: string;
    readonly version: string;
    readonly kind: string;
    readonly requested: boolean;
    readonly installedSize: number;
  };
  /** Its own name, without directories. */
  readonly fileName: string;
  readonly sizeBytes: number;
  /** In hex; the content is in the blob store under its sha256. */
  readonly sha256: string;
  readonly sha1: string;
  readonly md5: string;
}

const remembered = 500;
/** The manifest is the second entry; what comes before it is its digest. */
const manifestPath = 'manifest.json';
/** Of 20,000 files with long names; a package for devices without an agent has a few. */
const manifestBytes = 16 * 1024 * 1024;

/** What is in packages for devices without an agent, which get the files of their artifacts one by one. */
export class PackageFiles {
  private readonly known = new LRUCache<string, Promise<readonly DeliveredFile[]>>({ max: remembered });

  constructor(private readonly blobs: BlobStore) {}

  /**
   * The files of a package, in install order.
   * @throws LeonoreError PACKAGE_REBUILDING when a part of it is not there for now; MALFORMED_PACKAGE when an artifact is not
   *   of one file: it is one for gateways with an agent
   */
  async of(archiveDigest: string): Promise<readonly DeliveredFile[]> {
    const known = this.known.get(archiveDigest);
    if (known !== undefined) return known;
    const reading = this.read(archiveDigest);
    this.known.set(archiveDigest, reading);
    reading.catch(() => this.known.delete(archiveDigest));
    return reading;
  }

  private async read(archiveDigest: string): Promise<readonly DeliveredFile[]> {
    const manifest = await this.manifestOf(archiveDigest);
    const files: DeliveredFile[] = [];
    for (const artifact of manifest.artifacts) {
      const directory = `${artifactDirectory(artifact)}/`;
      const [file, ...others] = manifest.files.filter(({ path }) => path.startsWith(directory));
      if (file === undefined || others.length > 0) {
        throw new LeonoreError(
          'MALFORMED_PACKAGE',
          `${artifact.name}@${artifact.version} is not one file: a device without an agent cannot have it`,
        );
      }
      files.push({
        artifact,
        fileName: file.path.slice(file.path.lastIndexOf('/') + 1),
        sizeBytes: file.size,
        sha256: file.sha256,
        ...(await this.otherDigests(file.sha256)),
      });
    }
    return files;
  }

  private async manifestOf(archiveDigest: string): Promise<PackageManifest> {
    const archive = await this.open(archiveDigest);
    const unzipped = archive.pipe(createGunzip());
    archive.on('error', (error) => unzipped.destroy(error));
    const reader = new UstarReader();
    const parts: Uint8Array[] = [];
    let isManifest = false;
    let size = 0;
    try {
      for await (const chunk of unzipped as AsyncIterable<Buffer>) {
        for (const event of reader.push(chunk)) {
          if (event.kind === 'begin') isManifest = event.header.path === manifestPath;
          else if (event.kind === 'data' && isManifest) {
            size += event.bytes.length;
            if (size > manifestBytes) throw malformed(archiveDigest);
            parts.push(Buffer.from(event.bytes));
          } else if (event.kind === 'end' && isManifest) return read(Buffer.concat(parts), archiveDigest);
        }
      }
    } finally {
      archive.destroy();
      unzipped.destroy();
    }
    throw malformed(archiveDigest);
  }

  /** What other protocols name content by, too; each is computed once. */
  private async otherDigests(sha256: string): Promise<{ sha1: string; md5: string }> {
    const [sha1, md5] = [createHash('sha1'), createHash('md5')];
    for await (const chunk of (await this.open(sha256)) as AsyncIterable<Buffer>) {
      sha1.update(chunk);
      md5.update(chunk);
    }
    return { sha1: sha1.digest('hex'), md5: md5.digest('hex') };
  }

  private async open(digest: string): ReturnType<BlobStore['open']> {
    try {
      return await this.blobs.open(digest);
    } catch (error) {
      if (!(error instanceof LeonoreError) || error.code !== 'BLOB_MISSING') throw error;
      throw new LeonoreError('PACKAGE_REBUILDING', `${digest} is not there for now`, {}, { cause: error });
    }
  }
}

function read(bytes: Buffer, archiveDigest: string): PackageManifest {
  const value: unknown = JSON.parse(bytes.toString('utf8'));
  if (!Value.Check(PackageManifestSchema, value)) throw malformed(archiveDigest);
  return value;
}

function malformed(archiveDigest: string): LeonoreError {
  return new LeonoreError('MALFORMED_PACKAGE', `the package ${archiveDigest} has no manifest`);
}
