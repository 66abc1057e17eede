import { SourceBuilder } from '../../activities/package-builder/build-source.js';
import type { BlobStore } from '../../repositories/blob-store.js';

/** Builds from source within limits that a test does not reach. */
export function testSourceBuilder(blobs: BlobStore): SourceBuilder {
  const MiB = 1024 * 1024;
  const limits = { timeMs: 60_000, memoryBytes: 1024 * MiB, diskBytes: 256 * MiB };
  return new SourceBuilder({ blobs, limits, isolation: 'best' });
}
