/**
 * Secrets are sealed by whoever is told them and opened by nodes alone: X25519 (RFC 7748) with a key made for each secret,
 * HKDF-SHA256 (RFC 5869), AES-256-GCM (NIST SP 800-38D). What is sealed names its key and is bound to its place:
 *
 *   key id (4 bytes) | public key made for it (32) | initialisation vector (12) | tag (16) | ciphertext
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { LeonoreError } from '../domain/errors.js';

/** Before the 32 raw bytes of a public key: SubjectPublicKeyInfo of X25519 (RFC 8410). */
const publicPrefix = Buffer.from('302a300506032b656e032100', 'hex');
/** Before the 32 raw bytes of a private key: PKCS #8. */
const privatePrefix = Buffer.from('302e020100300506032b656e04220420', 'hex');
const algorithm = 'aes-256-gcm';
const purpose = 'leonore-secret-1';
const lengths = { keyId: 4, ephemeral: 32, iv: 12, tag: 16 } as const;

/** A private key as files keep it: 32 bytes in hex. */
export function newSealingKey(): string {
  const der = generateKeyPairSync('x25519').privateKey.export({ format: 'der', type: 'pkcs8' });
  return der.subarray(privatePrefix.length).toString('hex');
}

/** @param privateKey 32 bytes in hex. @returns 32 bytes in hex */
export function sealingPublicKey(privateKey: string): string {
  return rawOf(createPublicKey(privateKeyOf(privateKey))).toString('hex');
}

/** What sealed secrets name their key by. */
export function sealingKeyId(publicKey: string): Buffer {
  return createHash('sha256').update(Buffer.from(publicKey, 'hex')).digest().subarray(0, lengths.keyId);
}

/**
 * @param place what the secret belongs to
 * @param publicKey of the nodes, 32 bytes in hex
 * @throws LeonoreError SECRETS_UNAVAILABLE when that is no key
 */
export function sealFor(publicKey: string, text: string, place: string): Buffer {
  try {
    const recipient = Buffer.from(publicKey, 'hex');
    const own = generateKeyPairSync('x25519');
    const ephemeral = rawOf(own.publicKey);
    const shared = diffieHellman({ privateKey: own.privateKey, publicKey: publicKeyOf(recipient) });
    const iv = randomBytes(lengths.iv);
    const cipher = createCipheriv(algorithm, keyFrom(shared, ephemeral, recipient), iv);
    cipher.setAAD(Buffer.from(place));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([sealingKeyId(publicKey), ephemeral, iv, cipher.getAuthTag(), sealed]);
  } catch (cause) {
    throw unavailable('the public key of the nodes is none', cause);
  }
}

interface OpeningKey {
  readonly id: Buffer;
  readonly publicKey: Buffer;
  readonly privateKey: KeyObject;
}

/** What nodes open secrets with. */
export class SecretOpener {
  private keys: readonly OpeningKey[];

  /**
   * @param read the private keys as they are now; read again when a secret names one that is not known, since keys change
   *   while nodes run
   * @param before opens what was sealed under symmetric keys, before there were these
   */
  constructor(
    private readonly read: () => readonly string[],
    private readonly before: { open(sealed: Uint8Array, place: string): string },
  ) {
    this.keys = read().map(openingKey);
  }

  /** @throws LeonoreError SECRETS_UNAVAILABLE without its key, or when it was tampered with */
  open(sealed: Uint8Array, place: string): string {
    const bytes = Buffer.from(sealed);
    const key = this.keyOf(bytes) ?? this.keyAfterReading(bytes);
    return key === undefined ? this.before.open(sealed, place) : opened(bytes, key, place);
  }

  private keyAfterReading(bytes: Buffer): OpeningKey | undefined {
    this.keys = this.read().map(openingKey);
    return this.keyOf(bytes);
  }

  private keyOf(bytes: Buffer): OpeningKey | undefined {
    const id = bytes.subarray(0, lengths.keyId);
    return this.keys.find((key) => key.id.equals(id));
  }
}

function opened(bytes: Buffer, key: OpeningKey, place: string): string {
  let at: number = lengths.keyId;
  const [ephemeral, iv, tag, ciphertext] = [lengths.ephemeral, lengths.iv, lengths.tag, bytes.length].map(
    (length) => bytes.subarray(at, (at += length)),
  ) as [Buffer, Buffer, Buffer, Buffer];
  try {
    const shared = diffieHellman({ privateKey: key.privateKey, publicKey: publicKeyOf(ephemeral) });
    const decipher = createDecipheriv(algorithm, keyFrom(shared, ephemeral, key.publicKey), iv);
    decipher.setAAD(Buffer.from(place)).setAuthTag(tag);
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8');
  } catch (cause) {
    throw unavailable('it is not what was sealed', cause);
  }
}

function openingKey(hex: string): OpeningKey {
  const publicKey = sealingPublicKey(hex);
  return {
    id: sealingKeyId(publicKey),
    publicKey: Buffer.from(publicKey, 'hex'),
    privateKey: privateKeyOf(hex),
  };
}

function keyFrom(shared: Buffer, ephemeral: Buffer, recipient: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', shared, Buffer.concat([ephemeral, recipient]), purpose, 32));
}

function privateKeyOf(hex: string): KeyObject {
  const key = Buffer.concat([privatePrefix, Buffer.from(hex, 'hex')]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

function publicKeyOf(raw: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([publicPrefix, raw]), format: 'der', type: 'spki' });
}

function rawOf(publicKey: KeyObject): Buffer {
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length);
}

function unavailable(why: string, cause: unknown): LeonoreError {
  return new LeonoreError('SECRETS_UNAVAILABLE', `a secret cannot be kept or read: ${why}`, {}, { cause });
}
