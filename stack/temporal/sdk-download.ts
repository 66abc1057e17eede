/**
 * Makes the Temporal SDK download one of its servers into a folder. A process of its own (see sdk-source.ts), because
 * the download cannot be given up from within.
 *
 * Usage: node sdk-download.js dev-server|time-skipping FOLDER
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [kind, downloadDir] = process.argv.slice(2);
if (downloadDir === undefined) throw new Error('the folder to download into is missing');

const executable = { type: 'cached-download', downloadDir } as const;
try {
  // The SDK downloads when it starts a server, so one is started, and ended at once.
  const environment =
    kind === 'time-skipping'
      ? await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } })
      : await TestWorkflowEnvironment.createLocal({ server: { executable } });
  await environment.teardown();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
