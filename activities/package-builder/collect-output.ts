import { constants } from 'node:fs';
import { lstat, open, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { isSafePath } from '../../domain/artifact/safe-path.js';
import type { ArtifactFile } from '../../domain/artifact/variant-files.js';
import { LeonoreError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import type { BlobStore } from '../../repositories/blob-store.js';

/** A path in a message is shortened to so much: the script chose it. */
const shownCharacters = 200;

/**
 * Takes what a build left into the blob store. The script made all of it, the directory itself included, so nothing is
 * followed: a link in the place of the directory would else hand out files of this machine.
 * @param output the directory that the script was told to leave its result in; nothing may write there any more
 * @throws LeonoreError BUILD_FAILED when there is anything but plain files with safe paths, nothing, or too much
 */
export async function collectOutput(
  output: string,
  blobs: BlobStore,
  signal: AbortSignal,
): Promise<ArtifactFile[]> {
  const files: ArtifactFile[] = [];
  let sizeBytes = 0;
  for await (const path of pathsBelow(output)) {
    signal.throwIfAborted();
    if (files.length === limits.artifactFiles) throw refused(`left more than ${limits.artifactFiles} files`);
    const file = await store(join(output, path), path, limits.artifactBytes - sizeBytes, blobs);
    sizeBytes += file.sizeBytes;
    files.push(file);
  }
  if (files.length === 0) throw refused('left nothing in $LEONORE_OUTPUT');
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Paths of the files below a directory, with slashes. */
async function* pathsBelow(root: string): AsyncGenerator<string> {
  if (!(await lstat(root).catch(() => null))?.isDirectory())
    throw refused('left no directory $LEONORE_OUTPUT');
  const waiting = [''];
  for (let inside = waiting.pop(); inside !== undefined; inside = waiting.pop()) {
    for await (const entry of await opendir(join(root, inside))) {
      const path = inside === '' ? entry.name : `${inside}/${entry.name}`;
      // Checked on the way down: a path that is too deep is not even walked.
      if (!isSafePath(path)) throw refused(`left ${shown(path)}, which is no safe path`);
      if (entry.isDirectory()) waiting.push(path);
      else if (entry.isFile()) yield path;
      else throw refused(`left ${shown(path)}, which is no plain file`);
    }
  }
}

async function store(file: string, path: string, mostBytes: number, blobs: BlobStore): Promise<ArtifactFile> {
  // O_NONBLOCK: a pipe in its place must not keep us waiting.
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const stats = await handle.stat();
  if (!stats.isFile()) {
    await handle.close();
    throw refused(`left ${shown(path)}, which is no plain file`);
  }
  try {
    const staged = await blobs.stage(handle.createReadStream(), mostBytes);
    await staged.commit();
    const mode = (stats.mode & 0o100) === 0 ? '0644' : '0755';
    return { path, sha256: staged.digest, sizeBytes: staged.sizeBytes, mode };
  } catch (error) {
    if (!(error instanceof LeonoreError) || error.code !== 'TOO_LARGE') throw error;
    throw refused(`left more than ${limits.artifactBytes} bytes`);
  }
}

function shown(path: string): string {
  return JSON.stringify(path.slice(0, shownCharacters));
}

function refused(what: string): LeonoreError {
  return new LeonoreError('BUILD_FAILED', `the build ${what}`);
}
