import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { packageArchive } from '../../activities/package-builder/package-archive.js';
import { layoutPackage } from '../../domain/package-format/layout-package.js';
import type { BlobStore } from '../../repositories/blob-store.js';
import type { OfferedContent } from './test-repositories.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

interface PackagedFile {
  readonly name: string;
  readonly version: string;
  readonly fileName: string;
  readonly bytes: Buffer;
}

/** Puts a package into a blob store that brings files as they are, each of an artifact, and the files themselves. */
export async function packagedFile(
  blobs: BlobStore,
  ...files: readonly PackagedFile[]
): Promise<OfferedContent> {
  for (const { bytes } of files) await (await blobs.stage(Readable.from([bytes]), bytes.length)).commit();
  const layout = layoutPackage(
    {
      artifacts: files.map(({ name, version, fileName, bytes }) => ({
        ...{ name, version, kind: 'application', digest: sha256(bytes), requested: true },
        ...{ installedSize: bytes.length, control: {}, start: false, keepData: false },
        files: [{ path: fileName, sha256: sha256(bytes), size: bytes.length, mode: '0644' }],
      })),
      tree: [],
    },
    sha256,
  );
  const archive = await blobs.stage(packageArchive(layout, blobs), 1 << 30);
  await archive.commit();
  return { digest: archive.digest, sizeBytes: archive.sizeBytes };
}
