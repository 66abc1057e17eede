import type { ArtifactManifest, Variant } from './manifest.js';
import type { ArtifactFile } from './variant-files.js';

/**
 * The files of an artifact that are run with sh: control scripts and checks in each variant that is pre-built, and build
 * scripts. What a build leaves is not known before.
 * @returns paths inside the artifact
 */
export function scriptFiles(manifest: ArtifactManifest, files: readonly ArtifactFile[]): string[] {
  const own = [...Object.values(manifest.control ?? {}), manifest.health?.check].filter(
    (path) => path !== undefined,
  );
  const variants: readonly Variant[] = manifest.variants ?? [{}];
  const paths = variants.flatMap(({ directory, source }) => {
    if (source !== undefined) return [`${trimmed(source.directory)}/${source.build}`];
    return directory === undefined ? own : own.map((path) => `${trimmed(directory)}/${path}`);
  });
  const there = new Set(files.map(({ path }) => path));
  return [...new Set(paths)].filter((path) => there.has(path));
}

function trimmed(directory: string): string {
  return directory.replace(/\/+$/u, '');
}
