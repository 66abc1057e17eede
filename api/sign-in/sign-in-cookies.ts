import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import type { LeonoreError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import { cleanText } from '../../domain/text.js';
import { cookieOf, sessionCookies } from '../../serving/cookies.js';
import { csrfTokenOf } from './sessions.js';

/** What a browser keeps while somebody signs in at the provider; nothing of it is of use to anybody else. */
const AttemptSchema = Type.Object({
  state: Type.String(),
  nonce: Type.String(),
  codeVerifier: Type.String(),
  /** Where the browser goes then. */
  to: Type.String(),
});

type KeptAttempt = Static<typeof AttemptSchema>;

/** Seconds for which a page can read why a sign-in came to nothing. */
const problemSeconds = 60;
const pathLength = 2_000;
/** Characters of a reason: browsers drop a cookie of more than 4,096 bytes. */
const detailLength = 800;

/**
 * The cookies of a sign-in. Those that carry something are out of reach for scripts, are not sent by what other sites do
 * (SameSite), and over TLS belong to this very host. Two are for the page to read: what it shows that it is of this server,
 * and why a sign-in came to nothing.
 */
export class SignInCookies {
  private readonly session: string;
  private readonly attempt: string;
  private readonly common: string;

  /** @param lastsSeconds how long a session lasts */
  constructor(
    private readonly publicUrl: URL,
    private readonly lastsSeconds: number,
  ) {
    const isSecure = publicUrl.protocol === 'https:';
    this.session = isSecure ? sessionCookies.secure : sessionCookies.plain;
    this.attempt = `${isSecure ? '__Host-' : ''}leonore-sign-in`;
    this.common = `; Path=/; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  }

  /** What carries the session of a browser. */
  sessionIn(header: string | undefined): string | null {
    return cookieOf(header, this.session);
  }

  /** What begins a session in a browser. */
  ofSession(secret: string): string[] {
    return [
      this.hidden(this.session, secret, this.lastsSeconds),
      this.readable('leonore-csrf', csrfTokenOf(secret), this.lastsSeconds),
      this.hidden(this.attempt, '', 0),
    ];
  }

  /** What ends it. */
  ofNoSession(): string[] {
    return [this.hidden(this.session, '', 0), this.readable('leonore-csrf', '', 0)];
  }

  ofAttempt(attempt: KeptAttempt): string[] {
    return [this.hidden(this.attempt, encoded(attempt), limits.signInSeconds)];
  }

  /** @returns null where no sign-in is under way in this browser */
  attemptIn(header: string | undefined): KeptAttempt | null {
    const value = cookieOf(header, this.attempt);
    if (value === null) return null;
    try {
      const kept: unknown = JSON.parse(Buffer.from(value, 'base64url').toString());
      return Value.Check(AttemptSchema, kept) ? kept : null;
    } catch {
      // Not what was set here.
      return null;
    }
  }

  /** What tells the page why a sign-in came to nothing. */
  ofProblem({ message, kind }: LeonoreError): string[] {
    const problem = encoded({ detail: cleanText(message, detailLength), advice: kind.advice });
    return [
      this.readable('leonore-sign-in-problem', problem, problemSeconds),
      this.hidden(this.attempt, '', 0),
    ];
  }

  /** Where a browser goes after a sign-in: a path of this server, whatever was asked for. */
  pathOf(to: string | undefined): string {
    if (to === undefined || to.length > pathLength || !URL.canParse(to, this.publicUrl.href)) return '/';
    const { origin, pathname, search } = new URL(to, this.publicUrl);
    // Two slashes would be another host.
    return origin === this.publicUrl.origin && !pathname.startsWith('//') ? pathname + search : '/';
  }

  private hidden(name: string, value: string, seconds: number): string {
    return `${name}=${value}; Max-Age=${seconds}; HttpOnly${this.common}`;
  }

  private readable(name: string, value: string, seconds: number): string {
    return `${name}=${value}; Max-Age=${seconds}${this.common}`;
  }
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
