/** Housekeeping as it runs: by a schedule of the real Temporal server, on a real repository and a real blob store. */
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Worker } from '@temporalio/worker';
import { housekeepingActivities } from '../activities/housekeeping/housekeeping-activities.js';
import { coordinatorQueue, housekeepingId } from '../domain/orchestration.js';
import { quietTemporal } from '../tests/support/quiet-temporal.js';
import { testTemporal, type TestTemporal } from '../tests/support/temporal.js';
import { testBuilder, type TestBuilder } from '../tests/support/test-builder.js';
import { ensureHousekeepingSchedule } from './client/housekeeping-schedule.js';

let builder: TestBuilder;
let temporal: TestTemporal;

beforeAll(async () => {
  quietTemporal();
  [builder, temporal] = await Promise.all([testBuilder(), testTemporal()]);
}, 15 * 60_000);

afterAll(async () => {
  await temporal.stop();
  await builder.close();
});

test('the schedule runs housekeeping, and its result says what it did', async () => {
  const { namespace } = temporal;
  const { nativeConnection: connection, client } = temporal.environment;
  const { repositories, blobs, blobRoot } = builder;
  const staged = await blobs.stage(Readable.from(['nobody names this']), 100);
  await staged.commit();
  const file = join(blobRoot, 'sha256', staged.digest.slice(0, 2), staged.digest);
  await utimes(file, new Date(0), new Date(0));
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: coordinatorQueue,
    workflowsPath: fileURLToPath(new URL('./index.ts', import.meta.url)),
    activities: housekeepingActivities({
      ...repositories,
      blobs,
      retentionMs: 3_600_000,
      graceMs: 3_600_000,
    }),
  });
  await worker.runUntil(async () => {
    // Every coordinator does so at its start; the last one's interval counts.
    await ensureHousekeepingSchedule({ connection, namespace, everyMinutes: 30 });
    await ensureHousekeepingSchedule({ connection, namespace, everyMinutes: 60 });
    const schedule = client.schedule.getHandle(housekeepingId);
    expect((await schedule.describe()).spec.intervals).toMatchObject([{ every: 3_600_000 }]);
    await schedule.trigger();
    let started: string | undefined;
    while (started === undefined) {
      started = (await schedule.describe()).info.recentActions[0]?.action.workflow.workflowId;
    }
    expect(started).toMatch(/^housekeeping-/);
    expect(await client.workflow.getHandle(started).result()).toEqual({
      packagesRemoved: 0,
      packagesMissing: 0,
      artifactFilesMissing: 0,
      examples: [],
      blobsRemoved: 1,
      bytesFreed: 17,
      leftoversCleared: 0,
    });
  });
  expect(await blobs.sizeOf(staged.digest)).toBeNull();
}, 60_000);
