import { LeonoreError } from '../errors.js';
import type { ArtifactManifest } from './manifest.js';
import { filesOfVariant, type ArtifactFile } from './variant-files.js';

/**
 * Checks that every script that a manifest names is there, in each variant that is pre-built (what a source variant
 * holds is known only once it is built).
 * @throws LeonoreError MALFORMED_ARTIFACT
 */
export function checkContent(manifest: ArtifactManifest, files: readonly ArtifactFile[]): void {
  const scripts = { ...manifest.control, 'health.check': manifest.health?.check };
  const rendered = new Set((manifest.configurations ?? []).map((configuration) => configuration.path));
  const variants = manifest.variants ?? [undefined];
  for (const [index, variant] of variants.entries()) {
    if (variant?.source !== undefined) continue;
    const own = new Set(
      filesOfVariant(manifest, variant === undefined ? null : index, files).map((file) => file.path),
    );
    for (const [name, path] of Object.entries(scripts)) {
      if (path !== undefined && !own.has(path) && !rendered.has(path)) {
        const place = variant === undefined ? 'the artifact' : `variants[${index}]`;
        throw new LeonoreError(
          'MALFORMED_ARTIFACT',
          `the ${name} script "${path}" is not among the files of ${place}`,
        );
      }
    }
  }
}
