/** Private keys in files: one a file, mode 0600, under a passphrase where one is given. */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { LeonoreError } from '../domain/errors.js';
import { Signer } from './ed25519.js';

const Hex = (bytes: number) => Type.String({ pattern: `^[0-9a-f]{${bytes * 2}}$` });

const KeyFileSchema = Type.Object({
  type: Type.Literal('leonore-key-1'),
  /** For people: what it is for. */
  name: Type.String({ maxLength: 100 }),
  publicKey: Hex(32),
  /** The private key's 32 bytes; or what they are sealed in, by a key made of the passphrase. */
  secret: Type.Union([Hex(32), Type.Object({ scrypt: Hex(16), iv: Hex(12), tag: Hex(16), sealed: Hex(32) })]),
});
type KeyFile = Static<typeof KeyFileSchema>;

/** 64 MiB and some 200 ms a guess (RFC 7914). */
const cost = { N: 2 ** 16, r: 8, p: 1, maxmem: 128 * 1024 * 1024 };

/**
 * Writes a new private key; an existing file is never replaced.
 *
 * @param passphrase it is sealed under this one, unless it is empty
 * @throws LeonoreError MALFORMED_INPUT when the file exists or cannot be written
 */
export async function writeKeyFile(
  path: string,
  {
    name,
    signer,
    passphrase = '',
  }: { readonly name: string; readonly signer: Signer; readonly passphrase?: string },
): Promise<void> {
  const secret = passphrase === '' ? signer.seed.toString('hex') : seal(signer.seed, passphrase);
  const file: KeyFile = { type: 'leonore-key-1', name, publicKey: signer.publicKey, secret };
  try {
    await writeFile(path, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true });
  } catch (error) {
    throw malformed(path, `cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * Reads a private key.
 *
 * @throws LeonoreError MALFORMED_INPUT when it cannot be read, or not with this passphrase
 */
export async function readKeyFile(path: string, passphrase = ''): Promise<Signer> {
  const file = await parse(path);
  if (typeof file.secret !== 'string' && passphrase === '') throw malformed(path, 'needs its passphrase');
  try {
    const seed =
      typeof file.secret === 'string' ? Buffer.from(file.secret, 'hex') : open(file.secret, passphrase);
    return new Signer(file.publicKey, seed);
  } catch {
    throw malformed(path, 'has another passphrase, or was damaged');
  }
}

/** What anybody may know of a key file. @throws LeonoreError MALFORMED_INPUT */
export async function readPublicPart(
  path: string,
): Promise<{ readonly name: string; readonly publicKey: string; readonly isSealed: boolean }> {
  const { name, publicKey, secret } = await parse(path);
  return { name, publicKey, isSealed: typeof secret !== 'string' };
}

async function parse(path: string): Promise<KeyFile> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw malformed(path, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!Value.Check(KeyFileSchema, value)) throw malformed(path, 'is not a key of LEONORE');
  return value;
}

function seal(seed: Buffer, passphrase: string): Exclude<KeyFile['secret'], string> {
  const [salt, iv] = [randomBytes(16), randomBytes(12)];
  const cipher = createCipheriv('aes-256-gcm', scryptSync(passphrase, salt, 32, cost), iv);
  const sealed = Buffer.concat([cipher.update(seed), cipher.final()]);
  return {
    scrypt: salt.toString('hex'),
    iv: iv.toString('hex'),
    tag: cipher.getAuthTag().toString('hex'),
    sealed: sealed.toString('hex'),
  };
}

function open({ scrypt, iv, tag, sealed }: Exclude<KeyFile['secret'], string>, passphrase: string): Buffer {
  const key = scryptSync(passphrase, Buffer.from(scrypt, 'hex'), 32, cost);
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'hex'));
  decipher.setAuthTag(Buffer.from(tag, 'hex'));
  return Buffer.concat([decipher.update(Buffer.from(sealed, 'hex')), decipher.final()]);
}

function malformed(path: string, problem: string): LeonoreError {
  return new LeonoreError('MALFORMED_INPUT', `the key ${path} ${problem}`);
}
