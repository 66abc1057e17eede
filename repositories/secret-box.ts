import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { LeonoreError } from '../domain/errors.js';

const algorithm = 'aes-256-gcm';
const lengths = { keyId: 4, iv: 12, tag: 16 } as const;

interface Key {
  readonly id: Buffer;
  readonly bytes: Buffer;
}

/**
 * Seals secrets for the database (AES-256-GCM, NIST SP 800-38D). What is sealed names its key and is bound to its
 * place, so that a row copied to another gateway cannot be opened there:
 *
 *   key id (4 bytes) | initialisation vector (12) | tag (16) | ciphertext
 */
export class SecretBox {
  private readonly keys: readonly Key[];

  /** @param keys 32 bytes in hex each; the first seals, all of them open. None: secrets are refused. */
  constructor(keys: readonly string[]) {
    this.keys = keys.map((key) => {
      const bytes = Buffer.from(key, 'hex');
      return { id: createHash('sha256').update(bytes).digest().subarray(0, lengths.keyId), bytes };
    });
  }

  /**
   * @param place what the secret belongs to
   * @throws LeonoreError SECRETS_UNAVAILABLE without a key
   */
  seal(text: string, place: string): Buffer {
    const [key] = this.keys;
    if (key === undefined) throw unavailable('there is no key to seal it with');
    const iv = randomBytes(lengths.iv);
    const cipher = createCipheriv(algorithm, key.bytes, iv).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([key.id, iv, cipher.getAuthTag(), sealed]);
  }

  /** @throws LeonoreError SECRETS_UNAVAILABLE without its key, or when it was tampered with */
  open(sealed: Uint8Array, place: string): string {
    const bytes = Buffer.from(sealed);
    const parts: Buffer[] = [];
    let at = 0;
    for (const length of [lengths.keyId, lengths.iv, lengths.tag, bytes.length]) {
      parts.push(bytes.subarray(at, at + length));
      at += length;
    }
    const [id, iv, tag, ciphertext] = parts as [Buffer, Buffer, Buffer, Buffer];
    const key = this.keys.find((candidate) => candidate.id.equals(id));
    if (key === undefined) throw unavailable('the key that it was sealed with is not among ours');
    try {
      const decipher = createDecipheriv(algorithm, key.bytes, iv).setAAD(Buffer.from(place)).setAuthTag(tag);
      return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8');
    } catch (cause) {
      throw unavailable('it is not what was sealed', cause);
    }
  }
}

function unavailable(why: string, cause?: unknown): LeonoreError {
  return new LeonoreError('SECRETS_UNAVAILABLE', `a secret cannot be kept or read: ${why}`, {}, { cause });
}
