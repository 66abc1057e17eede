/**
 * `housekeeping-<time>`, started by the schedule `housekeeping`: package repository and blob store are brought in order.
 * Everything that it does is safe to do again, in part or whole; nothing depends on its having run.
 */
import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import { coordinatorQueue, type HousekeepingResult } from '../domain/orchestration.js';
import type { HousekeepingActivities } from './activity-types.js';

/** The database may be away for a while; what is not done now is done the next time. */
const policy = {
  taskQueue: coordinatorQueue,
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '30 seconds',
  retry: {
    initialInterval: '1 second',
    backoffCoefficient: 2,
    maximumInterval: '1 minute',
    maximumAttempts: 10,
  },
} as const;

const { removeExpiredPackages } = proxyActivities<HousekeepingActivities>({
  ...policy,
  summary: 'Packages that nobody needs any more',
});
const { checkPackages, checkArtifacts } = proxyActivities<HousekeepingActivities>({
  ...policy,
  summary: 'Rows whose content is missing',
});
const { sweepBlobs, clearLeftovers } = proxyActivities<HousekeepingActivities>({
  ...policy,
  summary: 'Content that no row names',
});

/** Batches of one kind in one run: a history stays far below Temporal's limits, and what is left waits its turn. */
const mostBatches = 200;

export async function housekeeping(): Promise<HousekeepingResult> {
  const result = {
    packagesRemoved: 0,
    packagesMissing: 0,
    artifactFilesMissing: 0,
    examples: [] as string[],
    blobsRemoved: 0,
    bytesFreed: 0,
    leftoversCleared: 0,
  };
  const tell = () => setCurrentDetails(describe(result));

  await batches(async () => {
    const { removed, more } = await removeExpiredPackages();
    result.packagesRemoved += removed;
    tell();
    return more ? '' : null;
  });
  await batches(async (after) => {
    const { missing, next } = await checkPackages({ after });
    result.packagesMissing += missing;
    tell();
    return next;
  });
  await batches(async (after) => {
    const { missing, examples, next } = await checkArtifacts({ after });
    result.artifactFilesMissing += missing;
    if (result.examples.length === 0) result.examples = examples;
    tell();
    return next;
  });
  await batches(async (after) => {
    const { removed, freedBytes, next } = await sweepBlobs({ after });
    result.blobsRemoved += removed;
    result.bytesFreed += freedBytes;
    tell();
    return next;
  });
  result.leftoversCleared = (await clearLeftovers()).cleared;
  tell();
  return result;
}

/** Runs batches until one says that there is no next. */
async function batches(run: (after: string) => Promise<string | null>): Promise<void> {
  let after: string | null = '';
  for (let count = 0; after !== null && count < mostBatches; count += 1) after = await run(after);
}

function describe(result: HousekeepingResult): string {
  const lines = [
    `**${result.packagesRemoved}** packages removed, **${result.packagesMissing}** without their archive`,
    `**${result.artifactFilesMissing}** files of artifacts missing${result.examples.map((one) => `\n  - ${one}`).join('')}`,
    `**${result.blobsRemoved}** blobs removed, ${result.bytesFreed} bytes freed`,
    `**${result.leftoversCleared}** leftovers cleared`,
  ];
  return lines.map((line) => `- ${line}`).join('\n');
}
