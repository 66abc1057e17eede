import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Works with an artifact where it lies in a directory; one in an archive is unpacked for as long as that takes.
 * @param path of the directory, or of a `.tar`, also compressed
 * @throws LeonoreError MALFORMED_ARTIFACT, MALFORMED_INPUT, TOO_LARGE; ClientError UNREADABLE; what `work` throws
 */
export async function inArtifactDirectory<T>(
  path: string,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  const isArchive = await stat(path).then(
    (found) => found.isFile(),
    // Whoever reads it says what is wrong.
    () => false,
  );
  if (!isArchive) return work(path);
  // Few artifacts come so.
  const { unpackArtifact } = await import('./unpack-artifact.js');
  const place = await mkdtemp(join(tmpdir(), 'leonore-artifact-'));
  try {
    return await work(await unpackArtifact(path, place));
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}
