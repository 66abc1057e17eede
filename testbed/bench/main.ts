/** `npm run bench [-- --json] [--full]`: what LEONORE costs on this machine, each figure beside its goal. */
import { Command, Option } from 'commander';
import { Cleanups } from '../cleanups.js';
import { machineFacts } from '../machine.js';
import { Phases } from '../terminal.js';
import { campaignFigures, largeCampaign, smallCampaign } from './campaign-bench.js';
import { toJsonLine, toTable, type Figure } from './figure.js';
import { busyFleet, idleFigures, largeFleet } from './idle-bench.js';
import { linearFigures } from './linear-bench.js';
import { machineFigures } from './measurement.js';
import { provisioningCases, provisioningFigures } from './provisioning-bench.js';
import { wantedFigures } from './wanted-bench.js';

interface Part {
  /** Left out unless it is asked for: takes ten minutes by itself. */
  readonly long: boolean;
  readonly measure: (cleanups: Cleanups, phases: Phases) => Promise<Figure[]>;
}

const parts: Readonly<Record<string, Part>> = {
  ...Object.fromEntries(
    Object.entries(provisioningCases).map(([name, what]): [string, Part] => [
      name,
      { long: false, measure: (cleanups, phases) => provisioningFigures(what, cleanups, phases) },
    ]),
  ),
  idle: { long: false, measure: (cleanups, phases) => idleFigures(busyFleet, cleanups, phases) },
  'idle-large': { long: true, measure: (cleanups, phases) => idleFigures(largeFleet, cleanups, phases) },
  campaign: { long: false, measure: (cleanups, phases) => campaignFigures(smallCampaign, cleanups, phases) },
  'campaign-large': {
    long: true,
    measure: (cleanups, phases) => campaignFigures(largeCampaign, cleanups, phases),
  },
  linear: { long: true, measure: linearFigures },
  wanted: { long: true, measure: wantedFigures },
};

interface Arguments {
  readonly json?: true;
  readonly full?: true;
  readonly only?: string[];
}

async function main(): Promise<void> {
  const { json, full, only } = new Command('bench')
    .description(
      'provisioning against its floor, idle fleets, and 100,000 gateways; level of truth in each figure',
    )
    .option('--json', 'one JSON line a figure, as soon as it is known')
    .option('--full', 'with the parts that take ten minutes or more each, on 100,000 gateways')
    .addOption(new Option('--only <part...>', 'these parts').choices(Object.keys(parts)))
    .parse()
    .opts<Arguments>();
  const phases = new Phases((line) => process.stderr.write(`${line}\n`));
  const figures: Figure[] = [];
  const add = (more: readonly Figure[]): void => {
    figures.push(...more);
    if (json === true) for (const figure of more) console.log(toJsonLine(figure));
  };
  add(machineFigures(machineFacts()));
  for (const [name, part] of Object.entries(parts)) {
    if (only === undefined ? part.long && full !== true : !only.includes(name)) continue;
    add(await measured(part, phases));
  }
  if (json !== true) console.log(toTable(figures));
}

/** Each part on a stack of its own, which is gone before the next. */
async function measured(part: Part, phases: Phases): Promise<Figure[]> {
  const cleanups = new Cleanups();
  cleanups.listenToSignals();
  try {
    return await cleanups.unlessInterrupted(part.measure(cleanups, phases));
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
