/**
 * Histories that were recorded once are replayed by today's workflows. A change that would break rollouts which are
 * under way while LEONORE is updated fails here: such a change raises `workflowLayout` (domain/orchestration.ts), so that
 * they are begun anew. New histories are recorded with
 *
 *   LEONORE_RECORD_HISTORIES=workflows/histories npm run jest -- workflows/rollout workflows/campaign
 */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from '@jest/globals';
import proto from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { quietTemporal } from '../tests/support/quiet-temporal.js';
import { askForServer } from '../tests/support/servers/ask-for-server.js';

const directory = fileURLToPath(new URL('./histories/', import.meta.url));
let names: string[];

beforeAll(async () => {
  quietTemporal();
  names = (await readdir(directory)).filter((name) => name.endsWith('.pb'));
});

test('every recorded history is replayed without a difference', async () => {
  expect(names.length).toBeGreaterThan(10);
  const histories = await Promise.all(
    names.map(async (name) => ({
      workflowId: name,
      history: proto.temporal.api.history.v1.History.decode(await readFile(`${directory}${name}`)),
    })),
  );
  const workflowBundle = await askForServer('workflows');
  const failures: string[] = [];
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, histories)) {
    if (error !== undefined) failures.push(`${workflowId}: ${error.message}`);
  }
  expect(failures).toEqual([]);
}, 60_000);
