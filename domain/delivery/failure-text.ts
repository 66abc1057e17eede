import type { FailureClass } from '../agent-protocol/messages.js';
import { errorKinds, type ErrorCode } from '../error-kinds.js';
import type { DeliveryState } from './state.js';

/** What is known of a delivery that did not end well. */
export interface EndedDelivery {
  readonly state: DeliveryState;
  /** As the gateway reported it, or the problem that LEONORE ended it with. */
  readonly error: unknown;
  /** Why there is no plan. */
  readonly explanation: string | null;
  /** When it was waited for, and when the gateway was last heard of; RFC 3339, null when not known. */
  readonly endedAt: string | null;
  readonly lastSeenAt: string | null;
}

/** Steps of a delivery after which something is to be undone: what runs has been touched. */
const touching = new Set(['makeRoom', 'switch', 'start', 'stop', 'cleanup', 'restore', 'health']);

const classes: Readonly<Record<FailureClass, { readonly what: string; readonly advice: string }>> = {
  network: {
    what: 'it could not be fetched',
    advice: "see to the gateway's connection, and provision again",
  },
  integrity: {
    what: 'it is not what it should be',
    advice: 'find out who changed or signed it before provisioning again',
  },
  space: { what: 'there is no room for it', advice: 'make room on the gateway, or ask for less' },
  script: {
    what: 'a script of the artifact failed',
    advice: 'correct the artifact, and add it under a new version',
  },
  health: {
    what: 'it does not run as it should',
    advice: 'read what its check says, and correct the artifact or the values',
  },
  state: {
    what: 'the gateway was in another state than planned for',
    advice: 'provision again: it is planned for the state that the gateway is in now',
  },
  internal: { what: 'the agent failed', advice: "read the agent's log on the gateway" },
};

/** As the report of a gateway says that it could not go back. */
const notRestored = /could not be restored/u;

/**
 * What went wrong with a delivery, in sentences: what happened, what the gateway has now, what to do. Everybody who shows a
 * failure shows these.
 * @returns null when nothing went wrong
 */
export function failureText(delivery: EndedDelivery): string | null {
  const { state, error, explanation, endedAt, lastSeenAt } = delivery;
  switch (state) {
    case 'incompatible':
      return sentences('Nothing was offered: there is no plan for this gateway', explanation);
    case 'lost':
      return sentences(
        `Nothing was heard of it by the deadline${endedAt === null ? '' : ` (${endedAt})`}`,
        lastSeenAt === null ? null : `the gateway was last heard of at ${lastSeenAt}`,
        'see that it is on and reaches its node; when it reports after all, this is corrected',
      );
    case 'failed':
      return failedText(error, explanation);
    case 'pending':
    case 'offered':
    case 'downloading':
    case 'installing':
    case 'succeeded':
    case 'cancelled':
    case 'superseded':
      return null;
  }
}

/**
 * Why a rollout as a whole came to nothing, in sentences.
 * @param failure as it is stored: a code and a message
 */
export function rolloutFailureText(failure: unknown): string | null {
  if (failure === null || failure === undefined) return null;
  const { code, message } = failure as Readonly<Record<string, unknown>>;
  const said = typeof message === 'string' ? message : null;
  const known =
    typeof code === 'string' && Object.hasOwn(errorKinds, code) ? errorKinds[code as ErrorCode] : null;
  return sentences(known?.title ?? 'It came to nothing', said, known?.advice ?? null);
}

function failedText(error: unknown, explanation: string | null): string {
  const { class: failureClass, step, message, code } = (error ?? {}) as Readonly<Record<string, unknown>>;
  const said = typeof message === 'string' && message !== '' ? message : explanation;
  if (typeof code === 'string')
    return sentences(
      'Nothing was offered to the gateway',
      said,
      Object.hasOwn(errorKinds, code) ? errorKinds[code as ErrorCode].advice : null,
    );
  const known =
    typeof failureClass === 'string' && Object.hasOwn(classes, failureClass)
      ? classes[failureClass as FailureClass]
      : null;
  const at = typeof step === 'string' ? `Failed at step ${step}` : 'Failed';
  return sentences(
    known === null ? at : `${at}: ${known.what}`,
    said,
    typeof step === 'string' ? afterText(step, said) : null,
    known?.advice ?? null,
  );
}

/** What the gateway has then. */
function afterText(step: string, said: string | null): string {
  if (said !== null && notRestored.test(said)) return 'what was there before is not back';
  return touching.has(step)
    ? 'what was there before is back, and runs'
    : 'nothing on the gateway was changed';
}

function sentences(...parts: readonly (string | null)[]): string {
  return parts
    .filter((part): part is string => part !== null && part.trim() !== '')
    .map((part) => {
      const text = part.trim();
      const begun = text.charAt(0).toUpperCase() + text.slice(1);
      return /[.!?…]$/u.test(begun) ? begun : `${begun}.`;
    })
    .join(' ');
}
