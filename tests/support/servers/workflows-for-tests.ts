import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The sources of the workflows, bundled as a worker takes them. */
export interface BundledWorkflows {
  readonly codePath: string;
}

export interface WorkflowsForTests extends BundledWorkflows {
  /** Removes the bundle. */
  stop(): Promise<void>;
}

/** Bundles the workflows: some seconds of computing, which all test files of a run share. */
export async function bundleWorkflowsForTests(): Promise<WorkflowsForTests> {
  // Most runs of a few test files have no workers.
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../../workflows/index.ts', import.meta.url)),
    logger: new DefaultLogger('WARN'),
  });
  const directory = await mkdtemp(join(tmpdir(), 'leonore-test-workflows-'));
  const codePath = join(directory, 'workflow-bundle.js');
  await writeFile(codePath, code);
  return { codePath, stop: () => rm(directory, { recursive: true }) };
}
