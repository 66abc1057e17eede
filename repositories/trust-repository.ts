import { inTransaction, type Database } from './database.js';
import { isUniqueViolation } from './database-errors.js';
import { LeonoreError } from '../domain/errors.js';

/** A file of metadata that was published. */
export interface StoredMetadata {
  readonly role: 'root' | 'targets';
  readonly version: number;
  /** To the byte: signatures are about it. */
  readonly content: string;
}

/** Roots and delegations, each version as it was published. What it means the domain judges, before it is written. */
export class TrustRepository {
  constructor(private readonly database: Database) {}

  async find(role: StoredMetadata['role'], version: number): Promise<string | null> {
    if (!Number.isSafeInteger(version)) return null;
    const row = await this.database.trustMetadata.findUnique({
      where: { role_version: { role, version: BigInt(version) } },
    });
    return row?.content ?? null;
  }

  async newest(role: StoredMetadata['role']): Promise<StoredMetadata | null> {
    const row = await this.database.trustMetadata.findFirst({
      where: { role },
      orderBy: { version: 'desc' },
    });
    return row === null ? null : { role, version: Number(row.version), content: row.content };
  }

  /**
   * Publishes files together or not at all.
   * @throws LeonoreError UNTRUSTED when somebody else has published one of these versions meanwhile
   */
  async publish(files: readonly StoredMetadata[]): Promise<void> {
    try {
      await inTransaction(this.database, async (tx) => {
        for (const { role, version, content } of files) {
          await tx.trustMetadata.create({ data: { role, version: BigInt(version), content } });
        }
      });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw new LeonoreError('UNTRUSTED', 'another file of that version was published at the same moment');
    }
  }
}
