/**
 * How a gateway proves at its registration that it holds its key: by headers, so that the body stays what it is.
 *
 *   Leonore-Key      ed25519:<public key, base64url> | hmac-sha256:<sha256 of the secret, hex>
 *   Leonore-Counter  a number above every one that it used with this key before
 *   Leonore-Proof    over {@link proofText}: an Ed25519 signature in base64url, or an HMAC-SHA256 in hex
 *   Leonore-Secret   64 hex; the secret of an hmac-sha256 key, with an enrolment token or a claim code alone
 */
import Type from 'typebox';

/** Names of the headers, as Node.js gives them. */
export const proofHeaders = {
  key: 'leonore-key',
  counter: 'leonore-counter',
  proof: 'leonore-proof',
  secret: 'leonore-secret',
} as const;

/**
 * What a key is named by. Of the last character of base64url only those that leave no bit over: one key has one name.
 */
const keyPattern = '^(ed25519:[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]|hmac-sha256:[0-9a-f]{64})$';

/** The headers of a registration; a gateway without a key sends none of them. */
export const ProofHeadersSchema = Type.Object({
  [proofHeaders.key]: Type.Optional(Type.String({ pattern: keyPattern })),
  [proofHeaders.counter]: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,15}$' })),
  [proofHeaders.proof]: Type.Optional(Type.String({ pattern: '^([A-Za-z0-9_-]{86}|[0-9a-f]{64})$' })),
  [proofHeaders.secret]: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
});

export type KeyKind = 'ed25519' | 'hmac-sha256';

/** Which kind of key a text that matches {@link keyPattern} names. */
export function keyKindOf(key: string): KeyKind {
  return key.startsWith('ed25519:') ? 'ed25519' : 'hmac-sha256';
}

/** What a proof is about. */
export interface Proven {
  readonly gatewayId: string;
  readonly key: string;
  readonly counter: number;
  /** sha256 of the body as it is sent, in lower-case hex. */
  readonly bodySha256: string;
}

/** The text that is signed: no other message of a gateway's key begins as it does. */
export function proofText({ gatewayId, key, counter, bodySha256 }: Proven): string {
  return ['leonore-register-1', gatewayId, key, String(counter), bodySha256].join('\n');
}
