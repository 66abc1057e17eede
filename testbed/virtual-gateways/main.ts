/**
 * A process of virtual gateways. With an IPC channel it sends FleetMessages and stops on any message or when the
 * parent is gone; without one it prints its progress and stops on SIGINT or SIGTERM.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { startVirtualGateways, type VirtualGatewayFleet } from './fleet.js';
import type { FleetMessage } from './messages.js';
import { defaultVirtualGatewayOptions as defaults, levelOfTruth } from './options.js';
import { reportModes, strategyChoices, type ReportMode, type StrategyChoice } from './options.js';
import { populationNames, populations, type PopulationName } from './population.js';

const progressEveryMs = 500;

interface Arguments {
  readonly server: string;
  readonly enrolmentToken: string;
  readonly count: number;
  readonly prefix: string;
  readonly seed: number;
  readonly strategy: StrategyChoice;
  readonly population: PopulationName;
  readonly label: Record<string, string>;
  readonly interval?: number;
  readonly failureRate: number;
  readonly silentRate: number;
  readonly thinkTime: number;
  readonly reports: ReportMode;
  readonly concurrency: number;
}

function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`must be a number from ${least} to ${most}`);
  };
}

function label(text: string, labels: Record<string, string>): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('must be KEY=VALUE');
  return { ...labels, [text.slice(0, equals)]: text.slice(equals + 1) };
}

function readArguments(): Arguments {
  return new Command('virtual-gateways')
    .description(`virtual gateways that speak the agent protocol (level of truth: ${levelOfTruth})`)
    .requiredOption('--server <url>', 'registration address')
    .addOption(new Option('--enrolment-token <token>').env('LEONORE_ENROLMENT_TOKEN').makeOptionMandatory())
    .requiredOption('--count <n>', 'number of gateways', number(1, 200_000))
    .option('--prefix <text>', 'ids are PREFIX-0, PREFIX-1, ...', defaults.prefix)
    .option('--seed <n>', 'seed of the population', number(0, 2 ** 32 - 1), defaults.seed)
    .addOption(new Option('--strategy <s>').choices(strategyChoices).default(defaults.strategy))
    .addOption(new Option('--population <name>').choices(populationNames).default('mixed'))
    .option('--label <key=value>', 'label of every gateway, may be repeated', label, {})
    .option(
      '--interval <s>',
      'seconds between polls of a pull gateway (default: what the node asks for)',
      number(0.1, 86_400),
    )
    .option('--failure-rate <share>', 'gateways whose installation fails', number(0, 1), defaults.failureRate)
    .option('--silent-rate <share>', 'gateways that fall silent', number(0, 1), defaults.silentRate)
    .option('--think-time <ms>', 'time of an installation', number(0, 3_600_000), defaults.thinkTimeMs)
    .addOption(new Option('--reports <mode>').choices(reportModes).default(defaults.reports))
    .option('--concurrency <n>', 'connections to each server', number(1, 10_000), defaults.concurrency)
    .parse()
    .opts<Arguments>();
}

function tell(message: FleetMessage): void {
  if (process.send !== undefined) {
    if (process.connected) process.send(message);
  } else {
    console.log(JSON.stringify(message));
  }
}

async function main(): Promise<void> {
  const given = readArguments();
  let fleet: VirtualGatewayFleet | null = null;
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void (fleet?.stop() ?? Promise.resolve()).finally(() => process.exit(0));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop).on('disconnect', stop);
  process.on('message', stop);
  fleet = await startVirtualGateways({
    server: given.server,
    enrolmentToken: given.enrolmentToken,
    count: given.count,
    prefix: given.prefix,
    seed: given.seed,
    strategy: given.strategy,
    kinds: populations[given.population],
    labels: given.label,
    intervalSeconds: given.interval ?? null,
    failureRate: given.failureRate,
    silentRate: given.silentRate,
    thinkTimeMs: given.thinkTime,
    reports: given.reports,
    concurrency: given.concurrency,
    onRegistering: (progress) => tell({ type: 'registering', progress }),
  });
  const running = fleet;
  tell({ type: 'ready', levelOfTruth, progress: running.snapshot() });
  setInterval(() => tell({ type: 'progress', progress: running.snapshot() }), progressEveryMs);
}

try {
  await main();
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  tell({ type: 'failed', error: text });
  console.error(`virtual gateways: ${text}`);
  process.exitCode = 1;
  if (process.connected) process.disconnect();
}
