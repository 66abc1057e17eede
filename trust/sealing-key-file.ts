/**
 * The keys that secrets are sealed for, in two files: FILE, for nodes, holds the private ones, the newest first; FILE.pub, for
 * the api, holds the newest public one. Both are read when they are needed, so a change of them takes no restart.
 */
import { existsSync, readFileSync } from 'node:fs';
import Type from 'typebox';
import { Value } from 'typebox/value';
import { LeonoreError } from '../domain/errors.js';
import { replaceFile } from './replace-file.js';
import { newSealingKey, sealingPublicKey } from './sealing-keys.js';

const KeyFileSchema = Type.Object({
  type: Type.Literal('leonore-secrets-key-1'),
  keys: Type.Array(Type.String({ pattern: '^[0-9a-f]{64}$' }), { minItems: 1, maxItems: 100 }),
});

/** @returns the private keys, the newest first. @throws LeonoreError MALFORMED_INPUT */
export function readSealingKeys(path: string): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw malformed(path, 'cannot be read', cause);
  }
  if (!Value.Check(KeyFileSchema, value))
    throw malformed(path, 'is no file of keys that secrets are sealed for');
  return value.keys;
}

/** @returns 32 bytes in hex. @throws LeonoreError MALFORMED_INPUT */
export function readSealingPublicKey(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw malformed(path, 'cannot be read', cause);
  }
  if (!/^[0-9a-f]{64}$/.test(text)) throw malformed(path, 'is no public key that secrets are sealed for');
  return text;
}

/**
 * Has secrets sealed for a new key from now on; those that there are still open what was sealed for them. Makes the files where
 * there are none.
 * @returns the new public key, 32 bytes in hex
 * @throws LeonoreError MALFORMED_INPUT when there is another file, or it cannot be written
 */
export async function rotateSealingKeys(path: string): Promise<string> {
  const known = existsSync(path) ? readSealingKeys(path) : [];
  return write(path, [newSealingKey(), ...known]);
}

/** Forgets all keys but the newest: what is still sealed for another is lost. @returns how many are forgotten */
export async function forgetOldSealingKeys(path: string): Promise<number> {
  const [newest = '', ...older] = readSealingKeys(path);
  await write(path, [newest]);
  return older.length;
}

/** Private ones first: nothing must be sealed for a key that no node has. */
async function write(path: string, keys: readonly string[]): Promise<string> {
  const publicKey = sealingPublicKey(keys[0] ?? '');
  try {
    await replaceFile(path, `${JSON.stringify({ type: 'leonore-secrets-key-1', keys }, null, 2)}\n`, 0o600);
    await replaceFile(publicPathOf(path), `${publicKey}\n`, 0o644);
  } catch (cause) {
    throw malformed(path, 'cannot be written', cause);
  }
  return publicKey;
}

/** Where the public key of a file lies. */
export function publicPathOf(path: string): string {
  return `${path}.pub`;
}

function malformed(path: string, problem: string, cause?: unknown): LeonoreError {
  return new LeonoreError('MALFORMED_INPUT', `${path} ${problem}`, {}, { cause });
}
