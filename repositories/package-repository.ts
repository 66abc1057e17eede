import { LeonoreError } from '../domain/errors.js';
import type { Plan } from '../domain/plan/plan.js';
import { Prisma } from '../prisma/generated/client.js';
import { withBuildLock, type BuildLock } from './build-lock.js';
import { json, type Database } from './database.js';
import { sqlMembers } from './delivery/delivery-writer.js';
import { pageOf } from './page.js';

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
  /** What a task that brings it must tell the gateway. */
  readonly declaredValues: readonly { readonly key: string; readonly default?: string }[];
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

  /** The same without a note: for who only asks. */
  async known(recipe: string): Promise<StoredPackage | null> {
    const row = await this.database.package.findFirst({ where: { recipe, removedAt: null } });
    return row === null ? null : toStored(row);
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
      create: { ...built, artifacts: [...built.artifacts], declaredValues: json(built.declaredValues) },
      update: {
        ...fresh,
        declaredValues: json(built.declaredValues),
        recipe: built.recipe,
        builtAt: fresh.lastNeededAt,
      },
    });
  }

  /**
   * Packages that were last needed before a time, and that nobody can still need: no rollout that delivers them is
   * under way or has ended since (a lost gateway may come back and go on), and no gateway that has them is being
   * changed (it may have to go back).
   */
  async expired(neededBefore: Date, limit: number): Promise<StoredPackage[]> {
    const rows = await this.database.$queryRaw<{ id: string }[]>`
      SELECT p.id FROM package p
      WHERE p.removed_at IS NULL AND p.last_needed_at < ${neededBefore} AND ${stillNeeded(neededBefore)} IS NOT TRUE
      ORDER BY p.last_needed_at LIMIT ${limit}`;
    const found = await this.database.package.findMany({ where: { id: { in: rows.map(({ id }) => id) } } });
    return found.map(toStored);
  }

  /**
   * Notes that the archive of a package is not kept any more; its builders must be kept away meanwhile.
   * @returns false when it is needed again
   */
  async removed(id: string, neededBefore: Date): Promise<boolean> {
    const rows = await this.database.$executeRaw`
      UPDATE package p SET removed_at = now()
      WHERE p.id = ${id} AND p.removed_at IS NULL AND p.last_needed_at < ${neededBefore}
        AND ${stillNeeded(neededBefore)} IS NOT TRUE`;
    return rows > 0;
  }

  /** Forgets packages whose archive is gone and that no rollout was ever about. */
  async forgetUnused(): Promise<number> {
    return this.database.$executeRaw`
      DELETE FROM package p
      WHERE p.removed_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM rollout_group g WHERE g.package_id = p.id)`;
  }

  /** Stored packages in the order of their ids, from the one after `after` on. */
  async stored(after: string, limit: number): Promise<StoredPackage[]> {
    const where = { removedAt: null, id: { gt: after } };
    return (await this.database.package.findMany({ where, orderBy: { id: 'asc' }, take: limit })).map(
      toStored,
    );
  }

  /** A plan that the package with this archive was built from; null when no rollout has one. */
  async planOf(archiveDigest: string): Promise<Plan | null> {
    const rows = await this.database.$queryRaw<{ plan: Plan | null }[]>`
      SELECT g.plans -> g.plan_index AS plan FROM package p JOIN rollout_group g ON g.package_id = p.id
      WHERE p.archive_digest = ${archiveDigest} AND g.plan_index IS NOT NULL LIMIT 1`;
    return rows[0]?.plan ?? null;
  }

  /** The artifacts of the package with this archive, as `name@version`; null when there is none. */
  async artifactsOf(archiveDigest: string): Promise<readonly string[] | null> {
    const row = await this.database.package.findFirst({
      where: { archiveDigest },
      select: { artifacts: true },
    });
    return row?.artifacts ?? null;
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
    return pageOf(rows.map(toStored), limit, ({ id }) => id);
  }
}

/** True for a package `p` that somebody may still want to download, though it was last built for before a time. */
function stillNeeded(since: Date): Prisma.Sql {
  return Prisma.sql`(
    EXISTS (
      SELECT 1 FROM rollout_group g JOIN rollout r ON r.id = g.rollout_id
      WHERE g.package_id = p.id AND (r.ended_at IS NULL OR r.ended_at >= ${since}))
    OR EXISTS (
      SELECT 1 FROM rollout_group g CROSS JOIN LATERAL ${sqlMembers('g')}
      JOIN delivery d ON d.rollout_id = g.rollout_id AND d.ordinal = member.ordinal AND d.group_id = g.id AND d.state = 'succeeded'
      JOIN delivery u ON u.gateway_id = d.gateway_id AND u.ended_at IS NULL
      WHERE g.package_id = p.id))`;
}

function toStored(row: {
  id: string;
  recipe: string;
  archiveDigest: string;
  sizeBytes: bigint;
  installedBytes: bigint;
  artifacts: string[];
  declaredValues: unknown;
  log: string;
  builtBy: string;
  builtAt: Date;
  lastNeededAt: Date;
  removedAt: Date | null;
}): StoredPackage {
  const declaredValues = row.declaredValues as StoredPackage['declaredValues'];
  return {
    ...row,
    declaredValues,
    sizeBytes: Number(row.sizeBytes),
    installedBytes: Number(row.installedBytes),
  };
}
