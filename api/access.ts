import { createHash, timingSafeEqual } from 'node:crypto';
import { tokenMatches } from '../connectivity/gateway-token.js';
import type { Grant } from '../domain/access/grant.js';
import type { Principal } from '../domain/access/principal.js';
import type { Role } from '../domain/access/role.js';
import { LeonoreError } from '../domain/errors.js';
import type { TokenRepository } from '../repositories/token-repository.js';
import { bearerToken } from '../serving/bearer-token.js';
import { rowOfToken } from './management-token.js';

/** Characters by which people tell two callers of the same role apart. */
const nameCharacters = 8;

interface ConfiguredToken {
  readonly principal: Principal;
  readonly hash: Buffer;
}

/** Who somebody is, by the token that he brings. Only hashes of tokens are known. */
export class Access {
  private readonly configured: readonly ConfiguredToken[];
  private readonly enrolment: readonly Buffer[];

  /**
   * @param tokens those of the configuration: `role:sha256` separated by commas
   * @param enrolmentTokens sha256 of shared ones separated by commas; empty when there are none
   * @param stored those that were made since
   */
  constructor(
    tokens: string,
    enrolmentTokens: string,
    private readonly stored: TokenRepository,
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
   * Who sends a request.
   * @throws LeonoreError UNAUTHENTICATED
   */
  async principalOf(authorization: string | undefined): Promise<Principal> {
    const token = bearerToken(authorization);
    if (token === null) throw unauthenticated('a valid bearer token is needed');
    return this.findConfigured(token) ?? (await this.findStored(token));
  }

  /** True for a shared token, with which any gateway may enrol. */
  mayEnrol(token: string): boolean {
    return matchesAny(token, this.enrolment);
  }

  private findConfigured(token: string): Principal | null {
    // Every entry is compared: the time tells nothing about which one matched.
    let found: Principal | null = null;
    for (const { principal, hash } of this.configured) if (matchesAny(token, [hash])) found = principal;
    return found;
  }

  private async findStored(token: string): Promise<Principal> {
    const row = rowOfToken(token);
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
