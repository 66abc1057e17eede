import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { artifactFiles } from '../../client/artifact-archive.js';
import { manifestName } from '../../domain/artifact/manifest.js';
import type { Loss } from '../../domain/distribution/loss.js';
import { packageManifest } from '../../domain/distribution/package-manifest.js';
import { LeonoreError } from '../../domain/errors.js';
import { measuredArtifact, type MeasuredArtifact } from '../../trust/measured-artifact.js';
import { openForeignArchive } from './foreign-archive.js';
import { layOutFiles } from './lay-out-files.js';
import { readControl } from './read-control.js';

/** A package that has become the directory of an artifact. */
export interface ImportedArtifact extends MeasuredArtifact {
  readonly directory: string;
  readonly losses: readonly Loss[];
}

/** Where the package's files lie in the artifact's directory: none of them is taken for the manifest. */
const filesDirectory = 'files';

/**
 * Makes the directory `NAME-VERSION` of an artifact of a `.deb` or `.ipk`. Nothing of the package is run. The directory is there
 * whole, and passes what the server checks, or not at all.
 * @param into in which the directory is made
 * @throws LeonoreError MALFORMED_INPUT, MALFORMED_ARTIFACT, TOO_LARGE; ClientError UNREADABLE
 */
export async function importPackage(path: string, into: string): Promise<ImportedArtifact> {
  await mkdir(into, { recursive: true });
  const staging = await mkdtemp(join(into, '.import-'));
  try {
    const archive = await openForeignArchive(path, staging);
    const control = await readControl(archive.control);
    const { manifest, platform, losses } = packageManifest(control.fields);
    const artifact = join(staging, 'artifact');
    await mkdir(join(artifact, filesDirectory), { recursive: true });
    const below = `dependencies/${manifest.name}-${manifest.version}`;
    const laidOut = await layOutFiles(archive.data, join(artifact, filesDirectory), below);
    const variant = {
      ...(platform === undefined ? {} : { platform }),
      ...(laidOut.files === 0 ? {} : { directory: filesDirectory }),
    };
    await writeFile(join(artifact, manifestName), stringify({ ...manifest, variants: [variant] }));
    const measured = await measuredArtifact(artifact, await artifactFiles(artifact));
    const directory = await moved(artifact, join(into, `${manifest.name}-${manifest.version}`));
    return { ...measured, directory, losses: [...losses, ...control.losses, ...laidOut.losses] };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Where something is already, nothing is written over. */
async function moved(from: string, to: string): Promise<string> {
  try {
    await rename(from, to);
    return to;
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
    throw new LeonoreError('MALFORMED_INPUT', `${to} is there already`, {}, { cause: error });
  }
}
