import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { tokenMatches } from '../connectivity/gateway-token.js';
import type { Grant } from '../domain/access/grant.js';
import type { Principal } from '../domain/access/principal.js';
import type { Role } from '../domain/access/role.js';
import { LeonoreError } from '../domain/errors.js';
import type { TokenRepository } from '../repositories/token-repository.js';
import { bearerToken } from '../serving/bearer-token.js';
import { rowOfToken } from './management-token.js';
import type { SignIn } from './sign-in/sign-in.js';
import { csrfTokenMatches, sessionOf } from './sign-in/sessions.js';

/** Characters by which people tell two callers of the same role apart. */
const nameCharacters = 8;

/** Header with which a page shows that it is one of this server. */
const csrfHeader = 'leonore-csrf';

interface ConfiguredToken {
  readonly principal: Principal;
  readonly hash: Buffer;
}

/** What of a request says who sends it. */
export interface Credentials {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

/** Methods that change nothing. */
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Who somebody is, by the token that he brings, or by the cookie of his session. Only hashes of either are known.
 *
 * INVARIANT: what a cookie authorises to change shows the token that only a page of this server can read. A browser sends the
 * cookie by itself, whoever made the page.
 */
export class Access {
  private readonly configured: readonly ConfiguredToken[];
  private readonly enrolment: readonly Buffer[];

  /**
   * @param tokens those of the configuration: `role:sha256` separated by commas
   * @param enrolmentTokens sha256 of shared ones separated by commas; empty when there are none
   * @param stored those that were made since
   * @param signIn sessions of people; null where nobody can sign in
   */
  constructor(
    tokens: string,
    enrolmentTokens: string,
    private readonly stored: TokenRepository,
    private readonly signIn: Pick<SignIn, 'sessions' | 'cookies'> | null,
  ) {
    this.configured = tokens.split(',').map((entry) => {
      const [role, hex = ''] = entry.split(':');
      const hash = Buffer.from(hex, 'hex');
      const id = sha256(hash).toString('hex');
      return {
        hash,
        principal: {
          id,
          name: `${role} ${id.slice(0, nameCharacters)}`,
          grants: configuredGrants(role as Role),
        },
      };
    });
    this.enrolment = enrolmentTokens.split(',').map((hash) => Buffer.from(hash, 'hex'));
  }

  /**
   * Who sends a request. What it says in Authorization counts; a cookie only where there is no such header.
   * @throws LeonoreError UNAUTHENTICATED, CSRF_TOKEN_REQUIRED
   */
  async principalOf(request: Credentials): Promise<Principal> {
    const { authorization } = request.headers;
    if (authorization === undefined) return this.findByCookie(request);
    const token = bearerToken(authorization);
    if (token === null) throw unauthenticated('a valid bearer token is needed');
    if (this.signIn !== null && sessionOf(token) !== null)
      return this.signIn.sessions.principalOf(token, 'cli');
    return this.findConfigured(token) ?? (await this.findStored(token));
  }

  /** The session that a request is sent in, by its id; null when it brings a token of another kind. Nothing is proved. */
  sessionOf({ headers }: Credentials): string | null {
    const secret =
      headers.authorization === undefined
        ? (this.signIn?.cookies.sessionIn(headers.cookie) ?? null)
        : bearerToken(headers.authorization);
    return secret === null ? null : sessionOf(secret);
  }

  /** True for a shared token, with which any gateway may enrol. */
  mayEnrol(token: string): boolean {
    return matchesAny(token, this.enrolment);
  }

  private async findByCookie({ method, headers }: Credentials): Promise<Principal> {
    const secret = this.signIn?.cookies.sessionIn(headers.cookie) ?? null;
    if (this.signIn === null || secret === null) throw unauthenticated('a valid bearer token is needed');
    const principal = await this.signIn.sessions.principalOf(secret, 'dashboard');
    if (!safeMethods.has(method) && !csrfTokenMatches(secret, headers[csrfHeader]))
      throw new LeonoreError(
        'CSRF_TOKEN_REQUIRED',
        'a change by the cookie of a session needs the header Leonore-Csrf',
      );
    return principal;
  }

  private findConfigured(token: string): Principal | null {
    // Every entry is compared: the time tells nothing about which one matched.
    let found: Principal | null = null;
    for (const { principal, hash } of this.configured) if (matchesAny(token, [hash])) found = principal;
    return found;
  }

  private async findStored(token: string): Promise<Principal> {
    const row = rowOfToken(token, 'lmt');
    const known = row === null ? null : await this.stored.find(row);
    if (known === null || !tokenMatches(token, known.tokenHash))
      throw unauthenticated('a valid bearer token is needed');
    if (known.isExpired) throw unauthenticated(`the token "${known.name}" has expired`);
    await this.stored.used(known.id);
    return { id: known.id, name: known.name, grants: known.grants };
  }
}

/** An operator of the configuration has always published, too. */
function configuredGrants(role: Role): Grant[] {
  const held: readonly Role[] = role === 'operator' ? ['operator', 'publisher'] : [role];
  return held.map((one) => ({ role: one, scope: null }));
}

function unauthenticated(why: string): LeonoreError {
  return new LeonoreError('UNAUTHENTICATED', why);
}

function matchesAny(token: string, hashes: readonly Buffer[]): boolean {
  const own = sha256(token);
  let matched = false;
  for (const hash of hashes) if (hash.length === own.length && timingSafeEqual(own, hash)) matched = true;
  return matched;
}

function sha256(of: string | Buffer): Buffer {
  return createHash('sha256').update(of).digest();
}
