import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import Type from 'typebox';
import { Value } from 'typebox/value';
import { LeonoreError } from '../../domain/errors.js';
import { gatewayIdPattern } from '../../domain/gateway/gateway-id.js';

/** Who a device says that it is, with the key that it holds. */
export interface AuthRequest {
  readonly id: string;
  /** `spki-sha256:` and the digest of its public key, in hex. */
  readonly key: string;
  /** What it may enrol with; null when it brings nothing. */
  readonly enrolment: string | null;
}

const AuthRequestSchema = Type.Object({
  /** JSON in JSON: attributes of the device that do not change. */
  id_data: Type.String({ maxLength: 4_096 }),
  pubkey: Type.String({ maxLength: 4_096 }),
  tenant_token: Type.Optional(Type.String({ maxLength: 512 })),
});

const gatewayId = new RegExp(gatewayIdPattern, 'u');
const pem = /^-----BEGIN PUBLIC KEY-----\s[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----\s*$/;
const signatureForm = /^[A-Za-z0-9+/]{1,1400}={0,2}$/;
/** Below it is too weak, above it verifying costs too much. */
const rsaBits = { least: 2_048, most: 8_192 } as const;

/**
 * Reads a request for authentication and verifies that who sent it holds the key that it names.
 * @param body as it came: that is what is signed
 * @param signature `X-MEN-Signature`: in base64, RSA (PKCS #1, SHA-256) or Ed25519
 * @param identity name of the attribute that is the device's id
 * @throws LeonoreError MALFORMED_INPUT; UNAUTHENTICATED when the signature is not by the key
 */
export async function readAuthRequest(
  body: Buffer,
  signature: string | undefined,
  identity: string,
): Promise<AuthRequest> {
  const told = jsonOf(body.toString('utf8'));
  if (!Value.Check(AuthRequestSchema, told)) throw malformed('it needs id_data and pubkey');
  const key = publicKeyOf(told.pubkey);
  const id = idIn(jsonOf(told.id_data), identity);
  if (signature === undefined || !signatureForm.test(signature) || !(await isSigned(key, body, signature)))
    throw new LeonoreError('UNAUTHENTICATED', 'the request is not signed by the key that it names');
  const digest = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  return { id, key: `spki-sha256:${digest}`, enrolment: told.tenant_token || null };
}

/** @throws LeonoreError MALFORMED_INPUT when it is none, or of a kind that is not taken */
function publicKeyOf(text: string): KeyObject {
  if (!pem.test(text)) throw malformed('pubkey is no public key in PEM');
  let key: KeyObject;
  try {
    key = createPublicKey(text);
  } catch {
    throw malformed('pubkey is no public key in PEM');
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < rsaBits.least || bits > rsaBits.most)
    throw malformed(`pubkey is neither RSA of ${rsaBits.least} to ${rsaBits.most} bits nor Ed25519`);
  return key;
}

/** Off the thread that serves. */
function isSigned(key: KeyObject, body: Buffer, signature: string): Promise<boolean> {
  const algorithm = key.asymmetricKeyType === 'rsa' ? 'sha256' : null;
  return new Promise((resolve) => {
    try {
      verify(algorithm, body, key, Buffer.from(signature, 'base64'), (error, isValid) =>
        resolve(error === null && isValid),
      );
    } catch {
      resolve(false);
    }
  });
}

/** An attribute that a device has more than once is a list: the first is taken. */
function idIn(identity: unknown, name: string): string {
  const own = typeof identity === 'object' && identity !== null && Object.hasOwn(identity, name);
  const value: unknown = own ? (identity as Record<string, unknown>)[name] : undefined;
  const id: unknown = Array.isArray(value) ? value[0] : value;
  if (typeof id !== 'string' || !gatewayId.test(id))
    throw malformed(`id_data has no "${name}" that can be the id of a gateway`);
  return id;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('it is no JSON');
  }
}

function malformed(why: string): LeonoreError {
  return new LeonoreError('MALFORMED_INPUT', `the request for authentication: ${why}`);
}
