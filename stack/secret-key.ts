import { randomBytes } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LeonoreError } from '../domain/errors.js';
import { replaceFile } from '../trust/replace-file.js';
import { rotateSealingKeys } from '../trust/sealing-key-file.js';

/**
 * The key that the secrets of HMAC keys are sealed with, made at the first start. It lies in a file of its own, so that
 * state files can be looked at and lost without harm: without the key, secrets have to be set anew. The caller holds
 * the lock of the data directory. Without it such gateways have to be readmitted.
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
  await replaceFile(path, `${key}\n`, 0o600);
  return key;
}

/**
 * The file of keys that secret values are sealed for, made at the first start; `leonore key rotate-secrets` changes it.
 * @returns its path
 */
export async function valuesKey(dataDir: string): Promise<string> {
  const path = join(dataDir, 'values-key.json');
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (!isThere) await rotateSealingKeys(path);
  return path;
}
