import type { HousekeepingActivities } from '../../workflows/activity-types.js';
import { withHeartbeat } from '../heartbeat.js';
import type { HousekeepingDependencies } from './housekeeping-activities.js';

const batch = 100;
/** Removing one file takes no longer, even on a slow disk. */
const lockMs = 60_000;

/**
 * Removes the archives of packages that nobody needs any more. Their rows stay as long as a rollout tells of them.
 *
 * The row first, then the blob: a crash in between leaves a blob that no row names, which the sweep finds. Builders of
 * the same package are kept away, so that none can write the blob anew just before it is removed.
 */
export function removeExpiredPackages(
  deps: HousekeepingDependencies,
): HousekeepingActivities['removeExpiredPackages'] {
  const { packages, blobs, blobReferences, retentionMs } = deps;
  return () =>
    withHeartbeat(async (signal) => {
      const neededBefore = new Date(Date.now() - retentionMs);
      const expired = await packages.expired(neededBefore, batch);
      let removed = 0;
      for (const { id, recipe, archiveDigest } of expired) {
        signal.throwIfAborted();
        await packages.withBuildLock(recipe, lockMs, signal, async () => {
          if (!(await packages.removed(id, neededBefore))) return;
          removed += 1;
          await blobs.removeUnneeded(archiveDigest, new Date(), async (digest) =>
            (await blobReferences.neededAmong([digest])).has(digest),
          );
        });
      }
      await packages.forgetUnused();
      // What could not be removed is being built, or needed again: it is no reason to look at once again.
      return { removed, more: removed === batch };
    });
}
