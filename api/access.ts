import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { bearerToken } from '../connectivity/gateway-token.js';
import { LeonoreError } from '../domain/errors.js';

/** What a management token allows: reading, changing, administering; each includes the one before. */
export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

interface KnownToken {
  readonly role: Role;
  readonly hash: Buffer;
}

/** Who may do what. Knows the hashes of tokens only. */
export class Access {
  private readonly tokens: readonly KnownToken[];
  private readonly enrolment: readonly Buffer[];

  /**
   * @param tokens `role:sha256` separated by commas
   * @param enrolmentTokens sha256 of shared ones separated by commas; empty when there are none
   */
  constructor(tokens: string, enrolmentTokens: string) {
    this.tokens = tokens.split(',').map((entry) => {
      const [role, hash] = entry.split(':');
      return { role: role as Role, hash: Buffer.from(hash ?? '', 'hex') };
    });
    this.enrolment = enrolmentTokens.split(',').map((hash) => Buffer.from(hash, 'hex'));
  }

  /**
   * Lets a request pass that has at least the role.
   * @throws LeonoreError UNAUTHENTICATED, FORBIDDEN
   */
  require(request: FastifyRequest, role: Role): void {
    const token = bearerToken(request.headers.authorization);
    const known = token === null ? null : this.find(token);
    if (known === null) throw new LeonoreError('UNAUTHENTICATED', 'a valid bearer token is needed');
    if (roles.indexOf(known) < roles.indexOf(role)) {
      throw new LeonoreError('FORBIDDEN', `the token has the role ${known}; ${role} is needed`);
    }
  }

  /** Names who asks: the same for the same token, and telling nothing of it; to be asked once {@link require} let pass. */
  principalOf(request: FastifyRequest): string {
    return sha256(sha256(bearerToken(request.headers.authorization) ?? '')).toString('hex');
  }

  /** True for a shared token, with which any gateway may enrol. */
  mayEnrol(token: string): boolean {
    return matchesAny(token, this.enrolment);
  }

  private find(token: string): Role | null {
    // Every entry is compared: the time tells nothing about which one matched.
    let found: Role | null = null;
    for (const { role, hash } of this.tokens) if (matchesAny(token, [hash])) found = role;
    return found;
  }
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
