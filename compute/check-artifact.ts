import type { ArtifactFile } from '../domain/artifact/variant-files.js';
import { limits } from '../domain/limits.js';
import type { ComputePool } from './compute-pool.js';
import type { CheckedArtifact } from './tasks.js';

/**
 * Reads the manifest of an artifact that was sent, in a process of its own, and checks it against the files: its author may have
 * written it to keep a parser busy.
 * @param principal who sent it
 * @returns the manifest, the digest of manifest and files, and the text that its publisher signs
 * @throws LeonoreError MALFORMED_ARTIFACT, TOO_LARGE, COMPUTATION_TOO_HARD, TOO_MANY_REQUESTS
 */
export async function checkArtifact(
  pool: ComputePool,
  input: {
    readonly manifestText: string;
    readonly manifestName: string;
    readonly files: readonly ArtifactFile[];
    /** Whether what its publisher signs is needed. */
    readonly isSigned?: boolean;
  },
  signal: AbortSignal,
  principal: string,
): Promise<CheckedArtifact> {
  const options = { what: `reading ${input.manifestName}`, limitMs: limits.checkingMs, signal };
  return pool.lend('short', signal, (process) => process.call('checkArtifact', input, options), principal);
}
