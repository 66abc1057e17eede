import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { ArtifactManifest } from '../../domain/artifact/manifest.js';
import { createRandom, seedOf } from '../random.js';

/** A file of an artifact: its content, and whether it is a program. */
export interface ArtifactContent {
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly executable?: boolean;
}

/** Writes an artifact's directory below `target`. @returns the directory */
export async function writeArtifact(
  target: string,
  manifest: ArtifactManifest,
  files: readonly ArtifactContent[],
): Promise<string> {
  const directory = join(target, `${manifest.name}-${manifest.version}`);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'artifact.yaml'), stringify(manifest));
  for (const { path, content, executable = false } of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content, { mode: executable ? 0o755 : 0o644 });
  }
  return directory;
}

/** Bytes without a meaning that do not compress, the same for the same name: they stand in for a program. */
export function standInBytes(name: string, sizeBytes: number): Buffer {
  const random = createRandom(seedOf(name));
  const bytes = Buffer.allocUnsafe(sizeBytes);
  for (let offset = 0; offset + 4 <= sizeBytes; offset += 4) {
    bytes.writeUInt32LE((random() * 2 ** 32) >>> 0, offset);
  }
  for (let offset = sizeBytes - (sizeBytes % 4); offset < sizeBytes; offset += 1) {
    bytes.writeUInt8(Math.floor(random() * 256), offset);
  }
  return bytes;
}
