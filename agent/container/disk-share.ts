/** How much of the disk an application has taken for what it keeps, held against what its manifest allows. */
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../state/atomic-file.js';

/** lstat counts in blocks of this size, whatever those of the file system are. */
const blockBytes = 512;

/**
 * @param directory what the application keeps
 * @returns what is wrong, or null
 */
export async function overDiskShare(
  directory: string,
  mostBytes: number,
  signal: AbortSignal,
): Promise<string | null> {
  const takenBytes = await bytesBelow(directory, signal);
  return takenBytes <= mostBytes
    ? null
    : `keeps ${String(takenBytes)} bytes on the disk, and may keep ${String(mostBytes)}`;
}

/** What a tree takes up; an application may change it meanwhile. */
async function bytesBelow(path: string, signal: AbortSignal): Promise<number> {
  signal.throwIfAborted();
  try {
    const found = await lstat(path);
    let bytes = found.blocks * blockBytes;
    if (!found.isDirectory()) return bytes;
    for await (const { name } of await opendir(path)) bytes += await bytesBelow(join(path, name), signal);
    return bytes;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}
