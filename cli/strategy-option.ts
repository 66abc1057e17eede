import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { presetNames, presets, type PresetName } from '../domain/campaign/presets.js';
import type { ApprovalRole, Strategy } from '../domain/campaign/strategy.js';
import { nearestName } from '../domain/nearest-name.js';
import { collect, duration, wholeNumber } from './arguments.js';
import { badUsage } from './bad-usage.js';

/** What is said of a strategy beside the preset or the file that it is taken from; see amend-strategy.ts. */
export interface StrategyAmendments {
  readonly phase?: readonly string[];
  readonly success?: string;
  /** In seconds. */
  readonly bake?: number;
  readonly approval?: ApprovalRole;
  readonly budget?: string;
  readonly onBreach?: NonNullable<Strategy['errorBudget']>['onBreach'];
  readonly retries?: number;
  readonly window?: readonly string[];
  readonly zone?: string;
  readonly zoneLabel?: string;
  readonly freeze?: readonly string[];
  readonly perMinute?: number;
  readonly atATime?: string;
  readonly emergency?: true;
  /** In seconds. */
  readonly deadline?: number;
}

export interface StrategyOptions extends StrategyAmendments {
  readonly strategy?: string;
}

const amendments = [
  'phase',
  'success',
  'bake',
  'approval',
  'budget',
  'onBreach',
  'retries',
  'window',
  'zone',
  'zoneLabel',
  'freeze',
  'perMinute',
  'atATime',
  'emergency',
  'deadline',
] as const satisfies readonly (keyof StrategyAmendments)[];

/** Adds the options that say how a campaign goes through its gateways. */
export function addStrategyOptions(command: Command): Command {
  return command
    .option('--strategy <preset|file>', 'how it goes through them: a preset, or a strategy in YAML or JSON')
    .option(
      '--phase <size>',
      'a phase of so many (20), so many percent (5%) or those that match (labels.site == "lab"); one after the other, what is left last',
      collect,
    )
    .option('--success <percent>', 'of a phase that must have succeeded, such as 95%')
    .option('--bake <time>', 'after which what a phase brought must still be well: 30m, 2h', duration)
    .addOption(
      new Option('--approval <role>', 'somebody with the role approves each phase').choices([
        'operator',
        'admin',
      ]),
    )
    .option('--budget <number|percent>', 'that may fail: of the campaign (3), or of the phase under way (5%)')
    .addOption(
      new Option('--on-breach <action>', 'what is done when more fail, or a phase is not well').choices([
        'pause',
        'stop',
        'roll-back-phase',
        'roll-back-all',
      ]),
    )
    .option(
      '--retries <number>',
      'how often what may get better by itself is tried again',
      wholeNumber(0, 20),
    )
    .option(
      '--window <days from-to>',
      'when gateways may switch: "mon-fri 22:00-05:00", "daily 02:00-04:00"',
      collect,
    )
    .option('--zone <name>', 'time zone of the windows, such as Europe/Berlin')
    .option('--zone-label <label>', 'label of a gateway that names its own time zone')
    .option('--freeze <from..to>', 'days without windows: 2026-12-20..2027-01-03', collect)
    .option('--per-minute <number>', 'gateways that begin a minute', wholeNumber(1, 1_000_000))
    .option(
      '--at-a-time <label=number>',
      'gateways with the same value of a label that are at work at a time',
    )
    .option('--emergency', 'before all other work, without phases and windows')
    .option('--deadline <time>', 'after which nothing new begins: 12h, 30d', duration);
}

/**
 * The strategy that options come to.
 * @throws LeonoreError STRATEGY_INVALID, with the place in a file; CommanderError for an option that cannot be read
 */
export async function strategyOf(options: StrategyOptions): Promise<PresetName | Strategy> {
  const named = await strategyOfOption(options.strategy);
  if (amendments.every((name) => options[name] === undefined)) return named;
  // Only now, as reading is: most have none of these options.
  const { amendStrategy } = await import('./amend-strategy.js');
  return amendStrategy(typeof named === 'string' ? presets[named] : named, options);
}

/**
 * What `--strategy` names: a preset, or a file with a strategy of one's own.
 * @throws LeonoreError STRATEGY_INVALID, with the place in the file
 */
export async function strategyOfOption(option: string | undefined): Promise<PresetName | Strategy> {
  const preset = presetNames.find((name) => name === (option ?? 'all-at-once'));
  if (preset !== undefined) return preset;
  const file = option ?? '';
  const text = await readFile(file, 'utf8').catch(() => {
    const near = nearestName(file, presetNames);
    throw badUsage(
      `--strategy ${file} names none of ${presetNames.join(', ')}, and no file that can be read` +
        (near === null ? '' : `; did you mean "${near}"?`),
    );
  });
  // Only now: presets need none of it, and it takes long to load.
  const { readStrategy } = await import('../domain/campaign/read-strategy.js');
  return readStrategy(text, file);
}
