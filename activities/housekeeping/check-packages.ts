import type { HousekeepingActivities } from '../../workflows/activity-types.js';
import { withHeartbeat } from '../heartbeat.js';
import type { HousekeepingDependencies } from './housekeeping-activities.js';

const batch = 500;
const lockMs = 60_000;

/**
 * Finds packages whose archive is not what their row says. Where nobody needs them the row says so from then on; where
 * somebody does, they are left for the node that is asked for them, which builds them again (see PackageRestorer).
 */
export function checkPackages(deps: HousekeepingDependencies): HousekeepingActivities['checkPackages'] {
  const { packages, blobs } = deps;
  return ({ after }) =>
    withHeartbeat(async (signal) => {
      const page = await packages.stored(after, batch);
      let missing = 0;
      for (const { id, recipe, archiveDigest, sizeBytes } of page) {
        signal.throwIfAborted();
        const isThere = async () => (await blobs.sizeOf(archiveDigest)) === sizeBytes;
        if (await isThere()) continue;
        await packages.withBuildLock(recipe, lockMs, signal, async () => {
          // A builder may just have put it there.
          if (await isThere()) return;
          missing += 1;
          // Cut short: it must not be handed out, and a missing one is built again.
          await blobs.remove(archiveDigest);
          await packages.removed(id, new Date());
        });
      }
      return { checked: page.length, missing, next: page.length < batch ? null : (page.at(-1)?.id ?? null) };
    });
}
