/** The management API, asked with the token of whoever is signed in. */
import createClient from 'openapi-fetch';
import type { components, paths } from '../../client/openapi.js';
import { answered } from './freshness.js';
import { session } from './session.js';

type Problem = components['schemas']['Problem'];

/** What the API refused, or that it did not answer. */
export class ApiProblem extends Error {
  constructor(
    message: string,
    /** HTTP status; 0 when there was no answer. */
    readonly status: number,
    readonly code: string | null,
    readonly advice: string | null,
  ) {
    super(message);
  }
}

/**
 * A request with the token. One that is refused since the token is not good any more waits until somebody has signed in
 * again, and is then sent again: nothing of what it carries is lost.
 */
export async function authorisedFetch(request: Request): Promise<Response> {
  for (;;) {
    const { token, state } = session.facts();
    const bearer = state === 'expired' ? await session.renewed(request.signal) : (token ?? '');
    const attempt = request.clone();
    attempt.headers.set('authorization', `Bearer ${bearer}`);
    const answer = await fetch(attempt);
    if (answer.status < 500) answered();
    if (answer.status !== 401 || session.facts().state === 'signed-out') return answer;
    session.expire(bearer);
  }
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: authorisedFetch });

interface Answer<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/** What a call answered. @throws ApiProblem */
export async function answerOf<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiProblem('LEONORE does not answer.', 0, null, null);
  }
  const { data, error, response } = answer;
  if (response.ok) return data as T;
  throw problemOf(error, response.status);
}

export function problemOf(body: unknown, status: number): ApiProblem {
  const { detail, title, code, advice } = (typeof body === 'object' ? (body ?? {}) : {}) as Partial<Problem>;
  return new ApiProblem(
    detail ?? title ?? `LEONORE answered ${status}.`,
    status,
    code ?? null,
    advice ?? null,
  );
}

/** Tries a token. @returns who it is of; null when it is not good. @throws ApiProblem */
export async function whoHolds(token: string): Promise<components['schemas']['Whoami'] | null> {
  let answer: Response;
  try {
    answer = await fetch('/api/v1/whoami', { headers: { authorization: `Bearer ${token}` } });
  } catch {
    throw new ApiProblem('LEONORE does not answer.', 0, null, null);
  }
  const body: unknown = await answer.json().catch(() => null);
  if (answer.status === 401) return null;
  if (!answer.ok) throw problemOf(body, answer.status);
  return body as components['schemas']['Whoami'];
}
