/**
 * Files that survive a power cut: whoever reads one finds the old content or the new, never a part.
 *
 * INVARIANTS
 *  - Content is on the disk before its name is (fsync, then rename).
 *  - The name is on the disk before the function returns (fsync of the directory).
 */
import { open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode } from './system-error.js';

/** Writes a private file (mode 0600) in place of what was there. */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const fresh = `${path}.new`;
  const file = await open(fresh, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
  await syncPath(dirname(path));
}

/** Removes a file for good; no error when it is not there. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncPath(dirname(path));
}

/** Puts a file, or the names in a directory, on the disk. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Files open at once while a tree is put on the disk: the journal of the file system takes them together. */
const syncedTogether = 16;

/** Puts a directory with all that is below it on the disk. Links and special files need no sync of their own. */
export async function syncTree(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  for (let index = 0; index < files.length; index += syncedTogether) {
    await Promise.all(
      files.slice(index, index + syncedTogether).map((entry) => syncPath(join(path, entry.name))),
    );
  }
  for (const entry of entries) if (entry.isDirectory()) await syncTree(join(path, entry.name));
  await syncPath(path);
}

export function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT');
}
