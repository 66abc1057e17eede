import type { FailureClass } from '../agent-protocol/messages.js';
import type { DeliveryState } from '../delivery/state.js';
import { errorKinds, type ErrorCode } from '../error-kinds.js';
import type { ErrorClass } from './error-class.js';

/** What a gateway says of its failure, as a campaign counts it. */
export const classOfReport: Readonly<Record<FailureClass, ErrorClass>> = {
  network: 'network',
  integrity: 'integrity',
  space: 'space',
  script: 'script',
  health: 'health',
  // It was in another state than planned for, again and again.
  state: 'internal',
  internal: 'internal',
};

/** Failures on the server that say something else than "try again" or "somebody has to change something". */
const special: Partial<Record<ErrorCode, ErrorClass>> = {
  DEADLINE_PASSED: 'lost',
  SIGNATURE_INVALID: 'integrity',
  MALFORMED_PACKAGE: 'integrity',
};

/** Why a gateway could not be served, as a campaign counts it: what is the same at each attempt is `incompatible`. */
export const classOfCode: Readonly<Record<ErrorCode, ErrorClass>> = Object.fromEntries(
  (Object.keys(errorKinds) as ErrorCode[]).map((code) => [
    code,
    special[code] ?? (errorKinds[code].retryable ? 'internal' : 'incompatible'),
  ]),
) as Record<ErrorCode, ErrorClass>;

/** What is stored as the error of a delivery: what the gateway reported, or the reason that LEONORE had. */
export interface StoredFailure {
  readonly class?: string;
  readonly code?: string;
}

/**
 * The class of a delivery's end; null for ends that are no failure (`succeeded`, and `cancelled`: nobody failed there) and
 * while it has not ended.
 */
export function classifyFailure(state: DeliveryState, error: StoredFailure | null): ErrorClass | null {
  if (state === 'incompatible' || state === 'lost') return state;
  if (state !== 'failed') return null;
  return known(classOfReport, error?.class) ?? known(classOfCode, error?.code) ?? 'internal';
}

function known(
  classes: Readonly<Record<string, ErrorClass>>,
  name: string | undefined,
): ErrorClass | undefined {
  return name !== undefined && Object.hasOwn(classes, name) ? classes[name] : undefined;
}
