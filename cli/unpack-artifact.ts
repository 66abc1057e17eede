import { createReadStream, createWriteStream } from 'node:fs';
import { access, mkdir, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ReadEntry } from 'tar';
import { unreadable } from '../client/client-error.js';
import { manifestName } from '../domain/artifact/manifest.js';
import { isSafePath } from '../domain/artifact/safe-path.js';
import { LeonoreError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { decompressed } from './import/decompress.js';
import { entryPath, walkTar } from './import/walk-tar.js';

const executable = 0o111;

/**
 * Unpacks the archive of an artifact: plain files and directories, and nothing else.
 * @param into an empty directory, which is the caller's alone
 * @returns where artifact.yaml is: there, or in the one directory that the archive has
 * @throws LeonoreError MALFORMED_ARTIFACT, MALFORMED_INPUT, TOO_LARGE; ClientError UNREADABLE
 */
export async function unpackArtifact(archive: string, into: string): Promise<string> {
  const name = basename(archive).replace(/\.tgz$/, '.tar.gz');
  const source = createReadStream(archive);
  // Each file has a head, and is padded.
  await walkTar(decompressed(source, name, 2 * limits.artifactBytes), name, (entry) => unpack(entry, into));
  return rootOf(into);
}

async function unpack(entry: ReadEntry, into: string): Promise<void> {
  const path = entryPath(entry.path);
  if (path === '') {
    entry.resume();
    return;
  }
  if (!isSafePath(path)) throw malformed(`${JSON.stringify(path.slice(0, 200))} is not a safe path`);
  if (entry.type === 'Directory') {
    await mkdir(join(into, path), { recursive: true });
    entry.resume();
    return;
  }
  if (entry.type !== 'File' && entry.type !== 'OldFile')
    throw malformed(`"${path}" is neither a file nor a directory; only plain files are taken`);
  await mkdir(join(into, dirname(path)), { recursive: true });
  const mode = ((entry.mode ?? 0) & executable) === 0 ? 0o644 : 0o755;
  try {
    await pipeline(
      entry as unknown as NodeJS.ReadableStream,
      createWriteStream(join(into, path), { flags: 'wx', mode }),
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw malformed(`"${path}" is there twice`);
    throw error;
  }
}

async function rootOf(directory: string): Promise<string> {
  const [only, ...others] = await readdir(directory, { withFileTypes: true });
  const isInside = only !== undefined && others.length === 0 && only.isDirectory();
  const root = isInside ? join(directory, only.name) : directory;
  try {
    await access(join(root, manifestName));
    return root;
  } catch (cause) {
    throw unreadable(
      `the archive has no ${manifestName}`,
      `Make it of the directory that holds ${manifestName}: tar -C DIR -cf FILE .`,
      cause,
    );
  }
}

function malformed(detail: string): LeonoreError {
  return new LeonoreError('MALFORMED_ARTIFACT', detail);
}
