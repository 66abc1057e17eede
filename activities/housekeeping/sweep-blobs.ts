import type { ListedBlob } from '../../repositories/blob-store.js';
import type { HousekeepingActivities } from '../../workflows/activity-types.js';
import { withHeartbeat } from '../heartbeat.js';
import type { HousekeepingDependencies } from './housekeeping-activities.js';

/** Blobs that one call looks at, and that one statement asks for. */
const blobsACall = 10_000;
const blobsAStatement = 500;

/** Removes content that no row names: a crash between blob and row left it, or its artifact was removed. */
export function sweepBlobs(deps: HousekeepingDependencies): HousekeepingActivities['sweepBlobs'] {
  const { blobs, graceMs } = deps;
  return ({ after }) =>
    withHeartbeat(async (signal) => {
      const committedBefore = new Date(Date.now() - graceMs);
      const swept = { checked: 0, removed: 0, freedBytes: 0 };
      let old: ListedBlob[] = [];
      let last: string | null = null;
      for await (const blob of blobs.list(after)) {
        signal.throwIfAborted();
        last = blob.digest;
        swept.checked += 1;
        if (blob.committedAt < committedBefore) old.push(blob);
        if (old.length === blobsAStatement) {
          await removeUnneeded(old);
          old = [];
        }
        if (swept.checked === blobsACall) break;
      }
      await removeUnneeded(old);
      return { ...swept, next: swept.checked === blobsACall ? last : null };

      async function removeUnneeded(candidates: readonly ListedBlob[]): Promise<void> {
        const needed = await deps.blobReferences.neededAmong(candidates.map(({ digest }) => digest));
        for (const { digest, sizeBytes } of candidates) {
          if (needed.has(digest)) continue;
          if (!(await blobs.removeUnneeded(digest, committedBefore, isNeeded(deps)))) continue;
          swept.removed += 1;
          swept.freedBytes += sizeBytes;
        }
      }
    });
}

/** Clears what killed processes left in the blob store besides blobs. */
export function clearLeftovers(deps: HousekeepingDependencies): HousekeepingActivities['clearLeftovers'] {
  return () =>
    withHeartbeat(async () => {
      const receivedBefore = new Date(Date.now() - deps.graceMs);
      return { cleared: await deps.blobs.clearLeftovers(receivedBefore, isNeeded(deps)) };
    });
}

function isNeeded({ blobReferences }: HousekeepingDependencies): (digest: string) => Promise<boolean> {
  return async (digest) => (await blobReferences.neededAmong([digest])).has(digest);
}
