import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import { Runtime } from '@temporalio/worker';
import { createLogger } from '../process/logger.js';
import { installTemporalLogger } from './temporal.js';

test("what the SDK logs of a failure is in the process's log", async () => {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  installTemporalLogger(createLogger('node-1', 'info', destination));
  const runtime = Runtime.instance();
  const error = ApplicationFailure.nonRetryable('the blob store is full', 'STORE_FULL');
  // The SDK's words and keys, as of an activity that failed.
  runtime.logger.warn('Activity failed', { error, durationMs: 7 });
  runtime.logger.debug('not of interest');
  await runtime.shutdown();
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({
      name: 'node-1',
      level: 40,
      msg: 'Activity failed',
      durationMs: 7,
      error: expect.objectContaining({
        type: 'ApplicationFailure',
        message: 'the blob store is full',
        stack: expect.stringContaining('temporal.test.ts'),
      }),
    }),
  ]);
});
