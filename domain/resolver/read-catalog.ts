import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { checkManifest } from '../artifact/check-manifest.js';
import { ArtifactManifestSchema, artifactKey, type ArtifactManifest } from '../artifact/manifest.js';
import { findSchemaProblem } from '../artifact/schema-problem.js';
import { readSource } from '../artifact/source-document.js';
import type { GatewayProfile } from '../gateway/profile.js';
import { profileIn } from '../gateway/read-profile.js';
import { limits } from '../limits.js';

/** The file's frame; its artifacts are checked one by one, so that an error names one of them. */
const frame = Compile(
  Type.Object(
    { artifacts: Type.Array(Type.Unknown()), gateway: Type.Optional(Type.Unknown()) },
    { additionalProperties: false },
  ),
);
const artifactValidator = Compile(ArtifactManifestSchema);

export interface CatalogFile {
  readonly artifacts: readonly ArtifactManifest[];
  /** The gateway to resolve for; null when the file describes none. */
  readonly gateway: GatewayProfile | null;
}

/**
 * Reads a catalog file of `leonore resolve`, YAML or JSON: a list of manifests, and possibly a gateway.
 * @param fileName named in errors only
 * @throws LeonoreError MALFORMED_CATALOG with `file:line:column: path: message`; TOO_LARGE
 */
export function readCatalog(text: string, fileName: string): CatalogFile {
  const source = readSource(text, fileName, { code: 'MALFORMED_CATALOG', maxBytes: limits.catalogBytes });
  const problem = findSchemaProblem(frame, source.value);
  if (problem !== null) source.fail(problem.path, problem.message, problem.at);
  const { artifacts, gateway } = source.value as { artifacts: unknown[]; gateway?: unknown };

  const seen = new Map<string, number>();
  artifacts.forEach((value, index) => {
    const below = (path: readonly (string | number)[]) => ['artifacts', index, ...path];
    const wrong = findSchemaProblem(artifactValidator, value);
    if (wrong !== null) source.fail(below(wrong.path), wrong.message, wrong.at);
    const manifest = value as ArtifactManifest;
    checkManifest(manifest, { from: 'catalog' }, (path, message) => source.fail(below(path), message));
    // Build metadata does not tell versions apart: two that differ by it alone are one version with two contents.
    const key = artifactKey({ ...manifest, version: manifest.version.split('+', 1)[0] ?? '' });
    const first = seen.get(key);
    if (first !== undefined) source.fail(below(['version']), twice(first, manifest));
    seen.set(key, index);
  });

  function twice(index: number, manifest: ArtifactManifest): string {
    const other = artifacts[index] as ArtifactManifest;
    const place = `artifacts[${index}].version at ${source.placeOf(['artifacts', index, 'version'])}`;
    return other.version === manifest.version
      ? `${artifactKey(manifest)} appears twice: first as ${place}`
      : `${artifactKey(manifest)} is the same version as ${artifactKey(other)}, ${place}: they differ by build metadata alone`;
  }

  return {
    artifacts: artifacts as ArtifactManifest[],
    // JSON writers say null for "none".
    gateway: gateway === undefined || gateway === null ? null : profileIn(source, ['gateway'], gateway),
  };
}
