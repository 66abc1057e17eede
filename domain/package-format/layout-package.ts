/**
 * From the artifacts of a plan to the content of a package (docs/package-format.md): every entry with its path,
 * mode and size in the order of the archive. Pure: the bytes of artifacts are only named by digest, and fetched
 * when the package is written (activities/package-builder/write-package.ts).
 */
import { artifactKey } from '../artifact/manifest.js';
import { LeonoreError } from '../errors.js';
import { limits } from '../limits.js';
import { canonicalJson } from './canonical-json.js';
import { artifactColumns, controlScripts, type ArtifactColumn } from './control-scripts.js';
import {
  packageFormatVersion,
  type PackagedArtifact,
  type PackageFile,
  type PackageManifest,
} from './package-manifest.js';
import { findClash, pathProblem } from './package-path.js';

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
  /** The dependency tree of the plan, for people. */
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

/** sha256 in lower case hex; given by the caller, because the domain computes nothing from Node. */
export type Sha256 = (bytes: Uint8Array) => string;

interface SourcedFile extends PackageFile {
  readonly content: EntryContent;
}

interface PlacedArtifact {
  readonly artifact: PackagedArtifact;
  /** Directory in the container, relative to its root. */
  readonly home: string;
  readonly files: readonly (SourcedFile & { readonly destination: string })[];
}

const encoder = new TextEncoder();

/**
 * Lays out a package. The same input gives the same layout to the byte.
 *
 * @throws LeonoreError MALFORMED_ARTIFACT when an artifact's files cannot be packaged (hostile, clashing or too
 *   long paths, a control script that is not among the files), TOO_LARGE when there are too many files
 */
export function layoutPackage(input: PackageInput, sha256: Sha256): PackageLayout {
  const placed = input.artifacts.map((artifact) => place(artifact, input.rendered ?? {}, sha256));
  checkArtifacts(placed);
  const controls: SourcedFile[] = [
    text('path', '0644', pathTable(placed), sha256),
    text('control/artifacts', '0644', artifactTable(placed), sha256),
    ...Object.entries(controlScripts).map(([name, script]) =>
      text(`control/${name}`, '0755', script, sha256),
    ),
  ];
  const files = [...controls, ...placed.flatMap((artifact) => artifact.files)];
  if (files.length > limits.packageFiles) {
    throw new LeonoreError(
      'TOO_LARGE',
      `The package would have ${files.length} files; at most ${limits.packageFiles} are allowed.`,
    );
  }
  const manifest: PackageManifest = {
    format: packageFormatVersion,
    artifacts: placed.map(({ artifact }) => artifact),
    tree: [...input.tree],
    contentSize: sum(files.map((file) => file.size)),
    installedSize: sum(input.artifacts.map((artifact) => artifact.installedSize)),
    files: files.map(({ path, sha256: digest, mode, size }) => ({ path, sha256: digest, mode, size })),
  };
  const manifestBytes = encoder.encode(canonicalJson(manifest));
  const id = sha256(manifestBytes);
  const entries = [
    inline('id', '0644', encoder.encode(`${id}\n`)),
    inline('manifest.json', '0644', manifestBytes),
    ...files.map(({ path, mode, size, content }) => ({ path, mode, size, content })),
  ];
  return { id, manifest, entries };
}

/** Directory of an artifact in the archive. */
export function artifactDirectory(artifact: { name: string; version: string; requested: boolean }): string {
  return `${artifact.requested ? 'binary' : 'dependencies'}/${artifact.name}-${artifact.version}`;
}

