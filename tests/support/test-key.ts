import { createHash, createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A key of a gateway, as docs/agent-protocol.md says how to use it; written apart from the agent's. */
export interface TestKey {
  readonly text: string;
  /** The secret of a symmetric one, in hex. */
  readonly secret?: string;
  prove(message: string): string;
}

/** What a registration with a key has in its headers. */
export type ProofHeaders = Record<string, string>;

export function ed25519Key(): TestKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return {
    text: `ed25519:${raw.toString('base64url')}`,
    prove: (message) => sign(null, Buffer.from(message), privateKey).toString('base64url'),
  };
}

export function hmacKey(): TestKey {
  const secret = randomBytes(32);
  return {
    text: `hmac-sha256:${createHash('sha256').update(secret).digest('hex')}`,
    secret: secret.toString('hex'),
    prove: (message) => createHmac('sha256', secret).update(message).digest('hex'),
  };
}

/** The headers that prove a registration. @param body as it is sent */
export function proofOf(key: TestKey, gatewayId: string, counter: number, body: string): ProofHeaders {
  const digest = createHash('sha256').update(body).digest('hex');
  const message = `leonore-register-1\n${gatewayId}\n${key.text}\n${counter}\n${digest}`;
  return {
    'leonore-key': key.text,
    'leonore-counter': String(counter),
    'leonore-proof': key.prove(message),
  };
}
