/** `npm run demo [-- --keep]`: LEONORE's main job on this machine, from nothing; ends by itself. */
import { Command } from 'commander';
import { Cleanups } from '../cleanups.js';
import { Phases } from '../terminal.js';
import { runDemo } from './run-demo.js';
import { formatSummary } from './summary.js';

const virtualGateways = 500;
/** Gateways that fill a node: fewer than there are, so that a second one is needed. */
const threshold = 400;

async function main(): Promise<boolean> {
  const { keep } = new Command('demo')
    .description('provisions a thermometer to real agents and virtual gateways, then updates it')
    .option('--keep', 'stay up for looking around, until Ctrl-C')
    .parse()
    .opts<{ keep?: true }>();
  const cleanups = new Cleanups();
  cleanups.listenToSignals();
  try {
    const { stack, collector, summary } = await cleanups.unlessInterrupted(
      runDemo({ virtualGateways, threshold }, cleanups, new Phases((line) => console.log(line))),
    );
    console.log(formatSummary(summary));
    if (keep === true) {
      console.log(`Everything stays up until Ctrl-C.
  API          ${stack.api} (OpenAPI: ${stack.api}/api/openapi.json)
  Temporal UI  ${stack.temporalUi ?? 'of the external server'}
  readings     ${collector.address}
  tokens       ${stack.dataDir}/stack.json
  data         ${stack.dataDir}
`);
      await cleanups.untilInterrupted();
    }
    return summary.checks.every((check) => check.ok);
  } finally {
    for (const failure of await cleanups.undoAll()) console.error(`clean-up: ${String(failure)}`);
  }
}

try {
  const went = await main();
  console.log(
    went ? 'The demo went as it should.' : 'The demo did not go as it should; see the checks above.',
  );
  process.exit(went ? 0 : 1);
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
