import { stat } from 'node:fs/promises';
import { artifactFiles } from '../client/artifact-archive.js';
import type { LeonoreClient } from '../client/leonore-client.js';
import { diffManifests, type FieldChange } from '../domain/artifact/diff-manifests.js';
import type { ArtifactManifest } from '../domain/artifact/manifest.js';
import type { ArtifactFile } from '../domain/artifact/variant-files.js';
import { measuredArtifact } from '../trust/measured-artifact.js';
import { nameAndVersion } from './arguments.js';
import { badUsage } from './bad-usage.js';

/** One of two artifacts that are compared. */
interface Side {
  readonly manifest: ArtifactManifest;
  /** Null of one on a server, which does not list them. */
  readonly files: readonly ArtifactFile[] | null;
}

/** How two artifacts differ. */
export interface ArtifactDifference {
  readonly fields: readonly FieldChange[];
  /** Null unless both are directories. */
  readonly files: readonly FileChange[] | null;
}

interface FileChange {
  readonly path: string;
  readonly change: 'added' | 'removed' | 'changed';
}

/**
 * Reads an artifact to compare.
 * @param reference a directory, or NAME@VERSION
 * @throws LeonoreError MALFORMED_ARTIFACT, TOO_LARGE; ClientError; CommanderError when it is neither
 */
export async function readSide(reference: string, connect: () => Promise<LeonoreClient>): Promise<Side> {
  const found = await stat(reference).catch(() => null);
  if (found?.isDirectory() === true) {
    const { manifest, files } = await measuredArtifact(reference, await artifactFiles(reference));
    return { manifest, files };
  }
  const { name, version } = nameAndVersion(reference);
  if (version === null || version === '')
    throw badUsage(`"${reference}" is neither a directory nor NAME@VERSION`);
  const { manifest } = await (await connect()).artifact(name, version);
  return { manifest, files: null };
}

/** Compares manifests field by field, and files by content and mode. */
export function diffArtifacts(before: Side, after: Side): ArtifactDifference {
  const bothListed = before.files !== null && after.files !== null;
  return {
    fields: diffManifests(before.manifest, after.manifest),
    files: bothListed ? diffFiles(before.files, after.files) : null,
  };
}

function diffFiles(before: readonly ArtifactFile[], after: readonly ArtifactFile[]): FileChange[] {
  const [old, fresh] = [before, after].map((files) => new Map(files.map((file) => [file.path, file])));
  return [...new Set([...before, ...after].map(({ path }) => path))].sort().flatMap((path): FileChange[] => {
    const [was, is] = [old?.get(path), fresh?.get(path)];
    if (was === undefined) return [{ path, change: 'added' }];
    if (is === undefined) return [{ path, change: 'removed' }];
    return was.sha256 === is.sha256 && was.mode === is.mode ? [] : [{ path, change: 'changed' }];
  });
}
