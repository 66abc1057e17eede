import { artifactKey } from '../artifact/manifest.js';
import { operationOf } from '../artifact/manifest-operation.js';
import { canonicalJson } from '../canonical-json.js';
import { controlScripts } from '../package-format/control-scripts.js';
import type { PackageManifest } from '../package-format/package-manifest.js';
import { filesInside, treeDigest, type PlacedArtifact } from '../package-format/package-tables.js';
import { delegatedPath, isDelegated, mayBeUnsigned } from './delegations.js';
import { signedBytes, untrusted, type Targets, type Verifier } from './metadata.js';
import type { ArtifactStatement, PackageStatements } from './statement.js';

/**
 * Holds a package against what publishers and builders have signed of its artifacts, before anything of it is unpacked:
 * each is signed by whom the name is delegated to, has the files of one of the variants, is run as its publisher said, and
 * was asked for or is required by another.
 *
 * @param manifest and `placed`: a package's manifest that was checked
 * @throws LeonoreError UNTRUSTED that names the artifact and why it is refused
 */
export function verifyPackageStatements(
  { manifest, placed }: { readonly manifest: PackageManifest; readonly placed: readonly PlacedArtifact[] },
  statements: PackageStatements,
  targets: Targets,
  verifier: Verifier,
): void {
  const believed = new Map<string, ArtifactStatement>();
  for (const artifact of placed) {
    const statement = statementOf(artifact, statements, targets, verifier);
    if (statement !== null) believed.set(artifact.artifact.name, statement);
  }
  // Where all may be unsigned, so may be the scripts that handle them.
  if (placed.every(({ artifact }) => mayBeUnsigned(targets, artifact.name))) return;
  refuseOtherControls(manifest, targets, verifier);
  refuseExtraneous(placed, believed);
}

function statementOf(
  placed: PlacedArtifact,
  statements: PackageStatements,
  targets: Targets,
  verifier: Verifier,
): ArtifactStatement | null {
  const { artifact } = placed;
  const key = artifactKey(artifact);
  const candidates = statements.artifacts.filter(({ signed }) => artifactKey(signed) === key);
  const path = delegatedPath.artifact(artifact.name);
  const signed = candidates.find((one) =>
    isDelegated(targets, path, signedBytes(one.signed), one.signatures, verifier),
  )?.signed;
  if (signed === undefined) {
    if (mayBeUnsigned(targets, artifact.name)) return null;
    const why = candidates.length === 0 ? 'it is not signed' : 'it is not signed by those who may publish it';
    throw untrusted(`${key}: ${why}`);
  }
  if (
    canonicalJson(operationOf(artifact)) !== canonicalJson(signed.operation) ||
    artifact.kind !== signed.kind
  ) {
    throw untrusted(`${key}: it would be run otherwise than its publisher has signed`);
  }
  const tree = treeDigest(filesInside(placed), verifier.sha256);
  if (signed.variants.some((variant) => 'tree' in variant && variant.tree === tree)) return signed;
  requireBuild(placed, tree, signed, statements, targets, verifier);
  return signed;
}

function requireBuild(
  { artifact }: PlacedArtifact,
  tree: string,
  { variants }: ArtifactStatement,
  { builds }: PackageStatements,
  targets: Targets,
  verifier: Verifier,
): void {
  const key = artifactKey(artifact);
  const sources = variants.flatMap((variant) => ('source' in variant ? [variant.source] : []));
  const own = builds.filter(
    ({ signed }) => artifactKey(signed) === key && signed.tree === tree && sources.includes(signed.source),
  );
  const path = delegatedPath.build(artifact.name);
  const isBuilt = own.some(({ signed, signatures }) =>
    isDelegated(targets, path, signedBytes(signed), signatures, verifier),
  );
  if (isBuilt) return;
  throw untrusted(
    own.length === 0
      ? `${key}: its files are not those that its publisher has signed`
      : `${key}: it is not signed by those who may build it`,
  );
}

/** They run as the agent does, so whoever could write them would need no artifact. */
function refuseOtherControls(
  { files }: PackageManifest,
  { control = [] }: Targets,
  { sha256 }: Verifier,
): void {
  for (const [name, script] of Object.entries(controlScripts)) {
    const found = files.find(({ path }) => path === `control/${name}`)?.sha256;
    const own = sha256(new TextEncoder().encode(script));
    if (found === own || (found !== undefined && control.includes(found))) continue;
    throw untrusted(`control/${name} is not a script of LEONORE that this gateway knows`);
  }
}

/** Whoever puts packages together may not bring along what nobody asked for. */
function refuseExtraneous(
  placed: readonly PlacedArtifact[],
  believed: ReadonlyMap<string, ArtifactStatement>,
): void {
  // What an artifact without a statement requires is not known.
  if (believed.size < placed.length) return;
  const required = new Set([...believed.values()].flatMap(({ requires }) => requires));
  for (const { artifact } of placed) {
    const offered = [artifact.name, ...(believed.get(artifact.name)?.provides ?? [])];
    if (artifact.requested || offered.some((name) => required.has(name))) continue;
    throw untrusted(`${artifactKey(artifact)}: nobody asked for it, and nothing in the package requires it`);
  }
}
