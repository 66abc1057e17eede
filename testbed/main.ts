/** `npm run testbed -- run | figure | gateways | seed | statements`: the paper's evaluation, and fleets to measure on. */
import { Command } from 'commander';
import { runCommand } from './experiment/command.js';
import { figureCommand } from './figures/command.js';
import { seedCommand } from './seed/command.js';
import { statementsCommand } from './statements/command.js';
import { gatewaysCommand } from './virtual-gateways/command.js';

try {
  await new Command('testbed')
    .description('experiments with virtual gateways (docs/evaluation.md)')
    .addCommand(runCommand())
    .addCommand(figureCommand())
    .addCommand(gatewaysCommand())
    .addCommand(seedCommand())
    .addCommand(statementsCommand())
    .parseAsync();
} catch (error) {
  process.stderr.write(`testbed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
