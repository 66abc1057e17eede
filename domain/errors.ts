/**
 * The one error type of LEONORE. Every failure that somebody outside a function must understand is a
 * LeonoreError with a stable code; the code says who must act, and the advice says what to do (error-kinds.ts).
 * It is converted in two places only: to a Temporal ApplicationFailure (activities/failure.ts) and to
 * problem+json (serving/problem.ts).
 */
import type { ErrorKind } from './error-kind.js';
import { errorKinds, type ErrorCode } from './error-kinds.js';

/** Further facts about a failure; plain JSON, never a secret. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

export class LeonoreError extends Error {
  override readonly name = 'LeonoreError';

  /**
   * @param code stable code, see {@link errorKinds}
   * @param message one sentence that names the thing and the place
   * @param details facts for programs (plain JSON)
   */
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get kind(): ErrorKind {
    return errorKinds[this.code];
  }

  get retryable(): boolean {
    return errorKinds[this.code].retryable;
  }
}
