import { LeonoreError } from '../errors.js';
import { findClash, pathProblem } from '../package-format/package-path.js';
import type { ArtifactManifest } from './manifest.js';
import { filesOfVariant, type ArtifactFile } from './variant-files.js';

/**
 * Checks that every script that a manifest names is there, and that every file can lie in a package and on a gateway,
 * in each variant that is pre-built (what a source variant holds is known only once it is built).
 * @throws LeonoreError MALFORMED_ARTIFACT
 */
export function checkContent(manifest: ArtifactManifest, files: readonly ArtifactFile[]): void {
  const scripts = { ...manifest.control, 'health.check': manifest.health?.check };
  // The longer of the two directories in a package: whoever is asked for today may be a dependency tomorrow.
  const directory = `dependencies/${manifest.name}-${manifest.version}`;
  const rendered = new Set((manifest.configurations ?? []).map((configuration) => configuration.path));
  const variants = manifest.variants ?? [undefined];
  for (const [index, variant] of variants.entries()) {
    if (variant?.source !== undefined) continue;
    const own = new Set(
      filesOfVariant(manifest, variant === undefined ? null : index, files).map((file) => file.path),
    );
    const isAsItIs = variant?.format !== undefined;
    if (isAsItIs) checkAsItIs(manifest, index, own.size);
    for (const path of new Set([...own, ...rendered])) {
      const problem = pathProblem(`${directory}/${path}`);
      if (problem !== null) {
        throw new LeonoreError(
          'MALFORMED_ARTIFACT',
          `the path ${JSON.stringify(path)} ${problem} once it lies in a package, below ${directory}/`,
          { path },
        );
      }
    }
    const clash = findClash(new Set([...own, ...rendered]));
    if (clash !== null) {
      throw new LeonoreError(
        'MALFORMED_ARTIFACT',
        `the files ${JSON.stringify(clash.other)} and ${JSON.stringify(clash.path)} cannot lie side by side on every file system`,
        clash,
      );
    }
    // Whoever takes the file as it is runs none of them.
    for (const [name, path] of isAsItIs ? [] : Object.entries(scripts)) {
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

/** What is delivered as it is is one file, and nothing is rendered into it. */
function checkAsItIs(manifest: ArtifactManifest, index: number, files: number): void {
  const place = `variants[${index}]`;
  if (files !== 1) {
    throw new LeonoreError(
      'MALFORMED_ARTIFACT',
      `${place}: what is delivered as it is is one file; below its directory there are ${files}`,
    );
  }
  if ((manifest.configurations ?? []).length > 0) {
    throw new LeonoreError(
      'MALFORMED_ARTIFACT',
      `${place}: nothing can be rendered into what is delivered as it is; leave out "configurations"`,
    );
  }
}
