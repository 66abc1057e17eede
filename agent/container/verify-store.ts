/** Holds the files in the store against what their packages promised: a disk may forget, and people may help. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  contentId,
  type FoundFile,
  type PlacedArtifact,
} from '../../domain/package-format/package-tables.js';
import { keptManifest } from './artifacts-left.js';
import type { InstalledArtifact } from './generation.js';

/** Of its time this much is spent resting: verification must not keep applications from their work. */
const restShare = 3;

/** What was found of what is installed. */
export interface StoreFindings {
  /** Artifacts of which a file is missing or changed, or whose package cannot be read any more. */
  readonly damaged: readonly InstalledArtifact[];
  /** Digest of each artifact's files as they are, by home; of one whose package cannot be read there is none. */
  readonly trees: Readonly<Record<string, string>>;
}

/**
 * Reads every file of artifacts.
 *
 * @throws the signal's reason when it is aborted
 */
export async function verifyStore(
  root: string,
  artifacts: readonly InstalledArtifact[],
  signal: AbortSignal,
): Promise<StoreFindings> {
  const damaged: InstalledArtifact[] = [];
  const trees: Record<string, string> = {};
  for (const installed of artifacts) {
    const checked = await keptManifest(root, installed.packageId);
    const placed = checked?.placed.find(({ home }) => home === installed.home);
    if (placed !== undefined) {
      const found = await treeOf(root, placed, signal);
      trees[installed.home] = found;
      if (installed.home.endsWith(`-${found}`)) continue;
    }
    damaged.push(installed);
  }
  return { damaged, trees };
}

/** True when all files of an artifact are there as its package promised. Others beside them are its own affair. */
export async function isWhole(root: string, placed: PlacedArtifact, signal: AbortSignal): Promise<boolean> {
  return placed.home.endsWith(`-${await treeOf(root, placed, signal)}`);
}

/** The digest that names an artifact's directory, made of the files that lie there. */
async function treeOf(
  root: string,
  { home, directory, files }: PlacedArtifact,
  signal: AbortSignal,
): Promise<string> {
  const found: FoundFile[] = [];
  for (const file of files) {
    signal.throwIfAborted();
    const startedMs = performance.now();
    const path = file.path.slice(directory.length + 1);
    found.push({ path, ...(await fileAt(join(root, home, path))) });
    await sleep((performance.now() - startedMs) * restShare, undefined, { signal });
  }
  return contentId(found, (bytes) => createHash('sha256').update(bytes).digest('hex'));
}

/** Of a file that cannot be read nothing is known but its name. */
async function fileAt(path: string): Promise<{ readonly mode: string; readonly sha256: string }> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return { mode: '', sha256: '' };
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
    return { mode: (found.mode & 0o100) === 0 ? '0644' : '0755', sha256: hash.digest('hex') };
  } catch {
    return { mode: '', sha256: '' };
  }
}
