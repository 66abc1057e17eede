import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ArtifactManifest } from '../../domain/artifact/manifest.js';
import { createRandom, seedOf } from '../random.js';

/** Size of the paper's package with the Sedona virtual machine (section IV). */
export const smallPackageBytes = 120_000;

/** Name of the artifact that the bench provisions. */
export const benchArtifact = 'bench-application';

/**
 * Writes an artifact whose package is about `sizeBytes` large: one file of seeded bytes that do not compress, the
 * same for every platform.
 * @returns its directory
 */
export async function writeBenchArtifact(
  target: string,
  version: string,
  sizeBytes = smallPackageBytes,
): Promise<string> {
  const directory = join(target, `${benchArtifact}-${version}`);
  const manifest: ArtifactManifest = {
    name: benchArtifact,
    version,
    kind: 'application',
    description: 'Bytes without a meaning, for measurements.',
  };
  const random = createRandom(seedOf(benchArtifact, version));
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'artifact.yaml'), stringify(manifest));
  await writeFile(
    join(directory, 'payload'),
    Buffer.from(Array.from({ length: sizeBytes }, () => random() * 256)),
  );
  return directory;
}
