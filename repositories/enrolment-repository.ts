import type { Approval, EnrolmentGrant } from '../domain/enrolment/grant.js';
import { LeonoreError } from '../domain/errors.js';
import { matchesGlob } from '../domain/glob.js';
import type { Labels } from '../domain/gateway/labels.js';
import { limits } from '../domain/limits.js';
import { inTransaction, type Database, type Transaction } from './database.js';

/** What is told when an enrolment is made. */
export interface NewEnrolment {
  readonly name: string;
  readonly tokenHash: Buffer;
  /** Patterns of ids that may enrol. */
  readonly ids: readonly string[];
  /** The operator's labels that its gateways get. */
  readonly labels: Labels;
  readonly reportedLabels: readonly string[];
  readonly nodeId: string | null;
  readonly keyless: boolean;
  readonly approval: Approval;
  /** Gateways that may enrol; null: any number. */
  readonly most: number | null;
  readonly expiresInSeconds: number | null;
}

/** A token with which gateways may enrol; the token itself is nowhere. */
export interface Enrolment extends Omit<NewEnrolment, 'tokenHash' | 'expiresInSeconds'> {
  readonly id: string;
  readonly used: number;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
}

/** Enrolments: who may become a gateway, and as what. */
export class EnrolmentRepository {
  constructor(private readonly database: Database) {}

  /** @throws LeonoreError ENROLMENT_EXISTS; TOO_LARGE when there are too many */
  async create(enrolment: NewEnrolment): Promise<Enrolment> {
    return inTransaction(this.database, (tx) => this.createIn(tx, enrolment));
  }

  /** The same as part of a transaction. */
  async createIn(
    tx: Transaction,
    { expiresInSeconds, tokenHash, ...enrolment }: NewEnrolment,
  ): Promise<Enrolment> {
    // Those that allow nothing any more make room.
    await tx.$executeRaw`DELETE FROM enrolment WHERE expires_at < now() - interval '30 days'`;
    if ((await tx.enrolment.count()) >= limits.enrolments)
      throw new LeonoreError('TOO_LARGE', `there are at most ${limits.enrolments} enrolments; revoke some`);
    const { labels } = enrolment;
    const [row] = await tx.$queryRaw<{ id: string }[]>`
      INSERT INTO enrolment (name, token_hash, ids, labels, reported_labels, node_id, keyless, approval, most, expires_at)
      VALUES (${enrolment.name}, ${tokenHash}, ${[...enrolment.ids]}::text[], ${JSON.stringify(labels)}::jsonb,
              ${[...enrolment.reportedLabels]}::text[], ${enrolment.nodeId}, ${enrolment.keyless}, ${enrolment.approval},
              ${enrolment.most}::int, now() + ${expiresInSeconds}::int * interval '1 second')
      ON CONFLICT (name) DO NOTHING RETURNING id::text`;
    if (row === undefined)
      throw new LeonoreError('ENROLMENT_EXISTS', `there is an enrolment "${enrolment.name}" already`);
    return toEnrolment(await tx.enrolment.findUniqueOrThrow({ where: { id: row.id } }));
  }

  /** @throws LeonoreError ENROLMENT_NOT_FOUND */
  async get(name: string): Promise<Enrolment> {
    const row = await this.database.enrolment.findUnique({ where: { name } });
    if (row === null) throw new LeonoreError('ENROLMENT_NOT_FOUND', `there is no enrolment "${name}"`);
    return toEnrolment(row);
  }

  /** By name; there are few. */
  async list(): Promise<Enrolment[]> {
    const rows = await this.database.enrolment.findMany({
      orderBy: { name: 'asc' },
      take: limits.enrolments,
    });
    return rows.map(toEnrolment);
  }

  /** Its token is void at once; gateways that enrolled with it stay. @throws LeonoreError ENROLMENT_NOT_FOUND */
  async revoke(name: string): Promise<void> {
    const { count } = await this.database.enrolment.deleteMany({ where: { name } });
    if (count === 0) throw new LeonoreError('ENROLMENT_NOT_FOUND', `there is no enrolment "${name}"`);
  }

  /** What tokens allow, by their hashes in hex; of those that nobody knows nothing is in the answer. */
  async withTokens(hashes: readonly Buffer[]): Promise<Map<string, GrantedEnrolment>> {
    const rows = await this.database.$queryRaw<GrantRow[]>`
      SELECT id::text AS "enrolmentId", name, encode(token_hash, 'hex') AS hash, ids, keyless, labels,
             reported_labels AS "reportedLabels", node_id AS "nodeId", approval,
             coalesce(expires_at <= now(), false) AS "isExpired", coalesce(used >= most, false) AS "isFull"
      FROM enrolment WHERE token_hash = ANY(${[...hashes]}::bytea[])`;
    return new Map(rows.map(({ hash, ...grant }) => [hash, grant]));
  }
}

/** What a token allows, and whether it does now. */
export interface GrantedEnrolment extends EnrolmentGrant {
  readonly name: string;
  readonly ids: readonly string[];
  readonly isExpired: boolean;
  readonly isFull: boolean;
}

interface GrantRow extends GrantedEnrolment {
  readonly hash: string;
}

/** Why a gateway of an id may not enrol with it; null when it may. */
export function refusalOf(
  { name, ids, isExpired, isFull }: GrantedEnrolment,
  gatewayId: string,
): string | null {
  if (isExpired) return `the enrolment "${name}" has expired`;
  if (isFull) return `the enrolment "${name}" takes no more gateways`;
  if (!ids.some((glob) => matchesGlob(glob, gatewayId)))
    return `the enrolment "${name}" does not allow the id "${gatewayId}"`;
  return null;
}

function toEnrolment(row: {
  id: string;
  name: string;
  ids: string[];
  labels: unknown;
  reportedLabels: string[];
  nodeId: string | null;
  keyless: boolean;
  approval: string;
  most: number | null;
  used: number;
  createdAt: Date;
  expiresAt: Date | null;
}): Enrolment {
  const { id, name, ids, reportedLabels, nodeId, keyless, most, used, createdAt, expiresAt } = row;
  return {
    id,
    name,
    ids,
    labels: row.labels as Labels,
    reportedLabels,
    nodeId,
    keyless,
    approval: row.approval as Approval,
    most,
    used,
    createdAt,
    expiresAt,
  };
}
