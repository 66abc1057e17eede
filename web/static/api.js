/** The management API with the token that was typed in; kept for this tab only. */
import { awaitedByCode } from './vocabulary.js';

const storageKey = 'leonore.token';

export class NotSignedIn extends Error {}

/** The API answers, but something that it needs does not: it is waited for. */
export class Away extends Error {
  constructor(what) {
    super(`waiting for ${what}`);
    this.what = what;
  }
}

export function storedToken() {
  return sessionStorage.getItem(storageKey);
}

export function storeToken(token) {
  if (token === null) sessionStorage.removeItem(storageKey);
  else sessionStorage.setItem(storageKey, token);
}

/** What the API answers to a GET. @throws NotSignedIn, Away, or Error with the detail of the problem */
export async function get(path) {
  const answer = await fetch(`/api/v1${path}`, {
    headers: { authorization: `Bearer ${storedToken() ?? ''}` },
  });
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => null);
  const detail = problem?.detail ?? `the API answered ${answer.status}`;
  if (answer.status === 401) throw new NotSignedIn(detail);
  const what = awaitedByCode[problem?.code];
  throw what === undefined ? new Error(detail) : new Away(what);
}
