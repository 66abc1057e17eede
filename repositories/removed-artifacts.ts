/** What was removed from the artifact repository: its versions come again as they were, or not at all. */
import { artifactKey } from '../domain/artifact/manifest.js';
import { LeonoreError } from '../domain/errors.js';
import type { Transaction } from './database.js';

interface Removed {
  readonly name: string;
  readonly version: string;
  /** Of manifest and files. */
  readonly digest: string;
}

/** The version without build metadata, which makes no other. */
export function releaseOf(version: string): string {
  return version.split('+', 1)[0] ?? '';
}

/** The same content may have come and gone before. */
export async function rememberRemoved(tx: Transaction, { name, version, digest }: Removed): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO removed_artifact (name, release, version, digest)
    VALUES (${name}, ${releaseOf(version)}, ${version}, ${digest})
    ON CONFLICT (name, release) DO UPDATE SET removed_at = now()`;
}

/** @throws LeonoreError ARTIFACT_IMMUTABLE when the version was there with other content, or as another build */
export async function refuseOtherThanRemoved(
  tx: Transaction,
  { name, version, digest }: Removed,
): Promise<void> {
  const [before] = await tx.$queryRaw<{ version: string; digest: string; removedAt: Date }[]>`
    SELECT version, digest, removed_at AS "removedAt" FROM removed_artifact
    WHERE name = ${name} AND release = ${releaseOf(version)}`;
  if (before === undefined || (before.version === version && before.digest === digest)) return;
  throw new LeonoreError(
    'ARTIFACT_IMMUTABLE',
    `${artifactKey({ name, version: before.version })} was there with other content until ${before.removedAt.toISOString()}: a version never changes, also after it was removed`,
  );
}
