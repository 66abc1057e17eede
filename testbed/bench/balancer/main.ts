/** `npm run bench:balancer [-- --json]`: what assigning gateways to nodes costs, each figure beside its goal. */
import { Command } from 'commander';
import { Cleanups } from '../../cleanups.js';
import { machineFacts } from '../../machine.js';
import { Phases } from '../../terminal.js';
import { toJsonLine, toTable } from '../figure.js';
import { machineFigures } from '../measurement.js';
import { placementFigures } from './placement.js';
import { stormFigures } from './storm.js';

const options = new Command('bench:balancer')
  .description('measures assignment, moving, a storm of registrations and the growth of the pool')
  .option('--json', 'one JSON line a figure')
  .parse()
  .opts<{ json?: true }>();
const machine = machineFacts();
const cleanups = new Cleanups();
cleanups.listenToSignals();
const phases = new Phases((line) => process.stderr.write(`${line}\n`));
let exitCode = 0;
try {
  const figures = [
    ...machineFigures(machine),
    ...(await cleanups.unlessInterrupted(placementFigures(cleanups, phases))),
    ...(await cleanups.unlessInterrupted(stormFigures(cleanups, phases))),
  ];
  if (options.json === true) for (const figure of figures) console.log(toJsonLine(figure));
  else console.log(toTable(figures));
} catch (error) {
  process.stderr.write(`bench:balancer: ${error instanceof Error ? error.message : String(error)}\n`);
  exitCode = 1;
} finally {
  for (const failure of await cleanups.undoAll()) process.stderr.write(`clean-up: ${String(failure)}\n`);
}
process.exit(exitCode);
