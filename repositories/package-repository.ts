import { LeonoreError } from '../domain/errors.js';
import { withBuildLock, type BuildLock } from './build-lock.js';
import type { Database } from './database.js';

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
  /** When its archive was removed; null while it is stored. */
  readonly removedAt: Date | null;
}

export type NewPackage = Omit<StoredPackage, 'builtAt' | 'lastNeededAt' | 'removedAt'>;

export class PackageRepository {
  constructor(private readonly database: Database) {}

  /** The package made by a recipe, noted as needed now; null when it was never built or has been removed. */
  async need(recipe: string): Promise<StoredPackage | null> {
    const rows = await this.database.package.updateManyAndReturn({
      where: { recipe, removedAt: null },
      data: { lastNeededAt: new Date() },
    });
    return rows[0] === undefined ? null : toStored(rows[0]);
  }

  /** Runs `build` while no other process builds the same recipe, see {@link withBuildLock}. */
  withBuildLock<T>(
    recipe: string,
    timeoutMs: number,
    signal: AbortSignal,
    build: (lock: BuildLock) => Promise<T>,
  ): Promise<{ result: T } | null> {
    return withBuildLock(this.database, `package ${recipe}`, timeoutMs, signal, build);
  }

  /**
   * Enters a package whose archive is in the blob store already. The same recipe again gives the same package, so that
   * only what may differ with the machine is replaced: the compression of the archive, and the log.
   */
  async add(built: NewPackage): Promise<void> {
    const { archiveDigest, sizeBytes, log, builtBy } = built;
    const fresh = { archiveDigest, sizeBytes, log, builtBy, lastNeededAt: new Date(), removedAt: null };
    await this.database.package.upsert({
      // By id: two recipes may lead to one package, a pre-built variant and a source variant that gives the same files.
      where: { id: built.id },
      create: { ...built, artifacts: [...built.artifacts] },
      update: { ...fresh, recipe: built.recipe, builtAt: fresh.lastNeededAt },
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
  removedAt: Date | null;
}): StoredPackage {
  return { ...row, sizeBytes: Number(row.sizeBytes), installedBytes: Number(row.installedBytes) };
}
