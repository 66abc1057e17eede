/** Holds the files in the store against what their packages promised: a disk may forget, and people may help. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlacedArtifact } from '../../domain/package-format/package-tables.js';
import { keptManifest } from './artifacts-left.js';
import type { InstalledArtifact } from './generation.js';

/** Of its time this much is spent resting: verification must not keep applications from their work. */
const restShare = 3;

/**
 * Reads every file of artifacts.
 *
 * @returns those of which a file is missing or changed, or whose package cannot be read any more
 * @throws the signal's reason when it is aborted
 */
export async function damagedArtifacts(
  root: string,
  artifacts: readonly InstalledArtifact[],
  signal: AbortSignal,
): Promise<InstalledArtifact[]> {
  const damaged: InstalledArtifact[] = [];
  for (const installed of artifacts) {
    const checked = await keptManifest(root, installed.packageId);
    const placed = checked?.placed.find(({ home }) => home === installed.home);
    if (placed === undefined || !(await isWhole(root, placed, signal))) damaged.push(installed);
  }
  return damaged;
}

/** True when all files of an artifact are there as its package promised. Others beside them are its own affair. */
export async function isWhole(
  root: string,
  { home, directory, files }: PlacedArtifact,
  signal: AbortSignal,
): Promise<boolean> {
  for (const file of files) {
    signal.throwIfAborted();
    const startedMs = performance.now();
    const path = join(root, home, file.path.slice(directory.length + 1));
    if (!(await isFile(path, file))) return false;
    await sleep((performance.now() - startedMs) * restShare, undefined, { signal });
  }
  return true;
}

async function isFile(
  path: string,
  promised: { readonly sha256: string; readonly size: number; readonly mode: string },
): Promise<boolean> {
  try {
    const found = await stat(path);
    const mode = (found.mode & 0o100) === 0 ? '0644' : '0755';
    if (!found.isFile() || found.size !== promised.size || mode !== promised.mode) return false;
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
    return hash.digest('hex') === promised.sha256;
  } catch {
    return false;
  }
}
