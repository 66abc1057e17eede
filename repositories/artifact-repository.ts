import semver from 'semver';
import { artifactKey, type ArtifactManifest } from '../domain/artifact/manifest.js';
import type { ArtifactFile } from '../domain/artifact/variant-files.js';
import { LeonoreError } from '../domain/errors.js';
import type { Signature } from '../domain/trust/metadata.js';
import type { AvailableVersion } from '../domain/plan/select-available.js';
import type { Catalog } from '../domain/resolver/catalog.js';
import { createCatalog } from '../domain/resolver/create-catalog.js';
import { namesReachedFrom } from '../domain/resolver/reachable-names.js';
import { refuseNeeded, wantedBy, type WantedBy } from './artifact-needs.js';
import { contentDigest } from './content-digest.js';
import { inTransaction, jsonText, type Database, type Transaction } from './database.js';
import { isUniqueViolation } from './database-errors.js';
import { pageOf } from './page.js';
import { refuseOtherThanRemoved, releaseOf, rememberRemoved } from './removed-artifacts.js';

/** Names whose versions are read by one statement. */
const namesAtOnce = 100;

/** An artifact as the repository holds it. */
export interface StoredArtifact {
  readonly manifest: ArtifactManifest;
  /** sha256 over manifest and files. */
  readonly digest: string;
  readonly sizeBytes: number;
  readonly createdAt: Date;
  /** Ids of the keys that have signed it. */
  readonly signedBy: readonly string[];
}

/** What somebody has signed of an artifact. */
export interface SignedStatement extends Signature {
  /** The very text that the signature is about. */
  readonly statement: string;
}

/** Of what is stored with an artifact, what belongs to it in every answer. */
const withSigners = { signatures: { select: { keyid: true }, orderBy: { createdAt: 'asc' } } } as const;

export interface ArtifactContent extends StoredArtifact {
  /** Another one when the same version was removed and added again. */
  readonly id: string;
  readonly files: readonly ArtifactFile[];
}

interface Page<T> {
  readonly items: readonly T[];
  /** Pass it back to go on after the last item; null at the end. */
  readonly nextCursor: string | null;
}

/** Artifact repository of the paper (III-C 1): addressed by name and version, as in Maven; versions never change. */
export class ArtifactRepository {
  constructor(private readonly database: Database) {}

  /**
   * Stores one version; its files are in the blob store already.
   * @param digest of both, when it was computed elsewhere
   * @returns `unchanged` when the very same content was stored before
   * @throws LeonoreError ARTIFACT_IMMUTABLE when the version exists with other content, or did before it was removed, or
   *   under another build: build metadata does not tell versions apart
   */
  async add(
    manifest: ArtifactManifest,
    files: readonly ArtifactFile[],
    digest = contentDigest(manifest, files),
  ): Promise<'added' | 'unchanged'> {
    const existing = await this.find(manifest.name, manifest.version);
    if (existing !== null) return sameContent(existing, digest);
    try {
      await inTransaction(this.database, async (tx) => {
        await refuseOtherBuild(tx, manifest);
        await refuseOtherThanRemoved(tx, { name: manifest.name, version: manifest.version, digest });
        const { name, version, kind } = manifest;
        const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
        // As text that is made once: Prisma would copy a large manifest some times more.
        const [row] = await tx.$queryRaw<{ id: string }[]>`
          INSERT INTO artifact (name, version, kind, manifest, digest, size_bytes)
          VALUES (${name}, ${version}, ${kind}, ${jsonText(manifest)}::jsonb, ${digest}, ${sizeBytes})
          RETURNING id::text`;
        const id = row?.id ?? '';
        const provided = [...new Set((manifest.provides ?? []).map((provision) => provision.name))];
        await tx.artifactProvision.createMany({ data: provided.map((name) => ({ artifactId: id, name })) });
        await tx.artifactFile.createMany({ data: files.map((file) => ({ artifactId: id, ...file })) });
      });
      return 'added';
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      // Somebody else added the same version in between.
      const winner = await this.find(manifest.name, manifest.version);
      if (winner === null) throw error;
      return sameContent(winner, digest);
    }
  }

  /** Keeps what somebody has signed of a version; the same key again changes nothing. */
  async addSignature(
    { name, version }: { readonly name: string; readonly version: string },
    { keyid, sig, statement }: SignedStatement,
  ): Promise<void> {
    await this.database.$executeRaw`
      INSERT INTO artifact_signature (artifact_id, keyid, sig, statement)
      SELECT id, ${keyid}, ${sig}, ${statement} FROM artifact WHERE name = ${name} AND version = ${version}
      ON CONFLICT (artifact_id, keyid) DO UPDATE SET sig = EXCLUDED.sig, statement = EXCLUDED.statement`;
  }

