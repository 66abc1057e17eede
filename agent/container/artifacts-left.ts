/** What a container still holds when nothing says any more what is installed: asked of its packages and its store. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkManifest, type CheckedManifest } from '../../domain/package-format/check-manifest.js';
import type { InstalledArtifact } from './generation.js';

/** The manifest of a package that was kept; null when it is not there or not sound. */
export async function keptManifest(root: string, packageId: string): Promise<CheckedManifest | null> {
  try {
    const bytes = await readFile(join(root, 'packages', packageId, 'manifest.json'));
    return sha256(bytes) === packageId ? checkManifest(bytes.toString('utf8'), sha256) : null;
  } catch {
    return null;
  }
}

/** Artifacts whose package is known and whose directory is there, those of the newest package of each name. */
export async function artifactsLeft(root: string): Promise<InstalledArtifact[]> {
  const ids = await readdir(join(root, 'packages'));
  const times = await Promise.all(ids.map(async (id) => (await stat(join(root, 'packages', id))).mtimeMs));
  const order = ids
    .map((id, index) => ({ id, ms: times[index] ?? 0 }))
    .sort((left, right) => left.ms - right.ms);
  const left = new Map<string, InstalledArtifact>();
  for (const { id } of order) {
    const checked = await keptManifest(root, id);
    for (const { artifact, home } of checked?.placed ?? []) {
      const isThere = await stat(join(root, home)).then(
        (found) => found.isDirectory(),
        () => false,
      );
      // Of what archive it came nobody knows any more.
      const archive = { digest: '', sizeBytes: 0 };
      if (isThere) left.set(artifact.name, { artifact, home, packageId: id, archive });
    }
  }
  return [...left.values()];
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
