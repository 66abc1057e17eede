import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../process/package-root.js';

/** What is made, not written: never committed. */
const made = ['.git', '.leonore', 'bench-results', 'coverage', 'dist', 'node_modules', 'prisma/generated'];

/** Paths of all files of the repository that people write, relative to its root. */
export async function sourceFiles(): Promise<string[]> {
  const root = packageRoot();
  const files = async (folder: string): Promise<string[]> => {
    const entries = await readdir(join(root, folder), { withFileTypes: true });
    const found = entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (made.includes(path)) return [];
      if (entry.isDirectory()) return files(path);
      return entry.isFile() ? [path] : [];
    });
    return (await Promise.all(found)).flat();
  };
  return (await files('')).sort();
}
