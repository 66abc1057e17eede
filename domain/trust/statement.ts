/**
 * What a publisher signs of an artifact, and a builder of what it built: enough for a gateway to tell that what a package
 * brings is what they meant, whoever put the package together.
 */
import Type, { type Static } from 'typebox';
import { artifactKinds, namePattern, type ArtifactManifest } from '../artifact/manifest.js';
import { manifestOperation, OperationSchema } from '../artifact/manifest-operation.js';
import { renderConfiguration } from '../artifact/render-configuration.js';
import { filesOfVariant, type ArtifactFile } from '../artifact/variant-files.js';
import { canonicalJson } from '../canonical-json.js';
import { limits } from '../limits.js';
import { treeDigest, type FoundFile, type Sha256 } from '../package-format/package-tables.js';
import { SignatureSchema } from './metadata.js';

const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });
const named = {
  name: Type.String({ pattern: namePattern }),
  version: Type.String({ maxLength: limits.versionLength }),
};

const ArtifactStatementSchema = Type.Object({
  _type: Type.Literal('leonore-artifact-1'),
  ...named,
  kind: Type.Enum([...artifactKinds]),
  /** sha256 of its manifest in canonical JSON, for people and audits: a package does not hold it. */
  manifest: Digest,
  operation: OperationSchema,
  /** Names that it requires, alternatives and options too. */
  requires: Type.Array(Type.String()),
  /** Names that it provides besides its own. */
  provides: Type.Array(Type.String()),
  /** Digest of the files of each variant (`tree`), or of what it is built from (`source`). */
  variants: Type.Array(Type.Union([Type.Object({ tree: Digest }), Type.Object({ source: Digest })])),
});

const BuildStatementSchema = Type.Object({
  _type: Type.Literal('leonore-build-1'),
  ...named,
  /** Digest of what it was built from, as the publisher's statement names it. */
  source: Digest,
  /** Digest of what came of it. */
  tree: Digest,
});

function signedBySomebody<T extends typeof ArtifactStatementSchema | typeof BuildStatementSchema>(signed: T) {
  return Type.Object({ signed, signatures: Type.Array(SignatureSchema, { maxItems: 100 }) });
}

/** What a gateway gets beside a package. */
export const PackageStatementsSchema = Type.Object({
  artifacts: Type.Array(signedBySomebody(ArtifactStatementSchema)),
  builds: Type.Array(signedBySomebody(BuildStatementSchema)),
});

export type ArtifactStatement = Static<typeof ArtifactStatementSchema>;
export type BuildStatement = Static<typeof BuildStatementSchema>;
export type PackageStatements = Static<typeof PackageStatementsSchema>;

/**
 * What the publisher of an artifact signs: follows from the artifact alone, so whoever has it can tell whether a signature
 * is about it.
 *
 * @param manifest with the sizes of its variants measured
 * @throws LeonoreError MALFORMED_ARTIFACT when a configuration cannot be rendered
 */
export function artifactStatement(
  manifest: ArtifactManifest,
  files: readonly ArtifactFile[],
  sha256: Sha256,
): ArtifactStatement {
  const { name, version, kind } = manifest;
  const variants = manifest.variants ?? [undefined];
  const requires = (manifest.requires ?? []).flatMap((requirement) =>
    'anyOf' in requirement ? requirement.anyOf.map((one) => one.name) : [requirement.name],
  );
  return {
    _type: 'leonore-artifact-1',
    name,
    version,
    kind,
    manifest: sha256(new TextEncoder().encode(canonicalJson(manifest))),
    operation: manifestOperation(manifest),
    requires: [...new Set(requires)].sort(),
    provides: [...new Set((manifest.provides ?? []).map((provision) => provision.name))].sort(),
    variants: variants.map((variant, index) => {
      const own = filesOfVariant(manifest, variant === undefined ? null : index, files);
      return variant?.source === undefined
        ? { tree: installedTree(manifest, own, sha256) }
        : { source: sourceTree(own, sha256) };
    }),
  };
}

/** What a builder signs of a variant that it has built. */
export function buildStatement(
  manifest: ArtifactManifest,
  from: readonly ArtifactFile[],
  built: readonly ArtifactFile[],
  sha256: Sha256,
): BuildStatement {
  const { name, version } = manifest;
  const source = sourceTree(from, sha256);
  return { _type: 'leonore-build-1', name, version, source, tree: installedTree(manifest, built, sha256) };
}

function sourceTree(files: readonly FoundFile[], sha256: Sha256): string {
  return treeDigest(inOrder(files), sha256);
}

/** Rendered configurations take the place of files, as they do in a package. */
function installedTree(manifest: ArtifactManifest, files: readonly FoundFile[], sha256: Sha256): string {
  const inside = new Map(files.map((file) => [file.path, file]));
  for (const configuration of manifest.configurations ?? []) {
    const content = new TextEncoder().encode(renderConfiguration(configuration));
    inside.set(configuration.path, { path: configuration.path, mode: '0644', sha256: sha256(content) });
  }
  return treeDigest(inOrder([...inside.values()]), sha256);
}

function inOrder(files: readonly FoundFile[]): FoundFile[] {
  return [...files].sort((left, right) => (left.path < right.path ? -1 : 1));
}
