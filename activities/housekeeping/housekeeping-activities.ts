import type { BlobStore } from '../../repositories/blob-store.js';
import type { Repositories } from '../../repositories/repositories.js';
import type { HousekeepingActivities } from '../../workflows/activity-types.js';
import { checkArtifacts } from './check-artifacts.js';
import { checkPackages } from './check-packages.js';
import { removeExpiredPackages } from './remove-expired-packages.js';
import { clearLeftovers, sweepBlobs } from './sweep-blobs.js';

export interface HousekeepingDependencies {
  readonly packages: Repositories['packages'];
  readonly blobReferences: Repositories['blobReferences'];
  readonly blobs: BlobStore;
  /** A package that nobody has needed for so long is removed. */
  readonly retentionMs: number;
  /**
   * Content that was committed less than so long ago may be without a row: the row is about to be written. Much longer
   * than any upload or build takes.
   */
  readonly graceMs: number;
}

/** What housekeeping does, in batches: each call does a bounded part and says where the next one goes on. */
export function housekeepingActivities(deps: HousekeepingDependencies): HousekeepingActivities {
  return {
    removeExpiredPackages: removeExpiredPackages(deps),
    checkPackages: checkPackages(deps),
    checkArtifacts: checkArtifacts(deps),
    sweepBlobs: sweepBlobs(deps),
    clearLeftovers: clearLeftovers(deps),
  };
}
