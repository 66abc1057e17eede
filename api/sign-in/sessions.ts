import { createHash, timingSafeEqual } from 'node:crypto';
import { tokenMatches } from '../../connectivity/gateway-token.js';
import type { Grant } from '../../domain/access/grant.js';
import { grantsOfGroups, type GroupRoles } from '../../domain/access/group-roles.js';
import { personId, type Person } from '../../domain/access/person.js';
import type { Principal } from '../../domain/access/principal.js';
import { LeonoreError } from '../../domain/errors.js';
import type { SessionKind, SessionRepository } from '../../repositories/session-repository.js';
import { issueManagementToken, rowOfToken } from '../management-token.js';

export interface SessionOptions {
  /** URL of the provider: sessions of another one are void. */
  readonly issuer: string;
  readonly groupRoles: GroupRoles;
  /** How long a session lasts. */
  readonly lastsSeconds: number;
  /** How long one of a browser lasts without use. */
  readonly idleSeconds: number;
}

export interface OpenedSession {
  readonly id: string;
  /** What carries it; nowhere else from now on. */
  readonly secret: string;
  readonly principal: Principal;
  readonly expiresAt: Date;
}

/** Groups named in a refusal: enough to see which of them was meant. */
const namedGroups = 10;

/**
 * Sessions of people who signed in. What somebody may do is judged by his groups at each request, so that another
 * configuration holds for whoever is signed in, too.
 */
export class Sessions {
  constructor(
    private readonly stored: SessionRepository,
    private readonly options: SessionOptions,
  ) {}

  /**
   * Begins a session of somebody whom the provider has named.
   * @param address where he comes from
   * @throws LeonoreError SIGN_IN_NOT_ALLOWED when none of his groups has a role; FORBIDDEN when they have too many
   */
  async open(person: Person, kind: SessionKind, address: string): Promise<OpenedSession> {
    const { groupRoles, lastsSeconds, idleSeconds } = this.options;
    const groups = [...new Set(person.groups)].filter((group) => groupRoles.has(group));
    if (groups.length === 0) throw notAllowed(person);
    const principal = { id: personId(person), name: person.name, grants: grantsOfGroups(groupRoles, groups) };
    const { id, token, hash } = issueManagementToken('lms');
    const expiresAt = await this.stored.open({
      ...person,
      groups,
      id,
      kind,
      secretHash: hash,
      address,
      lastsSeconds,
      idleSeconds: kind === 'dashboard' ? idleSeconds : null,
    });
    return { id, secret: token, principal, expiresAt };
  }

  /**
   * Whose a session is.
   * @param kind what brought it: what a cookie carries is no bearer token, and the other way round
   * @throws LeonoreError UNAUTHENTICATED
   */
  async principalOf(secret: string, kind: SessionKind): Promise<Principal> {
    const row = rowOfToken(secret, 'lms');
    const known = row === null ? null : await this.stored.find(row);
    const isGood =
      known !== null &&
      tokenMatches(secret, known.secretHash) &&
      known.kind === kind &&
      known.issuer === this.options.issuer;
    if (!isGood) throw unauthenticated('the session has ended; sign in again');
    if (known.isExpired) throw unauthenticated(`the session of ${known.name} has expired; sign in again`);
    const grants = this.grantsOf(known.groups);
    if (grants.length === 0) throw unauthenticated(`no group of ${known.name} has a role any more`);
    await this.stored.used(known.id);
    return { id: personId(known), name: known.name, grants };
  }

  /** Ends all sessions of somebody, in browsers and on command lines. @returns how many there were */
  async endAllOf(subject: string): Promise<number> {
    return this.stored.endAllOf({ issuer: this.options.issuer, subject });
  }

  /** What members of these groups may do. */
  grantsOf(groups: readonly string[]): Grant[] {
    return grantsOfGroups(this.options.groupRoles, groups);
  }
}

/** The id of the session that a secret names; nothing is proved. */
export function sessionOf(secret: string): string | null {
  return rowOfToken(secret, 'lms');
}

/** What a page of the dashboard shows that it is one: made of the session, and telling nothing of it. */
export function csrfTokenOf(secret: string): string {
  return createHash('sha256').update(`leonore-csrf-1\n${secret}`).digest('base64url');
}

/** @param csrf as it was sent */
export function csrfTokenMatches(secret: string, csrf: unknown): boolean {
  const own = Buffer.from(csrfTokenOf(secret));
  const sent = Buffer.from(typeof csrf === 'string' ? csrf : '');
  return own.length === sent.length && timingSafeEqual(own, sent);
}

function notAllowed({ name, groups }: Person): LeonoreError {
  const named = groups.slice(0, namedGroups).map((group) => `"${group}"`);
  const more = groups.length > named.length ? ` and ${groups.length - named.length} more` : '';
  const told =
    groups.length === 0 ? 'the identity provider names no group of his' : `his: ${named.join(', ')}${more}`;
  return new LeonoreError('SIGN_IN_NOT_ALLOWED', `none of the groups of ${name} has a role here (${told})`);
}

function unauthenticated(why: string): LeonoreError {
  return new LeonoreError('UNAUTHENTICATED', why);
}
