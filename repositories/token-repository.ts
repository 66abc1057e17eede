import type { Grant } from '../domain/access/grant.js';
import { LeonoreError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { jsonText, type Database, type Transaction } from './database.js';

/** What is told when a token is made. */
export interface NewManagementToken {
  /** Part of the token itself, by which it is found. */
  readonly id: string;
  readonly name: string;
  readonly tokenHash: Buffer;
  readonly grants: readonly Grant[];
  readonly createdBy: string;
  /** Null: it does not expire. */
  readonly expiresInSeconds: number | null;
}

/** A token of a person or a service; the token itself is nowhere. */
export interface ManagementToken extends Omit<NewManagementToken, 'tokenHash' | 'expiresInSeconds'> {
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  /** To the minute. */
  readonly lastUsedAt: Date | null;
}

/** A token that somebody brought, as it is judged. */
export interface PresentedToken extends Pick<ManagementToken, 'id' | 'name' | 'grants'> {
  readonly tokenHash: Uint8Array;
  readonly isExpired: boolean;
}

/** Tokens of principals. */
export class TokenRepository {
  constructor(private readonly database: Database) {}

  /** As part of a transaction. @throws LeonoreError TOKEN_EXISTS; TOO_LARGE when there are too many */
  async createIn(tx: Transaction, token: NewManagementToken): Promise<void> {
    // Those that allow nothing any more make room.
    await tx.$executeRaw`DELETE FROM management_token WHERE expires_at < now() - interval '30 days'`;
    if ((await tx.managementToken.count()) >= limits.managementTokens)
      throw new LeonoreError('TOO_LARGE', `there are at most ${limits.managementTokens} tokens; revoke some`);
    const rows = await tx.$executeRaw`
      INSERT INTO management_token (id, name, token_hash, grants, created_by, expires_at)
      VALUES (${token.id}::uuid, ${token.name}, ${token.tokenHash}, ${jsonText(token.grants)}::jsonb, ${token.createdBy},
              now() + ${token.expiresInSeconds}::int * interval '1 second')
      ON CONFLICT (name) DO NOTHING`;
    if (rows === 0) throw new LeonoreError('TOKEN_EXISTS', `there is a token "${token.name}" already`);
  }

  /** @throws LeonoreError TOKEN_NOT_FOUND */
  async get(name: string): Promise<ManagementToken> {
    const row = await this.database.managementToken.findUnique({
      where: { name },
      omit: { tokenHash: true },
    });
    if (row === null) throw notFound(name);
    return toToken(row);
  }

  /** By name; there are few. */
  async list(): Promise<ManagementToken[]> {
    const rows = await this.database.managementToken.findMany({
      omit: { tokenHash: true },
      orderBy: { name: 'asc' },
      take: limits.managementTokens,
    });
    return rows.map(toToken);
  }

  /** It is void at once. @throws LeonoreError TOKEN_NOT_FOUND */
  async revoke(name: string): Promise<void> {
    const { count } = await this.database.managementToken.deleteMany({ where: { name } });
    if (count === 0) throw notFound(name);
  }

  /** What is known of a token that somebody brought; nothing is proved yet. */
  async find(id: string): Promise<PresentedToken | null> {
    const [row] = await this.database.$queryRaw<PresentedToken[]>`
      SELECT id::text, name, token_hash AS "tokenHash", grants, coalesce(expires_at <= now(), false) AS "isExpired"
      FROM management_token WHERE id = ${id}::uuid`;
    return row ?? null;
  }

  /** Notes that a token was used; written at most once a minute. */
  async used(id: string): Promise<void> {
    await this.database.$executeRaw`
      UPDATE management_token SET last_used_at = now()
      WHERE id = ${id}::uuid AND coalesce(last_used_at < now() - interval '1 minute', true)`;
  }
}

function notFound(name: string): LeonoreError {
  return new LeonoreError('TOKEN_NOT_FOUND', `there is no token "${name}"`);
}

function toToken({
  grants,
  ...row
}: Omit<ManagementToken, 'grants'> & { readonly grants: unknown }): ManagementToken {
  return { ...row, grants: grants as Grant[] };
}
