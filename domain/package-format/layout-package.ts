/**
 * From the artifacts of a plan to the content of a package (docs/package-format.md): every entry with its path,
 * mode and size in the order of the archive. Pure: the bytes of artifacts are only named by digest, and fetched
 * when the package is written (activities/package-builder/package-archive.ts).
 */
import { artifactKey } from '../artifact/manifest.js';
import { operationOf } from '../artifact/manifest-operation.js';
import { LeonoreError } from '../errors.js';
import { limits } from '../limits.js';
import { canonicalJson } from '../canonical-json.js';
import { controlScripts } from './control-scripts.js';
import {
  packageFormatVersion,
  type PackagedArtifact,
  type PackageFile,
  type PackageManifest,
} from './package-manifest.js';
import { findClash, pathProblem } from './package-path.js';
import {
  artifactDirectory,
  artifactTable,
  pathTable,
  placeArtifacts,
  type Sha256,
} from './package-tables.js';

type FileMode = PackageFile['mode'];

/** A file of an artifact in the artifact repository. */
export interface ArtifactContentFile {
  /** Inside the artifact. */
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
  readonly mode: FileMode;
}

/** A small text file rendered for this package, such as a configuration. */
export interface RenderedFile {
  /** Inside the artifact; takes the place of a file of the artifact with this path. */
  readonly path: string;
  readonly content: string;
}

/** An artifact to be packaged: what the manifest says of it, and its files. */
export interface ArtifactInput extends PackagedArtifact {
  readonly files: readonly ArtifactContentFile[];
}

export interface PackageInput {
  /** In install order: dependencies first. */
  readonly artifacts: readonly ArtifactInput[];
  /** Rendered files by `name@version` of their artifact. */
  readonly rendered?: Readonly<Record<string, readonly RenderedFile[]>>;
  /** The dependency tree of the plan, as far as the package brings it, for people. */
  readonly tree: readonly unknown[];
}

export type EntryContent =
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | { readonly kind: 'blob'; readonly digest: string; readonly size: number };

/** One regular file of the archive. */
export interface PackageEntry {
  readonly path: string;
  readonly mode: FileMode;
  readonly size: number;
  readonly content: EntryContent;
}

export interface PackageLayout {
  /** The package's id: sha256 of manifest.json. */
  readonly id: string;
  readonly manifest: PackageManifest;
  /** In the order of the archive; `id` and manifest.json first, so that a reader can check all that follows. */
  readonly entries: readonly PackageEntry[];
}

interface SourcedFile extends PackageFile {
  readonly content: EntryContent;
}

const encoder = new TextEncoder();

/**
 * Lays out a package. The same input gives the same layout to the byte.
 *
 * @throws LeonoreError MALFORMED_ARTIFACT when an artifact's files cannot be packaged (hostile, clashing or too
 *   long paths, a control script that is not among the files), TOO_LARGE when there are too many files or bytes
 */
export function layoutPackage(input: PackageInput, sha256: Sha256): PackageLayout {
  const artifacts = input.artifacts.map(packagedArtifact);
  const content = input.artifacts.flatMap((artifact) => contentOf(artifact, input.rendered ?? {}, sha256));
  checkArtifacts(artifacts, content);
  const placed = placeArtifacts(artifacts, content, sha256);
  const controls: SourcedFile[] = [
    text('path', '0644', pathTable(placed), sha256),
    text('control/artifacts', '0644', artifactTable(placed), sha256),
    ...Object.entries(controlScripts).map(([name, script]) =>
      text(`control/${name}`, '0755', script, sha256),
    ),
  ];
  const files = [...controls, ...content];
  if (files.length > limits.packageFiles) {
    throw new LeonoreError(
      'TOO_LARGE',
      `The package would have ${files.length} files; at most ${limits.packageFiles} are allowed.`,
    );
  }
  const contentSize = sum(files.map((file) => file.size));
  if (contentSize > limits.packageContentBytes) {
    throw new LeonoreError(
      'TOO_LARGE',
      `The package would hold ${contentSize} bytes; at most ${limits.packageContentBytes} are allowed.`,
    );
  }
  const manifest: PackageManifest = {
    format: packageFormatVersion,
    artifacts,
    tree: [...input.tree],
    contentSize,
    installedSize: sum(input.artifacts.map((artifact) => artifact.installedSize)),
    files: files.map(({ path, sha256: digest, mode, size }) => ({ path, sha256: digest, mode, size })),
  };
  const manifestBytes = encoder.encode(canonicalJson(manifest));
  const id = sha256(manifestBytes);
  const entries = [
    inline('id', '0644', encoder.encode(`${id}\n`)),
    inline('manifest.json', '0644', manifestBytes),
    ...files.map(({ path, mode, size, content: bytes }) => ({ path, mode, size, content: bytes })),
  ];
  return { id, manifest, entries };
}

