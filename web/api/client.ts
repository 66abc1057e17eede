/** The management API, asked with what authorises whoever is signed in. */
import createClient from 'openapi-fetch';
import type { components, paths } from '../../client/openapi.js';
import { answered } from './freshness.js';
import { toldTime } from './server-clock.js';
import { headersOf, session } from './session.js';

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
 * A request of whoever is signed in. One that is refused since that is over waits until somebody has signed in again, and is
 * then sent again: nothing of what it carries is lost.
 */
export async function authorisedFetch(request: Request): Promise<Response> {
  for (;;) {
    const facts = session.facts();
    const credential = facts.state === 'expired' ? await session.renewed(request.signal) : facts.credential;
    const attempt = request.clone();
    for (const [name, value] of Object.entries(headersOf(credential))) attempt.headers.set(name, value);
    const answer = await fetch(attempt);
    if (answer.status < 500) answered();
    toldTime(answer);
    if (answer.status !== 401 || credential === null || session.facts().state === 'signed-out') return answer;
    session.expire(credential);
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

/** The OpenID provider that people can sign in by; null where there is none, or nobody says. */
export async function signInIssuer(signal: AbortSignal): Promise<string | null> {
  const answer = await fetch('/api/v1/sign-in', { signal });
  if (!answer.ok) return null;
  return ((await answer.json()) as { readonly issuer: string | null }).issuer;
}

/** Ends the session, where there is one besides this tab. @throws ApiProblem when it goes on */
export async function signOut(): Promise<void> {
  const { credential } = session.facts();
  if (credential?.by === 'provider') {
    let status = 0;
    try {
      ({ status } = await fetch('/api/v1/session', { method: 'DELETE', headers: headersOf(credential) }));
    } catch {
      // Told below.
    }
    // What is not there is over as well.
    if (![204, 401, 404].includes(status))
      throw new ApiProblem('LEONORE does not answer. You are still signed in.', status, null, null);
  }
  session.signOut();
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
