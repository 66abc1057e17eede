/** Who is signed in. The token is kept for this tab alone, and only for as long as it is open. */

/** `expired`: the token that was good is not any more; what is on the page stays, and waits for another. */
export type SessionState = 'signed-out' | 'signed-in' | 'expired';

export interface SessionFacts {
  readonly state: SessionState;
  readonly token: string | null;
}

const storageKey = 'leonore.token';
const listeners = new Set<() => void>();
const waiting = new Set<(token: string) => void>();
const kept = sessionStorage.getItem(storageKey);
let facts: SessionFacts = { state: kept === null ? 'signed-out' : 'signed-in', token: kept };

function become(next: SessionFacts): void {
  facts = next;
  for (const listener of listeners) listener();
}

export const session = {
  facts: (): SessionFacts => facts,
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  /** Takes a token that has been tried; whatever waits for one goes on. */
  signIn(token: string): void {
    sessionStorage.setItem(storageKey, token);
    become({ state: 'signed-in', token });
    for (const goOn of waiting) goOn(token);
    waiting.clear();
  },
  signOut(): void {
    sessionStorage.removeItem(storageKey);
    become({ state: 'signed-out', token: null });
  },
  /** The API refuses a token; nothing happens when another is in use by now. */
  expire(token: string): void {
    if (facts.token !== token || facts.state !== 'signed-in') return;
    sessionStorage.removeItem(storageKey);
    become({ state: 'expired', token });
  },
  /** Resolves with the next token that somebody signs in with. */
  renewed(signal: AbortSignal): Promise<string> {
    if (facts.state === 'signed-in' && facts.token !== null) return Promise.resolve(facts.token);
    return new Promise((resolve, reject) => {
      waiting.add(resolve);
      signal.addEventListener('abort', () => {
        waiting.delete(resolve);
        reject(new DOMException('nobody waits for it any more', 'AbortError'));
      });
    });
  },
};