function place(
  input: ArtifactInput,
  rendered: Readonly<Record<string, readonly RenderedFile[]>>,
  sha256: Sha256,
): PlacedArtifact {
  const key = artifactKey(input);
  const inside = new Map<string, SourcedFile>();
  for (const file of input.files) {
    if (inside.has(file.path)) throw malformed(key, file.path, 'is listed twice');
    inside.set(file.path, {
      path: file.path,
      sha256: file.sha256,
      mode: file.mode,
      size: file.size,
      content: { kind: 'blob', digest: file.sha256, size: file.size },
    });
  }
  for (const file of rendered[key] ?? [])
    inside.set(file.path, text(file.path, '0644', file.content, sha256));
  const ordered = [...inside.values()].sort((left, right) => (left.path < right.path ? -1 : 1));

  const artifact = packagedArtifact(input);
  checkScripts(artifact, inside);
  // The home's name holds a digest of its content. So two builds of one version can lie side by side, a
  // directory that is there already needs no second look, and nothing is ever changed in place.
  const content = ordered.map((file) => `${file.path}\t${file.mode}\t${file.sha256}\n`).join('');
  const contentId = sha256(encoder.encode(content)).slice(0, 12);
  const home = `store/${input.name}/${input.version}-${contentId}`;
  const directory = artifactDirectory(input);
  const files = ordered.map((file) => {
    const path = `${directory}/${file.path}`;
    const problem = pathProblem(file.path) ?? pathProblem(path);
    if (problem !== null) throw malformed(key, path, problem);
    return { ...file, path, destination: `${home}/${file.path}` };
  });
  return { artifact, home, files };
}

/** What the manifest says of an artifact: the input without its files, and nothing that is undefined. */
function packagedArtifact(input: ArtifactInput): PackagedArtifact {
  const { name, version, kind, digest, requested, installedSize, control, keepData, health } = input;
  return {
    name,
    version,
    kind,
    digest,
    requested,
    installedSize,
    control,
    // Where there is no start script there is nothing to start, whatever the policy says.
    start: input.start && control.start !== undefined,
    keepData,
    ...(health === undefined ? {} : { health }),
  };
}

function checkScripts(artifact: PackagedArtifact, files: ReadonlyMap<string, unknown>): void {
  const scripts = { ...artifact.control, check: artifact.health?.check };
  for (const [action, path] of Object.entries(scripts)) {
    if (path !== undefined && !files.has(path)) {
      throw malformed(artifactKey(artifact), path, `is named as ${action} script but is not among the files`);
    }
  }
}

function checkArtifacts(placed: readonly PlacedArtifact[]): void {
  const names = new Set<string>();
  const directories = new Set<string>();
  for (const { artifact } of placed) {
    // `a@1.0.0-2.0.0` and `a-1.0.0@2.0.0` are different artifacts, but their directory would be the same.
    const directory = artifactDirectory(artifact);
    if (names.has(artifact.name) || directories.has(directory)) {
      throw malformed(artifactKey(artifact), directory, 'is in the package twice');
    }
    names.add(artifact.name);
    directories.add(directory);
  }
  const clash = findClash(placed.flatMap(({ files }) => files.map((file) => file.path)));
  if (clash !== null) {
    throw new LeonoreError(
      'MALFORMED_ARTIFACT',
      `The files ${JSON.stringify(clash.other)} and ${JSON.stringify(clash.path)} cannot lie side by side on every file system.`,
      clash,
    );
  }
}

/** One line a file, in install order; `order` counts artifacts, so that the files of one share it. */
function pathTable(placed: readonly PlacedArtifact[]): string {
  return placed
    .flatMap(({ files }, index) =>
      files.map((file) => tabbed([index + 1, file.path, file.destination, file.mode, file.sha256])),
    )
    .join('');
}

function artifactTable(placed: readonly PlacedArtifact[]): string {
  return placed
    .map(({ artifact, home }, index) => {
      const { control, health } = artifact;
      const row: Record<ArtifactColumn, string | number | undefined> = {
        order: index + 1,
        name: artifact.name,
        version: artifact.version,
        home,
        requested: Number(artifact.requested),
        start: Number(artifact.start),
        keep: Number(artifact.keepData),
        size: artifact.installedSize,
        install: control.install,
        uninstall: control.uninstall,
        startup: control.start,
        stop: control.stop,
        check: health?.check,
        up: health?.staysUpSeconds,
      };
      return tabbed(artifactColumns.map((column) => row[column] ?? '-'));
    })
    .join('');
}

function tabbed(columns: readonly (string | number)[]): string {
  return `${columns.join('\t')}\n`;
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
