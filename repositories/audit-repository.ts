import { Prisma } from '../prisma/generated/client.js';
import { jsonText, type Database } from './database.js';
import { pageOf } from './page.js';

/** A change that somebody asks for, as it is noted before it is made. */
export interface NewAuditEntry {
  readonly requestId: string;
  readonly principalId: string;
  /** Name of the principal. */
  readonly principal: string;
  readonly address: string;
  /** Name of the operation in the OpenAPI document. */
  readonly action: string;
  /** What the request names, such as `gateways/gw-1`. */
  readonly subject: string;
  /** The body, without secrets; plain JSON. */
  readonly asked: unknown;
  readonly before: unknown;
}

/** What came of it. */
export interface AuditOutcome {
  readonly status: number;
  /** Of the problem; null when it was done. */
  readonly code: string | null;
  /** What was made, when the request named nothing. */
  readonly made: string | null;
  readonly after: unknown;
}

export interface AuditEntry extends NewAuditEntry {
  readonly id: string;
  readonly at: Date;
  /** Null when the process ended before it could say. */
  readonly outcome: AuditOutcome | null;
}

/** What of the audit is wanted; what is absent is not asked for. */
export interface AuditFilter {
  readonly principal?: string | undefined;
  readonly action?: string | undefined;
  /** What it is about, or the beginning of that. */
  readonly subject?: string | undefined;
  readonly requestId?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** Entries that go when one comes, once they have been kept long enough: more than come. */
const removedAtOnce = 10;

/** Who changed what. INVARIANT: rows are added, and never changed (prisma/migrations/0101_audit/migration.sql). */
export class AuditRepository {
  constructor(private readonly database: Database) {}

  /** Notes what somebody asks for. @returns the id of the entry */
  async begin(entry: NewAuditEntry): Promise<string> {
    const { requestId, principalId, principal, address, action, subject, asked, before } = entry;
    await this.database.$executeRaw`SELECT leonore_retain_audit(${removedAtOnce}::int)`;
    const [row] = await this.database.$queryRaw<{ id: string }[]>`
      INSERT INTO audit_entry (request_id, principal_id, principal, address, action, subject, asked, before)
      VALUES (${requestId}, ${principalId}, ${principal}, ${address}, ${action}, ${subject},
              ${textOrNull(asked)}::jsonb, ${textOrNull(before)}::jsonb)
      RETURNING id::text`;
    return row?.id ?? '';
  }

  /** Notes what came of it. */
  async end(id: string, { status, code, made, after }: AuditOutcome): Promise<void> {
    await this.database.$executeRaw`
      INSERT INTO audit_outcome (entry_id, status, code, made, after)
      VALUES (${id}::bigint, ${status}, ${code}, ${made}, ${textOrNull(after)}::jsonb)`;
  }

  /** The latest first, a page at a time; the cursor is the last id of the page before. */
  async list(
    filter: AuditFilter,
    limit: number,
    cursor: string | null,
  ): Promise<{ items: AuditEntry[]; nextCursor: string | null }> {
    const { principal, action, subject, requestId, from, to } = filter;
    const conditions = [
      ...(cursor === null ? [] : [Prisma.sql`e.id < ${cursor}::bigint`]),
      ...(principal === undefined ? [] : [Prisma.sql`e.principal = ${principal}`]),
      ...(action === undefined ? [] : [Prisma.sql`e.action = ${action}`]),
      ...(requestId === undefined ? [] : [Prisma.sql`e.request_id = ${requestId}`]),
      ...(subject === undefined
        ? []
        : [Prisma.sql`(starts_with(e.subject, ${subject}) OR starts_with(o.made, ${subject}))`]),
      ...(from === undefined ? [] : [Prisma.sql`e.at >= ${instant(from)}`]),
      ...(to === undefined ? [] : [Prisma.sql`e.at < ${instant(to)}`]),
      Prisma.sql`true`,
    ];
    const found = await this.database.$queryRaw<(AuditEntry & AuditOutcome)[]>`
      SELECT e.id::text, e.at, e.request_id AS "requestId", e.principal_id AS "principalId", e.principal, e.address,
             e.action, e.subject, e.asked, e.before, o.status, o.code, o.made, o.after
      FROM audit_entry e LEFT JOIN audit_outcome o ON o.entry_id = e.id
      WHERE ${Prisma.join(conditions, ' AND ')} ORDER BY e.id DESC LIMIT ${limit + 1}`;
    const entries = found.map(({ status, code, made, after, ...entry }) => ({
      ...entry,
      // A joined row that is not there has no status.
      outcome: (status as number | null) === null ? null : { status, code, made, after },
    }));
    return pageOf(entries, limit, ({ id }) => id);
  }
}

/** As seconds: PostgreSQL has no year 0 in the calendar that JavaScript writes. */
function instant(at: Date): Prisma.Sql {
  return Prisma.sql`to_timestamp(${at.getTime() / 1_000}::float8)`;
}

function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : jsonText(value);
}
