/**
 * Where the artifacts of a package go, and the two tables that tell it to a shell: `path` and `control/artifacts`.
 * Both follow from the manifest alone, so a reader derives them anew and refuses a package whose tables say
 * anything else: no destination outside the container can get in.
 */
import { artifactColumns, type ArtifactColumn } from './control-scripts.js';
import type { PackagedArtifact, PackageFile } from './package-manifest.js';

/** sha256 in lower case hex; given by the caller, because the domain computes nothing from Node. */
export type Sha256 = (bytes: Uint8Array) => string;

export interface PlacedArtifact {
  readonly artifact: PackagedArtifact;
  /** Directory in the archive. */
  readonly directory: string;
  /** Directory in the container, relative to its root. */
  readonly home: string;
  readonly files: readonly PackageFile[];
}

const encoder = new TextEncoder();
/** 48 bits: enough to tell the builds of one version apart, short enough for a directory's name. */
const contentIdLength = 12;

/** Directory of an artifact in the archive. */
export function artifactDirectory(artifact: { name: string; version: string; requested: boolean }): string {
  return `${artifact.requested ? 'binary' : 'dependencies'}/${artifact.name}-${artifact.version}`;
}

/**
 * Finds the files and the place of each artifact.
 *
 * The name of the place holds a digest of the content. So two builds of one version can lie side by side, a
 * directory that is there already needs no second look, and nothing is ever changed in place.
 */
export function placeArtifacts(
  artifacts: readonly PackagedArtifact[],
  files: readonly PackageFile[],
  sha256: Sha256,
): PlacedArtifact[] {
  const byDirectory = new Map<string, PackageFile[]>();
  for (const file of files) {
    const directory = file.path.split('/', 2).join('/');
    const beside = byDirectory.get(directory);
    if (beside === undefined) byDirectory.set(directory, [file]);
    else beside.push(file);
  }
  return artifacts.map((artifact) => {
    const directory = artifactDirectory(artifact);
    const own = byDirectory.get(directory) ?? [];
    const inside = own.map((file) => ({ ...file, path: insideArtifact(file.path) }));
    return {
      artifact,
      directory,
      home: `store/${artifact.name}/${artifact.version}-${contentId(inside, sha256)}`,
      files: own,
    };
  });
}

/** A file of an artifact, its path inside the artifact. */
export interface FoundFile {
  readonly path: string;
  readonly mode: string;
  readonly sha256: string;
}

/** Names the content of an artifact: a digest of its files in their order. */
export function contentId(files: readonly FoundFile[], sha256: Sha256): string {
  return treeDigest(files, sha256).slice(0, contentIdLength);
}

/** The whole of that digest: what publishers sign. */
export function treeDigest(files: readonly FoundFile[], sha256: Sha256): string {
  const content = files.map(({ path, mode, sha256: digest }) => `${path}\t${mode}\t${digest}\n`).join('');
  return sha256(encoder.encode(content));
}

/** The files of an artifact, their paths inside it. */
export function filesInside({ files }: PlacedArtifact): PackageFile[] {
  return files.map((file) => ({ ...file, path: insideArtifact(file.path) }));
}

/** One line a file, in install order; `order` counts artifacts, so that the files of one share it. */
export function pathTable(placed: readonly PlacedArtifact[]): string {
  return placed
    .flatMap(({ files, home }, index) =>
      files.map((file) =>
        tabbed([index + 1, file.path, `${home}/${insideArtifact(file.path)}`, file.mode, file.sha256]),
      ),
    )
    .join('');
}

/** One line an artifact, in install order, with the columns that the control scripts read. */
export function artifactTable(placed: readonly PlacedArtifact[]): string {
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

/** `binary/app-1.0.0/bin/run` -> `bin/run` */
function insideArtifact(path: string): string {
  return path.split('/').slice(2).join('/');
}

function tabbed(columns: readonly (string | number)[]): string {
  return `${columns.join('\t')}\n`;
}