  /** What has been signed of some artifacts, by `name@version`, and of what was built from their sources. */
  async statementsOf(
    keys: readonly string[],
  ): Promise<{ readonly artifacts: readonly SignedStatement[]; readonly builds: readonly unknown[] }> {
    const rows = await this.database.artifact.findMany({
      where: { OR: keys.map(splitKey) },
      select: {
        signatures: { select: { keyid: true, sig: true, statement: true }, orderBy: { keyid: 'asc' } },
        builds: { select: { statement: true }, orderBy: { variantIndex: 'asc' } },
      },
    });
    return {
      artifacts: rows.flatMap(({ signatures }) => signatures),
      builds: rows
        .flatMap(({ builds }) => builds.map(({ statement }) => statement))
        .filter((one) => one !== null),
    };
  }

  /** One version, or null. */
  async find(name: string, version: string): Promise<StoredArtifact | null> {
    const row = await this.database.artifact.findUnique({
      where: { name_version: { name, version } },
      include: withSigners,
    });
    return row === null ? null : toStored(row);
  }

  /** All versions of a name, newest first. */
  async versionsOf(name: string): Promise<StoredArtifact[]> {
    const rows = await this.database.artifact.findMany({ where: { name }, include: withSigners });
    return rows.map(toStored).sort((a, b) => semver.rcompare(a.manifest.version, b.manifest.version));
  }

  /** What is offered under a name: by artifacts of that name, the newest first, and by those that provide it. */
  async availableUnder(
    name: string,
  ): Promise<{ named: readonly AvailableVersion[]; provided: readonly AvailableVersion[] }> {
    const [named, provided] = await Promise.all([
      this.database.$queryRaw<AvailableVersion[]>`
        SELECT name || '@' || version AS artifact, version,
               coalesce(manifest #>> '{policies,prerelease}' = 'true', false) AS prerelease
        FROM artifact WHERE name = ${name}`,
      this.database.$queryRaw<AvailableVersion[]>`
        SELECT a.name || '@' || a.version AS artifact, offered ->> 'version' AS version,
               coalesce(a.manifest #>> '{policies,prerelease}' = 'true', false) AS prerelease
        FROM artifact_provision p JOIN artifact a ON a.id = p.artifact_id
        CROSS JOIN LATERAL jsonb_array_elements(a.manifest -> 'provides') AS offered
        WHERE p.name = ${name} AND a.name <> ${name} AND offered ->> 'name' = ${name}
        ORDER BY a.name, a.version`,
    ]);
    return { named: named.sort((a, b) => semver.rcompare(a.version, b.version)), provided };
  }

  /** Those of some keys of values that no artifact declares, in their order. */
  async undeclaredKeys(keys: readonly string[]): Promise<string[]> {
    if (keys.length === 0) return [];
    const rows = await this.database.$queryRaw<{ key: string }[]>`
      SELECT k.key FROM unnest(${[...keys]}::text[]) WITH ORDINALITY AS k(key, place)
      WHERE NOT EXISTS (
        SELECT FROM artifact a WHERE a.manifest -> 'values' @> jsonb_build_array(jsonb_build_object('key', k.key)))
      ORDER BY k.place`;
    return rows.map(({ key }) => key);
  }

  /** Those of some names that artifacts of other names provide. */
  async providedAmong(names: readonly string[]): Promise<Set<string>> {
    const rows = await this.database.$queryRaw<{ name: string }[]>`
      SELECT DISTINCT p.name FROM artifact_provision p JOIN artifact a ON a.id = p.artifact_id
      WHERE p.name = ANY(${names}::text[]) AND a.name <> p.name`;
    return new Set(rows.map(({ name }) => name));
  }

  /** All artifacts by name and version (as text), a page at a time. */
  async list(limit: number, cursor: string | null): Promise<Page<StoredArtifact>> {
    const [name = '', version = ''] = cursor === null ? [] : cursor.split('@');
    const rows = await this.database.artifact.findMany({
      ...(cursor === null
        ? {}
        : { where: { OR: [{ name: { gt: name } }, { name, version: { gt: version } }] } }),
      include: withSigners,
      orderBy: [{ name: 'asc' }, { version: 'asc' }],
      take: limit + 1,
    });
    return pageOf(rows.map(toStored), limit, ({ manifest }) => artifactKey(manifest));
  }

  /**
   * Removes one version; what it was stays known, so that it never comes again with other content. Its files stay in the blob
   * store until housekeeping finds that nobody needs them: the same content may be on its way in with another artifact.
   * @param force whether it goes though it is kept, wanted or a way back; never while an unfinished rollout installs it
   * @throws LeonoreError ARTIFACT_NOT_FOUND; ARTIFACT_IN_USE that names who needs it
   */
  async remove(name: string, version: string, force = false): Promise<void> {
    const key = artifactKey({ name, version });
    await inTransaction(this.database, async (tx) => {
      const [row] = await tx.$queryRaw<{ id: string; digest: string }[]>`
        SELECT id::text, digest FROM artifact WHERE name = ${name} AND version = ${version} FOR UPDATE`;
      if (row === undefined) throw new LeonoreError('ARTIFACT_NOT_FOUND', `there is no artifact ${key}`);
      await refuseNeeded(tx, { name, version }, force);
      await rememberRemoved(tx, { name, version, digest: row.digest });
      await tx.$executeRaw`DELETE FROM artifact WHERE id = ${row.id}::uuid`;
    });
  }

