import { classifyFailure, type StoredFailure } from '../campaign/classify-failure.js';
import type { ErrorClass } from '../campaign/error-class.js';
import type { DeliveryState } from './state.js';

/** Why a delivery ended badly, taken apart: what is the same on many gateways, and what differs. */
export interface Reason {
  readonly class: ErrorClass;
  /** What happened, with # where ids, addresses and numbers stand. */
  readonly template: string;
  /** What stands there, in order. */
  readonly parameters: readonly string[];
  /** The end of what a script printed; null when there is none. */
  readonly output: string | null;
}

/** Of a message longer than this the rest tells nothing of its kind. */
const longestHead = 300;
/** What became of a script; after it comes what the script printed. */
const fate =
  /(?:ended with status [0-9]+|did not end within [0-9.]+ s|was ended by [A-Z0-9]+|the check of [A-Za-z0-9._-]+ failed): /u;
/** An id, an address, a digest, a number: not part of a word, nor of a version. */
const varying = new RegExp(
  [
    '(?<![A-Za-z0-9_.])[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}(?![A-Za-z0-9_])',
    '(?<![A-Za-z0-9_.])[0-9]{1,3}(?:[.][0-9]{1,3}){3}(?![A-Za-z0-9_.])',
    '(?<![A-Za-z0-9_.])(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{8,}(?![A-Za-z0-9_])',
    '(?<![A-Za-z0-9_.])[0-9]+(?:[.][0-9]+)?(?![0-9]|[.][0-9])',
  ].join('|'),
  'gu',
);

/**
 * A message taken apart. The database does the same to count by it (leonore_template of
 * prisma/migrations/0111_reasons); a test holds both against each other.
 */
export function templateOf(message: string): Pick<Reason, 'template' | 'parameters' | 'output'> {
  const [line = '', ...others] = message.split('\n');
  const found = fate.exec(line);
  const end = found === null ? line.length : found.index + found[0].length;
  const head = Array.from(found === null ? line : line.slice(0, end - ': '.length))
    .slice(0, longestHead)
    .join('');
  const output = [line.slice(end), ...others].join('\n').trim();
  const parameters: string[] = [];
  const template = head.replace(varying, (parameter) => {
    parameters.push(parameter);
    return '#';
  });
  return { template, parameters, output: output === '' ? null : output };
}

/** @returns null when it did not end badly */
export function reasonOf({
  state,
  error,
  explanation,
}: {
  readonly state: DeliveryState;
  readonly error: unknown;
  /** Why there is no plan. */
  readonly explanation: string | null;
}): Reason | null {
  const stored = (error ?? {}) as StoredFailure & { readonly message?: unknown };
  const failureClass = classifyFailure(state, stored);
  if (failureClass === null) return null;
  const message = typeof stored.message === 'string' ? stored.message : (explanation ?? '');
  const { template, ...differing } = templateOf(message);
  return { class: failureClass, template: templateText(failureClass, template), ...differing };
}

/** A template as people read it: of what says nothing by itself the class does. */
export function templateText(failureClass: ErrorClass, template: string): string {
  if (template !== '') return template;
  return failureClass === 'lost' ? 'nothing was heard of it by the deadline' : 'no reason was told';
}
