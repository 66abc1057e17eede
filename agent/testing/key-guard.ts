/** The server's side of keys, as small as a test needs it: binds the first, and lets nobody else in. */
import { createHash, createHmac, createPublicKey, verify } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { keyKindOf, proofHeaders, proofText } from '../../domain/agent-protocol/registration-proof.js';

export type KeyVerdict =
  | { readonly kind: 'none' | 'invalid' | 'other' }
  | { readonly kind: 'replayed'; readonly lastCounter: number }
  | { readonly kind: 'proven'; readonly key: string };

export class KeyGuard {
  /** Every key and counter that was proved, in order. */
  readonly proofs: { readonly key: string; readonly counter: number }[] = [];
  #bound: { readonly key: string; readonly secret: Buffer | undefined } | null = null;
  #lastCounter = 0;

  /** The key that the gateway is known by. */
  get key(): string | null {
    return this.#bound?.key ?? null;
  }

  /** HMAC of a text under the secret that the gateway is known by; null when it has none. */
  tagOf(text: string): string | null {
    const secret = this.#bound?.secret;
    return secret === undefined ? null : createHmac('sha256', secret).update(text).digest('hex');
  }

  /** As after a readmission. */
  forget(): void {
    this.#bound = null;
    this.#lastCounter = 0;
  }

  /** As a server that took registrations which this device knows nothing of: those of its copy. */
  skipTo(counter: number): void {
    this.#lastCounter = counter;
  }

  /** Judges a registration. @param binds whether a first key may be bound */
  judge(headers: IncomingHttpHeaders, gatewayId: string, body: string, binds: boolean): KeyVerdict {
    const [key, counterText, proof, secretText] = (['key', 'counter', 'proof', 'secret'] as const).map(
      (name) => String(headers[proofHeaders[name]] ?? ''),
    ) as [string, string, string, string];
    if (key === '') return { kind: 'none' };
    const counter = Number(counterText);
    if (this.#bound !== null && this.#bound.key !== key) return { kind: 'other' };
    const secret = this.#bound?.secret ?? (secretText === '' ? undefined : Buffer.from(secretText, 'hex'));
    const bodySha256 = createHash('sha256').update(body).digest('hex');
    const message = Buffer.from(proofText({ gatewayId, key, counter, bodySha256 }));
    if (!holds(key, message, proof, secret)) return { kind: 'invalid' };
    if (counter <= this.#lastCounter) return { kind: 'replayed', lastCounter: this.#lastCounter };
    if (this.#bound === null && !binds) return { kind: 'other' };
    this.#bound ??= { key, secret };
    this.#lastCounter = counter;
    this.proofs.push({ key, counter });
    return { kind: 'proven', key };
  }
}

function holds(key: string, message: Buffer, proof: string, secret: Buffer | undefined): boolean {
  const named = key.slice(key.indexOf(':') + 1);
  if (keyKindOf(key) === 'hmac-sha256') {
    if (secret === undefined || createHash('sha256').update(secret).digest('hex') !== named) return false;
    return createHmac('sha256', secret).update(message).digest('hex') === proof;
  }
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: named }, format: 'jwk' });
  return verify(null, message, publicKey, Buffer.from(proof, 'base64url'));
}
