import { checkContent } from './check-content.js';
import { manifestName, type ArtifactManifest } from './manifest.js';
import { readManifest } from './read-manifest.js';
import { withMeasuredSizes, type ArtifactFile } from './variant-files.js';

/**
 * Checks an artifact as a whole: its manifest, and the manifest against the files.
 * @param manifestText text of artifact.yaml
 * @param files all the others
 * @returns the manifest with the sizes of the files
 * @throws LeonoreError MALFORMED_ARTIFACT, TOO_LARGE
 */
export function checkArtifact(manifestText: string, files: readonly ArtifactFile[]): ArtifactManifest {
  const manifest = withMeasuredSizes(readManifest(manifestText, manifestName), files);
  checkContent(manifest, files);
  return manifest;
}
