/** The management API with the token that was typed in; kept for this tab only. */

const storageKey = 'leonore.token';

export class NotSignedIn extends Error {}

export function storedToken() {
  return sessionStorage.getItem(storageKey);
}

export function storeToken(token) {
  if (token === null) sessionStorage.removeItem(storageKey);
  else sessionStorage.setItem(storageKey, token);
}

/** What the API answers to a GET. @throws NotSignedIn, or Error with the detail of the problem */
export async function get(path) {
  const answer = await fetch(`/api/v1${path}`, {
    headers: { authorization: `Bearer ${storedToken() ?? ''}` },
  });
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => null);
  const detail = problem?.detail ?? `the API answered ${answer.status}`;
  throw answer.status === 401 ? new NotSignedIn(detail) : new Error(detail);
}
