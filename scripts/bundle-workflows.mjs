/** Bundles the workflows for production: dist/workflow-bundle.js, which the coordinator loads. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const { code } = await bundleWorkflowCode({
  workflowsPath: join(dist, 'workflows/index.js'),
  logger: new DefaultLogger('WARN'),
});
writeFileSync(join(dist, 'workflow-bundle.js'), code);
