/** `npm run testbed -- run`: one experiment. */
import { Command, Option } from 'commander';
import { Cleanups } from '../cleanups.js';
import { machineFacts } from '../machine.js';
import { anyNumber, wholeNumber } from '../number-option.js';
import { packageNames, type PackageName } from '../packages/package-kind.js';
import { Phases } from '../terminal.js';
import { levelsOfTruth, type LevelOfTruth } from '../virtual-gateways/options.js';
import { Experiment } from './experiment.js';
import { experimentDefaults as defaults } from './options.js';
import { recordOf, type RunRecord } from './record.js';

interface Arguments {
  readonly gateways: number;
  readonly package: PackageName;
  readonly strategy: 'pull' | 'push';
  readonly level: LevelOfTruth;
  readonly nodes: number;
  readonly runs: number;
  readonly clients: number;
  readonly concurrency: number;
  readonly interval: number;
  readonly floor: boolean;
  readonly warmUp: boolean;
  readonly json?: true;
}

/** Gateways of the rollout that is not counted: it compiles hot code and opens connections. */
const warmUpGateways = 100;

export function runCommand(): Command {
  return new Command('run')
    .description('provisions virtual gateways on a stack of its own, and compares with the floor')
    .requiredOption('--gateways <n>', 'virtual gateways', wholeNumber(1, 200_000))
    .addOption(new Option('--package <name>').choices(packageNames).default(defaults.package))
    .addOption(new Option('--strategy <s>').choices(['pull', 'push']).default(defaults.strategy))
    .addOption(
      new Option('--level <level>', 'level of truth: whether packages are unpacked on disk')
        .choices(levelsOfTruth)
        .default(defaults.level),
    )
    .option('--nodes <k>', 'LEONORE nodes', wholeNumber(1, 16), defaults.nodes)
    .option('--runs <n>', 'rollouts, each of a new version', wholeNumber(1, 1_000), 1)
    .option('--clients <n>', 'processes of virtual gateways', wholeNumber(1, 64), defaults.clients)
    .option(
      '--concurrency <n>',
      'connections of each to a server',
      wholeNumber(1, 10_000),
      defaults.concurrency,
    )
    .option('--interval <s>', 'between two polls, for pull', anyNumber(0.1, 86_400), defaults.intervalSeconds)
    .option('--no-floor', 'do not measure the floor')
    .option('--no-warm-up', 'no rollout before those that count')
    .option('--json', 'one JSON line a run')
    .action(runExperiment);
}

async function runExperiment(given: Arguments): Promise<void> {
  const cleanups = new Cleanups();
  cleanups.listenToSignals();
  const phases = new Phases((line) => process.stderr.write(`${line}\n`));
  try {
    await cleanups.unlessInterrupted(
      measure(given, cleanups, phases, (record) => {
        console.log(given.json === true ? JSON.stringify(record) : inWords(record));
      }),
    );
  } finally {
    for (const failure of await cleanups.undoAll()) process.stderr.write(`clean-up: ${String(failure)}\n`);
  }
}

async function measure(
  given: Arguments,
  cleanups: Cleanups,
  phases: Phases,
  take: (record: RunRecord) => void,
): Promise<void> {
  const { gateways, interval: intervalSeconds, runs, floor, warmUp } = given;
  const machine = machineFacts();
  const options = { ...defaults, ...given, intervalSeconds };
  const experiment = await Experiment.start(options, cleanups, phases);
  await experiment.growTo(gateways);
  if (warmUp) {
    const first = await experiment.provision(Math.min(warmUpGateways, gateways));
    if (floor) await experiment.runFloor(first);
  }
  for (let number = 1; number <= runs; number += 1) {
    const provisioning = await experiment.provision();
    const floorRun = floor ? await experiment.runFloor(provisioning) : null;
    take(recordOf(options, experiment.contents, { number, provisioning, floor: floorRun }, machine));
  }
}

function inWords(record: RunRecord): string {
  const { gateways, strategy, level, seconds, floorSeconds, packageBytes, succeeded } = record;
  const head = `${succeeded} of ${gateways} gateways have ${record.package} (${packageBytes} bytes, ${strategy}, level ${level}) after ${seconds} s`;
  const floor =
    floorSeconds === null ? [] : [`floor: ${floorSeconds} s (${(seconds / floorSeconds).toFixed(2)} times)`];
  const steps = Object.entries(record.steps).map(([step, [from, to]]) => `${step} ${from}-${to}`);
  const cpu = Object.entries(record.cpuSeconds).map(([name, value]) => `${name} ${value}`);
  return [head, ...floor, `steps: ${steps.join(', ')}`, `CPU seconds: ${cpu.join(', ')}`].join('\n  ');
}
