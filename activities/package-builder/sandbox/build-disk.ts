/**
 * A file system of a build's own, in a file, where Linux lets this process mount one: it is as large as the build may be, so what was
 * unlinked and is still open counts as well as what can be seen.
 */
import { execFile } from 'node:child_process';
import { open, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const inodeBytes = 256;
/** What the file system itself needs beside inodes: bitmaps, descriptors, extents. */
const ownShare = 0.03;
const ownBytes = 8 * 1024 * 1024;

/**
 * Mounts one.
 * @param image path of the file, which must not exist
 * @param target an empty directory
 * @param size what may be kept in it
 * @returns whether it is mounted; otherwise nothing is left
 */
export async function mountBuildDisk(
  image: string,
  target: string,
  size: { readonly bytes: number; readonly entries: number },
): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  try {
    const file = await open(image, 'wx', 0o600);
    // A hole: what is not written takes nothing from the disk below.
    const content = size.bytes * (1 + ownShare) + size.entries * inodeBytes + ownBytes;
    await file.truncate(Math.ceil(content)).finally(() => file.close());
    await run('mkfs.ext4', [
      ...['-q', '-F', '-m', '0', '-I', String(inodeBytes), '-N', String(size.entries)],
      // Nothing of it outlives the build, so there is nothing to recover.
      ...['-O', '^has_journal', '-E', 'lazy_itable_init=1,nodiscard', image],
    ]);
    await run('mount', ['-o', 'loop,nosuid,nodev,noatime,noinit_itable', image, target]);
    await rmdir(join(target, 'lost+found')).catch(() => undefined);
    return true;
  } catch {
    await rm(image, { force: true });
    return false;
  }
}

/** Takes it away, also while somebody is still in it; nothing happens where none is mounted. */
export async function unmountBuildDisk(target: string): Promise<void> {
  await run('umount', ['-l', target]).catch(() => undefined);
}
