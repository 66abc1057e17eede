import type { ArtifactFile } from '../domain/artifact/variant-files.js';
import { inTransaction, json, type Database } from './database.js';

/** A source variant of a stored artifact. */
export interface SourceVariant {
  readonly artifactId: string;
  readonly variantIndex: number;
}

/** What came of building it. */
export interface StoredBuild {
  /** Empty when it failed. */
  readonly files: readonly ArtifactFile[];
  /** Why it failed; null when it did not. */
  readonly error: string | null;
  readonly log: string;
  readonly builtAt: Date;
  /** What the builder has signed of it; null when it has no key. */
  readonly statement: object | null;
}

/**
 * What was built from source. Kept as long as the artifact: a script need not give the same bytes twice, but a
 * package that is built again has to have them.
 */
export class SourceBuildRepository {
  constructor(private readonly database: Database) {}

  async find({ artifactId, variantIndex }: SourceVariant): Promise<StoredBuild | null> {
    const row = await this.database.sourceBuild.findUnique({
      where: { artifactId_variantIndex: { artifactId, variantIndex } },
      include: { files: { orderBy: { path: 'asc' } } },
    });
    if (row === null) return null;
    const { error, log, builtAt } = row;
    const statement = row.statement as object | null;
    const files = row.files.map(({ path, sha256, sizeBytes, mode }) => ({
      path,
      sha256,
      sizeBytes: Number(sizeBytes),
      mode: mode as ArtifactFile['mode'],
    }));
    return { files, error, log, builtAt, statement };
  }

  /** Enters what came of a build, in place of what is known of it. */
  async store(
    { artifactId, variantIndex }: SourceVariant,
    { files, error, log, statement }: Omit<StoredBuild, 'builtAt'>,
    builtBy: string,
  ): Promise<void> {
    await inTransaction(this.database, async (tx) => {
      await tx.sourceBuild.deleteMany({ where: { artifactId, variantIndex } });
      await tx.sourceBuild.create({
        data: {
          artifactId,
          variantIndex,
          error,
          log,
          builtBy,
          ...(statement === null ? {} : { statement: json(statement) }),
        },
      });
      await tx.sourceBuildFile.createMany({
        data: files.map((file) => ({ artifactId, variantIndex, ...file })),
      });
    });
  }
}
