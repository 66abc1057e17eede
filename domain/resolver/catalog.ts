import type { ArtifactManifest } from '../artifact/manifest.js';

/**
 * The artifacts that a resolution may choose from. The repository-backed loader builds one from only what can be
 * reached from the requests; `leonore resolve` builds one from a file.
 */
export interface Catalog {
  /** All versions of an artifact, newest first; empty when the name is unknown. */
  versionsOf(name: string): readonly ArtifactManifest[];
  /** Artifacts that list the name among what they provide. */
  providersOf(name: string): readonly ArtifactManifest[];
}
