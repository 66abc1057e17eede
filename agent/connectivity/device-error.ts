/**
 * Why LEONORE could not be talked to, by what the gateway has to do about it:
 *   unreachable      nobody answered: try again, and after some attempts go back to the registration address
 *   unavailable      it asked for patience (429, 5xx): wait, honouring Retry-After
 *   unauthenticated  the token is not accepted (401): register again by the key
 *   wrongNode        another node is responsible (421): register again to learn which
 *   refused          it will never accept this (any other 4xx): do not repeat it
 *   malformed        the answer cannot be understood: treated as unavailable
 */
export type DeviceFailure =
  'unreachable' | 'unavailable' | 'unauthenticated' | 'wrongNode' | 'refused' | 'malformed';

export class DeviceError extends Error {
  override readonly name = 'DeviceError';

  constructor(
    readonly failure: DeviceFailure,
    message: string,
    /** How long the server asked to wait; 0 when it did not. */
    readonly retryAfterMs = 0,
    /** Code of the server's problem document, when it sent one. */
    readonly code?: string,
    /** Of the registration that the server took last, when this one was not above it. */
    readonly lastCounter?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What came is not what was promised: wrong bytes, or too many of them. */
export class IntegrityError extends Error {
  override readonly name = 'IntegrityError';
}

/** What an answer means that is no success, by the status that all protocols tell (RFC 9110). */
export function failureOfStatus(status: number): DeviceFailure {
  if (status === 401) return 'unauthenticated';
  if (status === 421) return 'wrongNode';
  if (status === 408 || status === 429 || status >= 500) return 'unavailable';
  return status >= 400 ? 'refused' : 'malformed';
}
