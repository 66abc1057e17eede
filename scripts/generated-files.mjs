/**
 * Writes files that are made from the sources; with `--check` on the command line fails when they are not what the
 * sources say.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** @param files texts by their paths in the repository */
export async function writeGenerated(files) {
  const checks = process.argv.includes('--check');
  const stale = [];
  for (const [path, text] of Object.entries(files)) {
    if ((await readFile(join(root, path), 'utf8').catch(() => null)) === text) continue;
    stale.push(path);
    if (!checks) await writeFile(join(root, path), text);
  }
  if (checks && stale.length > 0) {
    process.stderr.write(`not current: ${stale.join(', ')}; run \`npm run generate\`\n`);
    process.exitCode = 1;
  } else {
    process.stdout.write(
      stale.length > 0 ? `written: ${stale.join(', ')}\n` : 'generated files are current\n',
    );
  }
}