/** The files of an artifact in the archive, sorted; rendered ones take the place of others. */
function contentOf(
  input: ArtifactInput,
  rendered: Readonly<Record<string, readonly RenderedFile[]>>,
  sha256: Sha256,
): SourcedFile[] {
  const key = artifactKey(input);
  const inside = new Map<string, SourcedFile>();
  for (const { path, sha256: digest, mode, size } of input.files) {
    if (inside.has(path)) throw malformed(key, path, 'is listed twice');
    inside.set(path, { path, sha256: digest, mode, size, content: { kind: 'blob', digest, size } });
  }
  for (const file of rendered[key] ?? [])
    inside.set(file.path, text(file.path, '0644', file.content, sha256));
  checkScripts(input, inside);
  const ordered = [...inside.values()].sort((left, right) => (left.path < right.path ? -1 : 1));
  return ordered.map((file) => {
    const path = `${artifactDirectory(input)}/${file.path}`;
    const problem = pathProblem(file.path) ?? pathProblem(path);
    if (problem !== null) throw malformed(key, path, problem);
    return { ...file, path };
  });
}

/** What the manifest says of an artifact: the input without its files, and nothing that is undefined. */
function packagedArtifact(input: ArtifactInput): PackagedArtifact {
  const { name, version, kind, digest, requested, installedSize } = input;
  return { name, version, kind, digest, requested, installedSize, ...operationOf(input) };
}

function checkScripts(artifact: PackagedArtifact, files: ReadonlyMap<string, unknown>): void {
  const scripts = { ...artifact.control, check: artifact.health?.check };
  for (const [action, path] of Object.entries(scripts)) {
    if (path !== undefined && !files.has(path)) {
      throw malformed(artifactKey(artifact), path, `is named as ${action} script but is not among the files`);
    }
  }
}

function checkArtifacts(artifacts: readonly PackagedArtifact[], files: readonly SourcedFile[]): void {
  const names = new Set<string>();
  const directories = new Set<string>();
  for (const artifact of artifacts) {
    // `a@1.0.0-2.0.0` and `a-1.0.0@2.0.0` are different artifacts, but their directory would be the same.
    const directory = artifactDirectory(artifact);
    if (names.has(artifact.name) || directories.has(directory)) {
      throw malformed(artifactKey(artifact), directory, 'is in the package twice');
    }
    names.add(artifact.name);
    directories.add(directory);
  }
  const clash = findClash(files.map((file) => file.path));
  if (clash !== null) {
    throw new LeonoreError(
      'MALFORMED_ARTIFACT',
      `The files ${JSON.stringify(clash.other)} and ${JSON.stringify(clash.path)} cannot lie side by side on every file system.`,
      clash,
    );
  }
}

function text(path: string, mode: FileMode, content: string, sha256: Sha256): SourcedFile {
  const bytes = encoder.encode(content);
  return { path, mode, size: bytes.length, sha256: sha256(bytes), content: { kind: 'inline', bytes } };
}

function inline(path: string, mode: FileMode, bytes: Uint8Array): PackageEntry {
  return { path, mode, size: bytes.length, content: { kind: 'inline', bytes } };
}

function malformed(artifact: string, path: string, problem: string): LeonoreError {
  return new LeonoreError('MALFORMED_ARTIFACT', `${artifact}: the path ${JSON.stringify(path)} ${problem}.`, {
    artifact,
    path,
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
