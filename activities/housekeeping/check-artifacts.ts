import type { HousekeepingActivities } from '../../workflows/activity-types.js';
import { withHeartbeat } from '../heartbeat.js';
import type { HousekeepingDependencies } from './housekeeping-activities.js';

const batch = 2_000;
/** Examples that the result names: it is for people, and part of a workflow's history. */
const named = 10;

/**
 * Finds files of artifacts that the blob store has lost. Only whoever has the artifact can mend that, by adding the
 * very same again; until then its plans fail with BLOB_MISSING, and others are tried.
 */
export function checkArtifacts(deps: HousekeepingDependencies): HousekeepingActivities['checkArtifacts'] {
  const { blobReferences, blobs } = deps;
  return ({ after }) =>
    withHeartbeat(async (signal) => {
      const page = await blobReferences.artifactContents(after, batch);
      const lost: string[] = [];
      for (const { digest, sizeBytes, artifact, path } of page) {
        signal.throwIfAborted();
        if ((await blobs.sizeOf(digest)) !== sizeBytes) lost.push(`${artifact} ${path}`);
      }
      const next = page.length < batch ? null : (page.at(-1)?.digest ?? null);
      return { checked: page.length, missing: lost.length, examples: lost.slice(0, named), next };
    });
}
