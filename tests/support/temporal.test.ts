import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { defineSearchAttributeKey } from '@temporalio/common';
import { localTemporal, timeSkippingEnvironment } from './temporal.js';

const stateKey = defineSearchAttributeKey('LeonoreState', 'KEYWORD');

// Fetching the servers on a machine that has neither takes minutes, once.
const obtainTimeoutMs = 15 * 60_000;

test(
  'the time-skipping server skips time and knows the search attributes',
  async () => {
    const environment = await timeSkippingEnvironment();
    try {
      const before = await environment.currentTimeMs();
      await environment.sleep('30 days');
      expect((await environment.currentTimeMs()) - before).toBeGreaterThanOrEqual(30 * 24 * 3_600_000);
      const handle = await environment.client.workflow.start('nobodyRunsThis', {
        taskQueue: 'none',
        workflowId: 'labelled',
        typedSearchAttributes: [{ key: stateKey, value: 'running' }],
      });
      expect((await handle.describe()).typedSearchAttributes.get(stateKey)).toBe('running');
    } finally {
      await environment.teardown();
    }
  },
  obtainTimeoutMs,
);

test(
  'the full server keeps its store over a restart on the same address',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'leonore-temporal-store-'));
    const temporal = await localTemporal({ dbFile: join(directory, 'temporal.db') });
    try {
      const { client, connection } = temporal.environment;
      const handle = await client.workflow.start('nobodyRunsThis', {
        taskQueue: 'none',
        workflowId: 'kept',
        typedSearchAttributes: [{ key: stateKey, value: 'running' }],
      });
      await temporal.halt();
      await temporal.start();
      const kept = await connection.workflowService.getWorkflowExecutionHistory({
        namespace: 'default',
        execution: { workflowId: 'kept', runId: handle.firstExecutionRunId },
      });
      expect(kept.history?.events).toHaveLength(2);
    } finally {
      await temporal.stop();
      await rm(directory, { recursive: true, force: true });
    }
  },
  obtainTimeoutMs,
);
