import { createHash, createHmac, timingSafeEqual, verify } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import {
  keyKindOf,
  proofHeaders,
  proofText,
  type Proven,
} from '../domain/agent-protocol/registration-proof.js';
import { LeonoreError } from '../domain/errors.js';
import { publicKeyOf } from '../trust/ed25519.js';

/** What a registration says of its key; nothing of it is verified yet. */
export interface ClaimedKey {
  readonly text: string;
  readonly counter: number;
  readonly proof: string;
  /** Of a symmetric key at its enrolment, in hex. */
  readonly secret: string | null;
}

/**
 * What the headers say of a key; null when they say nothing. Their forms are the route's to check.
 * @throws LeonoreError MALFORMED_INPUT when some are missing
 */
export function claimedKey(headers: IncomingHttpHeaders): ClaimedKey | null {
  const [text, counter, proof, secret] = (['key', 'counter', 'proof', 'secret'] as const).map(
    (name) => headers[proofHeaders[name]],
  );
  if ([text, counter, proof, secret].every((value) => value === undefined)) return null;
  if (typeof text !== 'string' || typeof proof !== 'string' || !Number.isSafeInteger(Number(counter)))
    throw new LeonoreError(
      'MALFORMED_INPUT',
      `a proof needs ${Object.values(proofHeaders).slice(0, 3).join(', ')}`,
    );
  return { text, counter: Number(counter), proof, secret: typeof secret === 'string' ? secret : null };
}

/**
 * Tells whether the proof holds.
 * @param secret of a symmetric key, in hex; null when it is not known, and then no proof by one holds
 */
export async function holds(
  { text, counter, proof }: ClaimedKey,
  about: Pick<Proven, 'gatewayId' | 'bodySha256'>,
  secret: string | null,
): Promise<boolean> {
  const message = Buffer.from(proofText({ ...about, key: text, counter }));
  switch (keyKindOf(text)) {
    case 'ed25519':
      return isSigned(text.slice('ed25519:'.length), message, proof);
    case 'hmac-sha256': {
      if (secret === null || !isSecretOf(secret, text)) return false;
      const tag = createHmac('sha256', Buffer.from(secret, 'hex')).update(message).digest();
      return isSame(tag, Buffer.from(proof, 'hex'));
    }
  }
}

/** Tells whether a secret is the one that a symmetric key is named by. */
function isSecretOf(secret: string, key: string): boolean {
  const named = Buffer.from(key.slice('hmac-sha256:'.length), 'hex');
  return isSame(createHash('sha256').update(Buffer.from(secret, 'hex')).digest(), named);
}

/** Off the thread that serves. What is no point of the curve has signed nothing. */
function isSigned(key: string, message: Buffer, signature: string): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const publicKey = publicKeyOf(Buffer.from(key, 'base64url'));
      verify(null, message, publicKey, Buffer.from(signature, 'base64url'), (error, isValid) =>
        resolve(error === null && isValid),
      );
    } catch {
      resolve(false);
    }
  });
}

function isSame(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
