import { LeonoreError } from '../domain/errors.js';
import { inTransaction, type Database } from './database.js';

/** A package in the package repository (paper III-C 1): built once for all gateways that need it. */
export interface StoredPackage {
  /** sha256 of its manifest.json. */
  readonly id: string;
  /** sha256 over all that goes into it. */
  readonly recipe: string;
  /** sha256 of the archive: its name in the blob store. */
  readonly archiveDigest: string;
  readonly sizeBytes: number;
  readonly installedBytes: number;
  readonly artifacts: readonly string[];
  readonly log: string;
  readonly builtBy: string;
  readonly builtAt: Date;
  readonly lastNeededAt: Date;
}

export type NewPackage = Omit<StoredPackage, 'builtAt' | 'lastNeededAt'>;

export class PackageRepository {
  constructor(private readonly database: Database) {}

  /** The package made by a recipe, noted as needed now; null when it was never built or has been removed. */
  async need(recipe: string): Promise<StoredPackage | null> {
    const rows = await this.database.package.updateManyAndReturn({
      where: { recipe },
      data: { lastNeededAt: new Date() },
    });
    return rows[0] === undefined ? null : toStored(rows[0]);
  }

  /**
   * Runs `build` while no other process builds the same recipe. The lock is PostgreSQL's and belongs to the
   * connection: when the builder dies, it is free.
   */
  async withBuildLock<T>(recipe: string, timeoutMs: number, build: () => Promise<T>): Promise<T> {
    return inTransaction(
      this.database,
      async (tx) => {
        await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`package ${recipe}`}, 0))::text`;
        return build();
      },
      timeoutMs,
    );
  }

  /** Enters a package whose archive is in the blob store already; the same recipe again changes nothing. */
  async add(built: NewPackage): Promise<void> {
    await this.database.package.upsert({
      where: { recipe: built.recipe },
      create: { ...built, artifacts: [...built.artifacts] },
      update: {
        archiveDigest: built.archiveDigest,
        sizeBytes: built.sizeBytes,
        log: built.log,
        lastNeededAt: new Date(),
      },
    });
  }

  /** @throws LeonoreError PACKAGE_NOT_FOUND */
  async get(id: string): Promise<StoredPackage> {
    const row = await this.database.package.findUnique({ where: { id } });
    if (row === null) throw new LeonoreError('PACKAGE_NOT_FOUND', `there is no package ${id}`);
    return toStored(row);
  }

  /** By id, a page at a time; the cursor is the last id of the page before. */
  async list(
    limit: number,
    cursor: string | null,
  ): Promise<{ items: StoredPackage[]; nextCursor: string | null }> {
    const rows = await this.database.package.findMany({
      ...(cursor === null ? {} : { where: { id: { gt: cursor } } }),
      orderBy: { id: 'asc' },
      take: limit + 1,
    });
    const items = rows.slice(0, limit).map(toStored);
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }
}

function toStored(row: {
  id: string;
  recipe: string;
  archiveDigest: string;
  sizeBytes: bigint;
  installedBytes: bigint;
  artifacts: string[];
  log: string;
  builtBy: string;
  builtAt: Date;
  lastNeededAt: Date;
}): StoredPackage {
  return { ...row, sizeBytes: Number(row.sizeBytes), installedBytes: Number(row.installedBytes) };
}
