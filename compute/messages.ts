/** What a pool and its processes say to each other. A process does one call at a time. */
import type { ErrorCode } from '../domain/error-kinds.js';
import type { ErrorDetails } from '../domain/errors.js';

export interface Call {
  readonly task: string;
  readonly input: unknown;
}

/** What a process says. */
export type Said =
  /** It has loaded its code. */
  | { readonly kind: 'ready' }
  /** What it is at: its time begins anew. */
  | { readonly kind: 'at'; readonly at: string }
  | { readonly kind: 'done'; readonly output: unknown }
  /** A LeonoreError, taken apart: its class does not survive the way. */
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: ErrorDetails;
    }
  | { readonly kind: 'failed'; readonly error: unknown };
