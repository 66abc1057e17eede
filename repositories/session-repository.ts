import type { Person } from '../domain/access/person.js';
import { LeonoreError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { inTransaction, type Database } from './database.js';

/** What carries a session: a cookie of the dashboard, or a bearer token of the command line. */
export type SessionKind = 'dashboard' | 'cli';

export interface NewSession extends Person {
  /** Part of what carries it, by which it is found. */
  readonly id: string;
  readonly kind: SessionKind;
  readonly secretHash: Buffer;
  /** Where he signed in from. */
  readonly address: string;
  readonly lastsSeconds: number;
  /** Without use it ends after so long; null: it does not. */
  readonly idleSeconds: number | null;
}

/** A session that goes on; what carries it is nowhere. */
export interface Session extends Person {
  readonly id: string;
  readonly kind: SessionKind;
  readonly address: string;
  readonly createdAt: Date;
  /** To the minute. */
  readonly lastUsedAt: Date;
  readonly expiresAt: Date;
}

/** A session that somebody brought, as it is judged. */
export interface PresentedSession extends Person {
  readonly id: string;
  readonly kind: SessionKind;
  readonly secretHash: Uint8Array;
  readonly isExpired: boolean;
}

/** Sessions of people who signed in by an identity provider. */
export class SessionRepository {
  constructor(private readonly database: Database) {}

  /** Begins a session, and says when it ends at the latest; those that have ended make room, then those of the same person that were used longest ago. */
  async open({ groups, ...session }: NewSession): Promise<Date> {
    const { id, kind, secretHash, issuer, subject, name, address, lastsSeconds, idleSeconds } = session;
    return inTransaction(this.database, async (tx) => {
      // One at a time for a person: two that come at once would not see each other.
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('person ' || ${subject}, 0))`;
      await tx.$executeRaw`
        DELETE FROM person_session
        WHERE expires_at <= now() OR last_used_at + idle_seconds * interval '1 second' <= now()`;
      await tx.$executeRaw`
        DELETE FROM person_session WHERE id IN (
          SELECT id FROM person_session WHERE issuer = ${issuer} AND subject = ${subject}
          ORDER BY last_used_at DESC, created_at DESC OFFSET ${limits.sessionsOfOne - 1}::int)`;
      const [row] = await tx.$queryRaw<{ expiresAt: Date }[]>`
        INSERT INTO person_session
          (id, kind, secret_hash, issuer, subject, name, groups, address, expires_at, idle_seconds)
        VALUES (${id}::uuid, ${kind}, ${secretHash}, ${issuer}, ${subject}, ${name}, ${[...groups]}::text[], ${address},
                now() + ${lastsSeconds}::int * interval '1 second', ${idleSeconds}::int)
        RETURNING expires_at AS "expiresAt"`;
      return row?.expiresAt ?? new Date();
    });
  }

  /** What is known of a session that somebody brought; nothing is proved yet. */
  async find(id: string): Promise<PresentedSession | null> {
    const [row] = await this.database.$queryRaw<PresentedSession[]>`
      SELECT id::text, kind, secret_hash AS "secretHash", issuer, subject, name, groups,
             expires_at <= now() OR coalesce(last_used_at + idle_seconds * interval '1 second' <= now(), false)
               AS "isExpired"
      FROM person_session WHERE id = ${id}::uuid`;
    return row ?? null;
  }

  /** Notes that a session was used; written at most once a minute. */
  async used(id: string): Promise<void> {
    await this.database.$executeRaw`
      UPDATE person_session SET last_used_at = now()
      WHERE id = ${id}::uuid AND last_used_at < now() - interval '1 minute'`;
  }

  /** Those that go on, the latest first; at most {@link limits.listedSessions}. */
  async list(): Promise<Session[]> {
    return this.database.$queryRaw<Session[]>`
      SELECT id::text, kind, issuer, subject, name, groups, address, created_at AS "createdAt",
             last_used_at AS "lastUsedAt", expires_at AS "expiresAt"
      FROM person_session
      WHERE expires_at > now() AND coalesce(last_used_at + idle_seconds * interval '1 second' > now(), true)
      ORDER BY created_at DESC, id LIMIT ${limits.listedSessions}`;
  }

  /** Who a session is of. @throws LeonoreError SESSION_NOT_FOUND */
  async get(id: string): Promise<Session> {
    const row = await this.database.personSession.findUnique({ where: { id }, omit: { secretHash: true } });
    if (row === null) throw notFound(id);
    return { ...row, kind: row.kind as SessionKind };
  }

  /** All of one person are void at once. @returns how many there were */
  async endAllOf({ issuer, subject }: Pick<Person, 'issuer' | 'subject'>): Promise<number> {
    const { count } = await this.database.personSession.deleteMany({ where: { issuer, subject } });
    return count;
  }

  /** It is void at once. @throws LeonoreError SESSION_NOT_FOUND */
  async end(id: string): Promise<void> {
    const { count } = await this.database.personSession.deleteMany({ where: { id } });
    if (count === 0) throw notFound(id);
  }
}

function notFound(id: string): LeonoreError {
  return new LeonoreError('SESSION_NOT_FOUND', `there is no session ${id}`);
}
