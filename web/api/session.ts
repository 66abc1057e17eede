/**
 * Who is signed in: by a token, which is kept for this tab alone and only for as long as it is open, or by the provider, in
 * which case a cookie that no script can read authorises all tabs.
 */
import { cookieIn, signInProblemOf, type SignInProblem } from '../logic/cookies.js';
import { Listeners } from '../logic/listeners.js';

/** `expired`: what was good is not any more; what is on the page stays, and waits for another. */
export type SessionState = 'signed-out' | 'signed-in' | 'expired';

/** What requests are sent with. */
export type Credential =
  | { readonly by: 'token'; readonly token: string }
  /** What shows that a request is of this page; it is made of the session. */
  | { readonly by: 'provider'; readonly csrf: string };

export interface SessionFacts {
  readonly state: SessionState;
  readonly credential: Credential | null;
}

const storageKey = 'leonore.token';
const csrfCookie = 'leonore-csrf';
const problemCookie = 'leonore-sign-in-problem';
/** On which the window of a sign-in says that it is done. */
const channelName = 'leonore.sign-in';

const listeners = new Listeners();
const waiting = new Set<(credential: Credential) => void>();
let facts: SessionFacts = begun();

function begun(): SessionFacts {
  const token = sessionStorage.getItem(storageKey);
  const credential: Credential | null = token === null ? ofProvider() : { by: 'token', token };
  return { state: credential === null ? 'signed-out' : 'signed-in', credential };
}

function ofProvider(): Credential | null {
  const csrf = cookieIn(document.cookie, csrfCookie);
  return csrf === null ? null : { by: 'provider', csrf };
}

function become(next: SessionFacts): void {
  facts = next;
  listeners.tell();
}

function isSame(a: Credential | null, b: Credential | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function forget(name: string): void {
  document.cookie = `${name}=; Max-Age=0; Path=/`;
}

export const session = {
  facts: (): SessionFacts => facts,
  subscribe: listeners.subscribe,
  /** Takes what has been tried; whatever waits for it goes on. */
  signIn(credential: Credential): void {
    if (credential.by === 'token') sessionStorage.setItem(storageKey, credential.token);
    become({ state: 'signed-in', credential });
    for (const goOn of waiting) goOn(credential);
    waiting.clear();
  },
  signOut(): void {
    sessionStorage.removeItem(storageKey);
    forget(csrfCookie);
    become({ state: 'signed-out', credential: null });
  },
  /** The API refuses it; nothing happens when another is in use by now. */
  expire(credential: Credential): void {
    if (!isSame(facts.credential, credential) || facts.state !== 'signed-in') return;
    sessionStorage.removeItem(storageKey);
    become({ state: 'expired', credential });
  },
  /** Resolves with what somebody signs in with next. */
  renewed(signal: AbortSignal): Promise<Credential> {
    if (facts.state === 'signed-in' && facts.credential !== null) return Promise.resolve(facts.credential);
    return new Promise((resolve, reject) => {
      waiting.add(resolve);
      signal.addEventListener('abort', () => {
        waiting.delete(resolve);
        reject(new DOMException('nobody waits for it any more', 'AbortError'));
      });
    });
  },
  /** Waits for a sign-in in another window, and takes it. @param done is called then @returns what ends the waiting */
  awaitProvider(done: () => void): () => void {
    const channel = new BroadcastChannel(channelName);
    channel.onmessage = () => {
      const credential = ofProvider();
      if (credential === null || isSame(credential, facts.credential)) return;
      session.signIn(credential);
      done();
    };
    return () => channel.close();
  },
  /** Tells the other windows that somebody has signed in in this one. */
  tellOthers(): void {
    const channel = new BroadcastChannel(channelName);
    channel.postMessage('signed in');
    channel.close();
  },
  /** Why the last sign-in came to nothing; told once. */
  takeProblem(): SignInProblem | null {
    const problem = signInProblemOf(cookieIn(document.cookie, problemCookie));
    forget(problemCookie);
    return problem;
  },
};

/** What a request is sent with besides its own headers. */
export function headersOf(credential: Credential | null): Readonly<Record<string, string>> {
  switch (credential?.by) {
    case 'token':
      return { authorization: `Bearer ${credential.token}` };
    case 'provider':
      return { 'leonore-csrf': credential.csrf };
    case undefined:
      return {};
  }
}
