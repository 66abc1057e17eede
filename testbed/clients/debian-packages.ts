/** Packages of Debian, unpacked beside the checkout and not installed, where they can be had. */
import { execFile } from 'node:child_process';
import { access, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from '../../stack/xdg.js';

const run = promisify(execFile);
const downloadMs = 180_000;
/** Where nothing can be fetched that is to be known soon. */
const impatiently = ['-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=15'];

export interface UnpackedPackages {
  /** Below it lies what the packages have below `/`. */
  readonly root: string;
  /** For LD_LIBRARY_PATH. */
  readonly libraries: string;
}

/**
 * @param name of their directory in the cache
 * @param packages what is wanted, and what of its dependencies Debian's base system has not
 * @returns null where they are not to be had
 */
export async function obtainPackages(
  name: string,
  packages: readonly string[],
): Promise<UnpackedPackages | null> {
  const root = join(cacheDirectory(), name);
  const unpacked = join(root, '.unpacked');
  try {
    await access(unpacked).catch(async () => {
      await mkdir(root, { recursive: true });
      await run('apt-get', [...impatiently, 'download', ...packages], { cwd: root, timeout: downloadMs });
      for (const file of (await readdir(root)).filter((one) => one.endsWith('.deb')))
        await run('dpkg-deb', ['-x', join(root, file), root]);
      await writeFile(unpacked, '');
    });
    const found = await Promise.all(
      ['usr/lib', 'lib'].map(async (directory) => {
        const inside = await readdir(join(root, directory)).catch(() => []);
        return inside.filter((one) => one.includes('linux-gnu')).map((one) => join(root, directory, one));
      }),
    );
    return { root, libraries: found.flat().join(':') };
  } catch {
    return null;
  }
}