  /** The artifacts with their files, by `name@version`; those that do not exist are missing from the answer. */
  async contentOf(keys: readonly string[]): Promise<Map<string, ArtifactContent>> {
    const rows = await this.database.artifact.findMany({
      where: { OR: keys.map(splitKey) },
      include: { files: { orderBy: { path: 'asc' } }, ...withSigners },
    });
    return new Map(
      rows.map((row) => [artifactKey(row), { id: row.id, ...toStored(row), files: row.files.map(toFile) }]),
    );
  }

  /** Artifacts with a requirement on any of the names; at most so many. */
  async requiring(names: readonly string[], limit: number): Promise<ArtifactManifest[]> {
    const rows = await this.database.$queryRaw<{ manifest: ArtifactManifest }[]>`
      SELECT manifest FROM artifact a
      WHERE EXISTS (SELECT FROM jsonb_path_query(a.manifest, '$.requires.**.name') AS n(name)
        WHERE n.name #>> '{}' = ANY(${[...names]}::text[]))
      ORDER BY name, version LIMIT ${limit}`;
    return rows.map(({ manifest }) => manifest);
  }

  /** What is kept at a version, or is to bring it: all that has not ended. */
  async wantedBy(name: string, version: string): Promise<WantedBy> {
    return wantedBy(this.database, artifactKey({ name, version }));
  }

  /** A catalog of only what can be reached from the names. */
  async loadCatalog(names: readonly string[]): Promise<Catalog> {
    const manifests: ArtifactManifest[] = [];
    for await (const page of this.reachedFrom(names)) manifests.push(...page);
    return createCatalog(manifests);
  }

  /**
   * The manifests of what can be reached from the names, each once: read level by level, so that the cost grows with
   * the request and not with the repository, and some names at a time, so that nothing else waits long.
   */
  async *reachedFrom(names: readonly string[]): AsyncGenerator<ArtifactManifest[]> {
    const named = new Set(names);
    const read = new Set<string>();
    for (let wanted = [...named]; wanted.length > 0;) {
      const next: string[] = [];
      for (let from = 0; from < wanted.length; from += namesAtOnce) {
        const some = wanted.slice(from, from + namesAtOnce);
        const rows = await this.database.$queryRaw<{ manifest: ArtifactManifest }[]>`
          SELECT manifest FROM artifact
          WHERE name = ANY(${some}::text[])
             OR id IN (SELECT artifact_id FROM artifact_provision WHERE name = ANY(${some}::text[]))`;
        const page = rows
          .map(({ manifest }) => manifest)
          .filter((manifest) => !read.has(artifactKey(manifest)));
        for (const manifest of page) {
          read.add(artifactKey(manifest));
          for (const name of namesReachedFrom(manifest)) {
            if (!named.has(name)) next.push(name);
            named.add(name);
          }
        }
        if (page.length > 0) yield page;
      }
      wanted = next;
    }
  }
}

function sameContent(existing: StoredArtifact, digest: string): 'unchanged' {
  if (existing.digest === digest) return 'unchanged';
  throw new LeonoreError('ARTIFACT_IMMUTABLE', `${artifactKey(existing.manifest)} exists with other content`);
}

/**
 * Build metadata does not tell versions apart: two that differ by it alone would be one version with two contents. Whoever
 * adds another build at the same moment waits here for this one.
 */
async function refuseOtherBuild(tx: Transaction, { name, version }: ArtifactManifest): Promise<void> {
  const release = releaseOf(version);
  const key = artifactKey({ name, version: release });
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`artifact ${key}`}, 0))`;
  const [other] = await tx.$queryRaw<{ version: string }[]>`
    SELECT version FROM artifact
    WHERE name = ${name} AND split_part(version, '+', 1) = ${release} AND version <> ${version} LIMIT 1`;
  if (other === undefined) return;
  throw new LeonoreError(
    'ARTIFACT_IMMUTABLE',
    `${artifactKey({ name, version })} is the same version as ${artifactKey({ name, version: other.version })}: they differ by build metadata alone`,
  );
}

function toStored(row: {
  manifest: unknown;
  digest: string;
  sizeBytes: bigint;
  createdAt: Date;
  signatures: readonly { keyid: string }[];
}): StoredArtifact {
  return {
    manifest: row.manifest as ArtifactManifest,
    digest: row.digest,
    sizeBytes: Number(row.sizeBytes),
    createdAt: row.createdAt,
    signedBy: row.signatures.map(({ keyid }) => keyid),
  };
}

function toFile(row: { path: string; sha256: string; sizeBytes: bigint; mode: string }): ArtifactFile {
  return {
    path: row.path,
    sha256: row.sha256,
    sizeBytes: Number(row.sizeBytes),
    mode: row.mode as '0644' | '0755',
  };
}

function splitKey(key: string): { name: string; version: string } {
  const at = key.indexOf('@');
  return { name: key.slice(0, at), version: key.slice(at + 1) };
}
