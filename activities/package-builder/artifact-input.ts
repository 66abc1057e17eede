import type { ArtifactManifest, Variant } from '../../domain/artifact/manifest.js';
import { manifestOperation } from '../../domain/artifact/manifest-operation.js';
import { renderConfiguration } from '../../domain/artifact/render-configuration.js';
import type { ArtifactFile } from '../../domain/artifact/variant-files.js';
import type { ArtifactInput, RenderedFile } from '../../domain/package-format/layout-package.js';

/** What a package is made of, of one artifact. */
export interface PackagedContent {
  readonly manifest: ArtifactManifest;
  /** Of the artifact in the repository. */
  readonly digest: string;
  /** Whether it was asked for, or is there for another. */
  readonly requested: boolean;
  readonly variant: Variant | undefined;
  /** Those of the variant; what was built when it is one of source. */
  readonly files: readonly ArtifactFile[];
}

/** An artifact as the layout of a package takes it. */
export function artifactInput(content: PackagedContent): ArtifactInput {
  const { manifest, digest, requested, variant, files } = content;
  const { name, version, kind } = manifest;
  // Nobody runs anything of what is delivered as it is.
  const operation = manifestOperation(variant?.format === undefined ? manifest : { name, version, kind });
  return {
    name,
    version,
    kind,
    digest,
    requested,
    installedSize: variant?.installedSize ?? variant?.size ?? 0,
    ...operation,
    files: files.map(({ path, sha256, sizeBytes, mode }) => ({ path, sha256, size: sizeBytes, mode })),
  };
}

/** The configurations of an artifact, rendered. */
export function renderedFiles({ configurations = [] }: ArtifactManifest): RenderedFile[] {
  return configurations.map((configuration) => ({
    path: configuration.path,
    content: renderConfiguration(configuration),
  }));
}
