import { isNativeError } from 'node:util/types';
import type { Problem } from './resources.js';

/** Codes of the API, and what can go wrong before it answers. */
export type ClientErrorCode =
  Problem['code'] | 'UNREACHABLE' | 'NOT_LEONORE' | 'UNREADABLE' | 'NO_SERVER' | 'NO_TOKEN';

export interface ClientErrorFacts {
  readonly code: ClientErrorCode;
  /** One sentence that names the thing and the place. */
  readonly detail: string;
  /** Who must act. */
  readonly actor: string;
  /** What to do. */
  readonly advice: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly retryable: boolean;
  /** Names the request in the server's log. */
  readonly instance?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A call to LEONORE that failed: what failed, who must act, what to do. */
export class ClientError extends Error {
  override readonly name = 'ClientError';

  constructor(
    readonly facts: ClientErrorFacts,
    options?: ErrorOptions,
  ) {
    super(facts.detail, options);
  }

  get code(): ClientErrorCode {
    return this.facts.code;
  }
}

/** The error that an answer with a status of 400 or more stands for. */
export async function errorOfAnswer(answer: Response): Promise<ClientError> {
  const text = await answer.text().catch(() => '');
  const problem = readProblem(text);
  if (problem !== null) return new ClientError(problem);
  return new ClientError({
    code: 'NOT_LEONORE',
    detail: `${answer.url} answered ${answer.status} ${answer.statusText}, but not as LEONORE does`,
    actor: 'caller',
    advice: 'See that the server is the address of LEONORE’s API, and what stands in front of it.',
    status: answer.status,
    retryable: answer.status >= 500,
  });
}

/** The error of a call that got no answer. */
export function errorOfNoAnswer(server: string, error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  // What fetch throws may be of another realm.
  const cause = isNativeError(error) && error.cause !== undefined ? error.cause : error;
  if (cause instanceof ClientError) return cause;
  if (isFileError(cause))
    return unreadable(cause.message, 'See that the file exists and may be read.', cause);
  return new ClientError(
    {
      code: 'UNREACHABLE',
      detail: `no answer from ${server}: ${reasonOf(cause)}`,
      actor: 'operator',
      advice: 'See that LEONORE is running there (`leonore up` starts one) and that the address is right.',
      status: 0,
      retryable: true,
    },
    { cause: error },
  );
}

/** The error of a file or directory that the caller named. */
export function unreadable(detail: string, advice: string, cause: unknown): ClientError {
  const facts = { code: 'UNREADABLE', detail, actor: 'caller', advice, status: 0, retryable: false } as const;
  return new ClientError(facts, { cause });
}

/** A body that is read while it is sent may fail at a file. */
function isFileError(cause: unknown): cause is NodeJS.ErrnoException {
  return cause instanceof Error && 'path' in cause && typeof cause.path === 'string';
}

function reasonOf(cause: unknown): string {
  // Several addresses were tried: the first failure tells enough.
  if (cause instanceof AggregateError) return reasonOf(cause.errors[0]);
  if (!(cause instanceof Error)) return String(cause);
  return cause.message === '' ? cause.name : cause.message;
}

function readProblem(text: string): Problem | null {
  try {
    const value = JSON.parse(text) as Partial<Problem> | null;
    return typeof value?.code === 'string' && typeof value.detail === 'string' ? (value as Problem) : null;
  } catch {
    return null;
  }
}
