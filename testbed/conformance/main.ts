/** `npm run conformance -- --agent COMMAND`: holds an agent of any make against docs/agent-protocol.md. */
import { Command } from 'commander';
import { runScenarios } from './run-scenarios.js';

const program = new Command('conformance')
  .description('holds a gateway agent against the agent protocol; exit code 1 when it fails')
  .requiredOption(
    '--agent <command>',
    'starts the agent; it finds LEONORE_SERVER, LEONORE_ROOT_DIR, LEONORE_ENROLMENT_TOKEN, LEONORE_ID and LEONORE_INTERVAL in its environment',
  )
  .parse();
const { agent } = program.opts<{ readonly agent: string }>();
const results = await runScenarios(agent, ({ name, problem }) => {
  process.stdout.write(problem === null ? `ok      ${name}\n` : `FAILED  ${name}\n        ${problem}\n`);
});
process.exitCode = results.every(({ problem }) => problem === null) ? 0 : 1;
