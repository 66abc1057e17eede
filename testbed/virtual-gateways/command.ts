/** The command line of a process of virtual gateways; also `npm run testbed -- gateways`. */
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  defaultVirtualGatewayOptions as defaults,
  levelsOfTruth,
  reportModes,
  strategyChoices,
  type LevelOfTruth,
  type ReportMode,
  type StrategyChoice,
} from './options.js';
import { anyNumber } from '../number-option.js';
import { populationNames, type PopulationName } from './population.js';
import { runFleet } from './run-fleet.js';

export interface FleetArguments {
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
  readonly level: LevelOfTruth;
  readonly directory?: string;
  readonly latency: number;
  readonly bandwidth?: number;
  readonly concurrency: number;
}

export function gatewaysCommand(): Command {
  return new Command('gateways')
    .description('virtual gateways that speak the agent protocol with any LEONORE')
    .requiredOption('--server <url>', 'registration address')
    .addOption(new Option('--enrolment-token <token>').env('LEONORE_ENROLMENT_TOKEN').makeOptionMandatory())
    .requiredOption('--count <n>', 'number of gateways', anyNumber(0, 200_000))
    .option('--prefix <text>', 'ids are PREFIX-0, PREFIX-1, ...', defaults.prefix)
    .option('--seed <n>', 'seed of the population', anyNumber(0, 2 ** 32 - 1), defaults.seed)
    .addOption(new Option('--strategy <s>').choices(strategyChoices).default(defaults.strategy))
    .addOption(new Option('--population <name>').choices(populationNames).default('mixed'))
    .option('--label <key=value>', 'label of every gateway, may be repeated', label, {})
    .option(
      '--interval <s>',
      'seconds between polls of a pull gateway (default: what the node asks for)',
      anyNumber(0.1, 86_400),
    )
    .option(
      '--failure-rate <share>',
      'gateways whose installation fails',
      anyNumber(0, 1),
      defaults.failureRate,
    )
    .option('--silent-rate <share>', 'gateways that fall silent', anyNumber(0, 1), defaults.silentRate)
    .option('--think-time <ms>', 'time of an installation', anyNumber(0, 3_600_000), defaults.thinkTimeMs)
    .addOption(new Option('--reports <mode>').choices(reportModes).default(defaults.reports))
    .addOption(
      new Option('--level <level>', 'level of truth: whether packages are unpacked on disk')
        .choices(levelsOfTruth)
        .default(defaults.level),
    )
    .option('--directory <path>', 'where the containers of level full lie')
    .option('--latency <ms>', 'network: before each request', anyNumber(0, 60_000), defaults.latencyMs)
    .option(
      '--bandwidth <bytes>',
      'network: bytes of a package that a gateway takes in a second (default: all that come)',
      anyNumber(1, 1e12),
    )
    .option('--concurrency <n>', 'connections to each server', anyNumber(1, 10_000), defaults.concurrency)
    .action(async (given: FleetArguments) => runFleet(given));
}

function label(text: string, labels: Record<string, string>): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('must be KEY=VALUE');
  return { ...labels, [text.slice(0, equals)]: text.slice(equals + 1) };
}
