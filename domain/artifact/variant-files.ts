import { LeonoreError } from '../errors.js';
import type { ArtifactManifest, Variant } from './manifest.js';

/** One file of an artifact as it lies in the artifact repository. */
export interface ArtifactFile {
  /** Relative to the artifact's directory. */
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly mode: '0644' | '0755';
}

/** Size of the blocks in which small devices' file systems hand out disk. */
const diskBlockBytes = 4096;

/**
 * The files of one variant, with paths as the gateway sees them (below the variant's directory). A variant without
 * a directory, like an artifact without variants, has all files that belong to no other variant.
 */
export function filesOfVariant(
  manifest: ArtifactManifest,
  variantIndex: number | null,
  files: readonly ArtifactFile[],
): ArtifactFile[] {
  const variant = variantIndex === null ? undefined : manifest.variants?.[variantIndex];
  const directory = variant?.source?.directory ?? variant?.directory;
  if (directory !== undefined) return below(directory, files);
  const claimed = (manifest.variants ?? []).map(directoryOf).filter((d) => d !== undefined);
  return files.filter((file) => !claimed.some((d) => file.path.startsWith(`${d}/`)));
}

/**
 * The manifest with the sizes of its variants taken from the files: what is downloaded, and what the disk of a
 * gateway has to hold. Sizes that the manifest declares count where they are larger, or where there are no files
 * (a source variant's size is known only by its author).
 * @throws LeonoreError MALFORMED_ARTIFACT when a variant has no files, or a file belongs to no variant
 */
export function withMeasuredSizes(
  manifest: ArtifactManifest,
  files: readonly ArtifactFile[],
): ArtifactManifest {
  if (manifest.variants === undefined) {
    if (files.length === 0) return manifest;
    return { ...manifest, variants: [measured(manifest, {}, null, files)] };
  }
  const variants = manifest.variants.map((variant, index) => measured(manifest, variant, index, files));
  refuseUnclaimed(manifest, files);
  return { ...manifest, variants };
}

function measured(
  manifest: ArtifactManifest,
  variant: Variant,
  index: number | null,
  files: readonly ArtifactFile[],
): Variant {
  const own = filesOfVariant(manifest, index, files);
  const directory = directoryOf(variant);
  if (own.length === 0 && directory !== undefined) {
    throw new LeonoreError(
      'MALFORMED_ARTIFACT',
      `variants[${index}]: there are no files below "${directory}"`,
    );
  }
  if (variant.source !== undefined) {
    const build = variant.source.build;
    if (!own.some((file) => file.path === build)) {
      throw new LeonoreError(
        'MALFORMED_ARTIFACT',
        `variants[${index}].source.build: no file "${build}" below "${directory}"`,
      );
    }
    return { ...variant, size: variant.size ?? sum(own, (f) => f.sizeBytes) };
  }
  const size = sum(own, (file) => file.sizeBytes);
  const onDisk = sum(own, (file) => Math.ceil(file.sizeBytes / diskBlockBytes) * diskBlockBytes);
  return {
    ...variant,
    size: Math.max(size, variant.size ?? 0),
    installedSize: Math.max(onDisk, variant.installedSize ?? 0),
  };
}

function refuseUnclaimed(manifest: ArtifactManifest, files: readonly ArtifactFile[]): void {
  const directories = (manifest.variants ?? []).map(directoryOf);
  if (directories.includes(undefined)) return;
  const stray = files.find(
    (file) => !directories.some((d) => d !== undefined && file.path.startsWith(`${d}/`)),
  );
  if (stray !== undefined) {
    throw new LeonoreError('MALFORMED_ARTIFACT', `the file "${stray.path}" is below no variant's directory`);
  }
}

function directoryOf(variant: Variant): string | undefined {
  return (variant.source?.directory ?? variant.directory)?.replace(/\/+$/, '');
}

function below(directory: string, files: readonly ArtifactFile[]): ArtifactFile[] {
  const prefix = `${directory.replace(/\/+$/, '')}/`;
  return files
    .filter((file) => file.path.startsWith(prefix))
    .map((file) => ({ ...file, path: file.path.slice(prefix.length) }));
}

function sum<T>(items: readonly T[], sizeOf: (item: T) => number): number {
  return items.reduce((total, item) => total + sizeOf(item), 0);
}
