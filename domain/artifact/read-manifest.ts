import { Compile } from 'typebox/compile';
import { limits } from '../limits.js';
import { checkManifest } from './check-manifest.js';
import { ArtifactManifestSchema, type ArtifactManifest } from './manifest.js';
import { findSchemaProblem } from './schema-problem.js';
import { readSource } from './source-document.js';

const validator = Compile(ArtifactManifestSchema);

/**
 * Reads one artifact's manifest (`artifact.yaml`), YAML or JSON. Sizes of variants may be absent: the files give
 * them.
 * @param fileName named in errors only
 * @throws LeonoreError MALFORMED_ARTIFACT with `file:line:column: path: message`; TOO_LARGE
 */
export function readManifest(text: string, fileName: string): ArtifactManifest {
  const source = readSource(text, fileName, { code: 'MALFORMED_ARTIFACT', maxBytes: limits.manifestBytes });
  const problem = findSchemaProblem(validator, source.value);
  if (problem !== null) source.fail(problem.path, problem.message, problem.at);
  const manifest = source.value as ArtifactManifest;
  checkManifest(manifest, { from: 'files' }, (path, message) => source.fail(path, message));
  return manifest;
}
