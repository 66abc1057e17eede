import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The directory of LEONORE's package.json. Found by walking up, because this module runs both from the
 * sources (under Jest) and from dist/, which lies one level deeper.
 */
export function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'package.json'))) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error('package.json of leonore not found above its own sources');
    directory = parent;
  }
  return directory;
}
