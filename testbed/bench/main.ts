/** `npm run bench [-- --json]`: what provisioning costs on this machine, each figure beside its goal. */
import { Command, InvalidArgumentError } from 'commander';
import { Cleanups } from '../cleanups.js';
import { machineFacts } from '../machine.js';
import { Phases } from '../terminal.js';
import { smallPackageBytes } from './bench-artifact.js';
import { toJsonLine, toTable } from './figure.js';
import { figuresOf, machineFigures } from './measurement.js';
import { runBench } from './run-bench.js';

interface Arguments {
  readonly json?: true;
  readonly gateways: number;
  readonly nodes: number;
  readonly packageBytes: number;
}

const rolloutTimeoutMs = 10 * 60_000;

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`must be a whole number from ${least} to ${most}`);
  };
}

async function main(): Promise<void> {
  const options = new Command('bench')
    .description('provisions virtual gateways (level of truth: protocol) and prints what it cost')
    .option('--json', 'one JSON line a figure')
    .option('--gateways <n>', 'gateways of the large rollout', wholeNumber(4, 100_000), 4_000)
    .option('--nodes <k>', 'LEONORE nodes', wholeNumber(1, 16), 2)
    .option('--package-bytes <n>', 'size of the package', wholeNumber(1, 100_000_000), smallPackageBytes)
    .parse()
    .opts<Arguments>();
  const machine = machineFacts();
  const cleanups = new Cleanups();
  cleanups.listenToSignals();
  const phases = new Phases((line) => process.stderr.write(`${line}\n`));
  try {
    const { large, small, product } = await cleanups.unlessInterrupted(
      runBench({ ...options, timeoutMs: rolloutTimeoutMs }, cleanups, phases),
    );
    const figures = [...machineFigures(machine), ...figuresOf(large, small, product)];
    if (options.json === true) for (const figure of figures) console.log(toJsonLine(figure));
    else console.log(toTable(figures));
  } finally {
    for (const failure of await cleanups.undoAll()) process.stderr.write(`clean-up: ${String(failure)}\n`);
  }
}

try {
  await main();
  // Something that was begun and is not needed any more, such as a download, must not keep the process. A goal that
  // is not met is said in its figure; it is no failure of the measurement.
  process.exit(0);
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
