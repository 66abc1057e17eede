import type { ArtifactManifest } from '../domain/artifact/manifest.js';
import type { ArtifactFile } from '../domain/artifact/variant-files.js';
import { limits } from '../domain/limits.js';
import type { ComputePool } from './compute-pool.js';

/**
 * Reads the manifest of an artifact that was sent, in a process of its own, and checks it against the files: its author may have
 * written it to keep a parser busy.
 * @param principal who sent it
 * @returns the manifest, and the digest of manifest and files
 * @throws LeonoreError MALFORMED_ARTIFACT, TOO_LARGE, COMPUTATION_TOO_HARD, TOO_MANY_REQUESTS
 */
export async function checkArtifact(
  pool: ComputePool,
  input: {
    readonly manifestText: string;
    readonly manifestName: string;
    readonly files: readonly ArtifactFile[];
  },
  signal: AbortSignal,
  principal: string,
): Promise<{ manifest: ArtifactManifest; digest: string }> {
  const options = { what: `reading ${input.manifestName}`, limitMs: limits.checkingMs, signal };
  return pool.lend('short', signal, (process) => process.call('checkArtifact', input, options), principal);
}
