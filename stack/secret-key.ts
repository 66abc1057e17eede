import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LeonoreError } from '../domain/errors.js';

/**
 * The key that this stack's secrets are sealed with, made at the first start. It lies in a file of its own, so that
 * state files can be looked at and lost without harm: without the key, secrets have to be set anew. The caller holds
 * the lock of the data directory.
 * @returns 32 bytes in hex
 * @throws LeonoreError MALFORMED_INPUT when the file was damaged
 */
export async function secretKey(dataDir: string): Promise<string> {
  const path = join(dataDir, 'secret-key');
  const known = await readFile(path, 'utf8').catch(() => null);
  if (known !== null) {
    if (/^[0-9a-f]{64}\n$/.test(known)) return known.trim();
    throw new LeonoreError('MALFORMED_INPUT', `${path} is damaged; remove it, and set all secrets anew`);
  }
  const key = randomBytes(32).toString('hex');
  await writeFile(`${path}.new`, `${key}\n`, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
  return key;
}
