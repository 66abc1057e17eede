import { rename, writeFile } from 'node:fs/promises';

/** Writes a file in the place of what was there: whoever reads it finds the old content or the new, never a part. */
export async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  await writeFile(`${path}.new`, content, { mode, flush: true });
  await rename(`${path}.new`, path);
}
