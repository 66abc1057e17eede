import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkArtifact } from '../domain/artifact/check-artifact.js';
import { manifestName, type ArtifactManifest } from '../domain/artifact/manifest.js';
import { isSafePath } from '../domain/artifact/safe-path.js';
import type { ArtifactFile } from '../domain/artifact/variant-files.js';
import { LeonoreError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';

/** An artifact as it lies in a directory. */
export interface MeasuredArtifact {
  readonly manifest: ArtifactManifest;
  /** Text of artifact.yaml. */
  readonly text: string;
  /** All other files. */
  readonly files: readonly ArtifactFile[];
}

/**
 * Reads and checks the artifact of a directory, as the server does with one that it is sent.
 * @param paths of its files, artifact.yaml among them, relative to the directory
 * @throws LeonoreError MALFORMED_ARTIFACT, TOO_LARGE
 */
export async function measuredArtifact(
  directory: string,
  paths: readonly string[],
): Promise<MeasuredArtifact> {
  const files: ArtifactFile[] = [];
  for (const path of [...paths].sort()) {
    if (!isSafePath(path))
      throw new LeonoreError(
        'MALFORMED_ARTIFACT',
        `${JSON.stringify(path.slice(0, 200))} is not a safe path`,
      );
    if (path !== manifestName) files.push(await measured(directory, path));
  }
  const text = await readFile(join(directory, manifestName), 'utf8');
  const sizeBytes = files.reduce((total, file) => total + file.sizeBytes, Buffer.byteLength(text));
  if (paths.length > limits.artifactFiles || sizeBytes > limits.artifactBytes) {
    throw new LeonoreError(
      'TOO_LARGE',
      `an artifact has at most ${limits.artifactFiles} files and ${limits.artifactBytes} bytes`,
    );
  }
  return { manifest: checkArtifact(text, files), text, files };
}

async function measured(directory: string, path: string): Promise<ArtifactFile> {
  const file = join(directory, path);
  const { mode, size } = await stat(file);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) hash.update(chunk);
  // As the server takes it: whoever may run it at all, all may.
  return {
    path,
    sha256: hash.digest('hex'),
    sizeBytes: size,
    mode: (mode & 0o111) === 0 ? '0644' : '0755',
  };
}
