import { createHash } from 'node:crypto';
import type { ArtifactManifest } from '../domain/artifact/manifest.js';
import type { ArtifactFile } from '../domain/artifact/variant-files.js';
import { canonicalJson } from '../domain/canonical-json.js';

/** sha256 over manifest and files of an artifact, hex: whether two are the same. */
export function contentDigest(manifest: ArtifactManifest, files: readonly ArtifactFile[]): string {
  const sorted = files
    .map(({ path, sha256, mode }) => ({ path, sha256, mode }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  return createHash('sha256')
    .update(canonicalJson({ manifest, files: sorted }))
    .digest('hex');
}
