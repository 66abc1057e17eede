import type { Database } from './database.js';

/** What the database says about the content of the blob store: the one place that knows all who refer to a blob. */
export class BlobReferences {
  constructor(private readonly database: Database) {}

  /** The digests among the given that a file of an artifact, a built file or a package's archive has. */
  async neededAmong(digests: readonly string[]): Promise<Set<string>> {
    const rows = await this.database.$queryRaw<{ digest: string }[]>`
      SELECT q.digest FROM unnest(${digests}::text[]) AS q(digest)
      WHERE EXISTS (SELECT 1 FROM artifact_file f WHERE f.sha256 = q.digest)
         OR EXISTS (SELECT 1 FROM source_build_file f WHERE f.sha256 = q.digest)
         OR EXISTS (SELECT 1 FROM package p WHERE p.archive_digest = q.digest AND p.removed_at IS NULL)`;
    return new Set(rows.map((row) => row.digest));
  }

  /** Distinct contents of artifacts in the order of their digests, with an artifact that needs each. */
  async artifactContents(after: string, limit: number): Promise<ArtifactBlob[]> {
    const rows = await this.database.$queryRaw<(Omit<ArtifactBlob, 'sizeBytes'> & { sizeBytes: bigint })[]>`
      SELECT DISTINCT ON (f.sha256) f.sha256 AS digest, f.size_bytes AS "sizeBytes", f.path,
             a.name || '@' || a.version AS artifact
      FROM artifact_file f JOIN artifact a ON a.id = f.artifact_id
      WHERE f.sha256 > ${after} ORDER BY f.sha256, a.name, a.version LIMIT ${limit}`;
    return rows.map((row) => ({ ...row, sizeBytes: Number(row.sizeBytes) }));
  }
}

export interface ArtifactBlob {
  readonly digest: string;
  readonly sizeBytes: number;
  /** `name@version` of an artifact that has it. */
  readonly artifact: string;
  readonly path: string;
}
