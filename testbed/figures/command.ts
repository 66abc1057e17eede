/** `npm run testbed -- figure`: the figures of the paper's evaluation, measured and drawn. */
import { appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Argument, Command } from 'commander';
import { packageRoot } from '../../process/package-root.js';
import { Cleanups } from '../cleanups.js';
import type { RunRecord } from '../experiment/record.js';
import { wholeNumber } from '../number-option.js';
import { Phases } from '../terminal.js';
import { figurePage } from './figure-page.js';
import { measureFigure } from './measure-figure.js';
import { figureNames, paperFigures, type FigureName } from './paper-figures.js';

interface Arguments {
  readonly runs: number;
  readonly to: string;
  readonly redraw?: true;
}

export function figureCommand(): Command {
  return new Command('figure')
    .description("the figures of the paper's evaluation: JSON lines, SVG, PNG and a page each")
    .addArgument(new Argument('<name>').choices([...figureNames, 'all']))
    .option('--runs <n>', 'rollouts at each size', wholeNumber(1, 1_000), 30)
    .option('--to <directory>', 'where they go', join(packageRoot(), 'docs', 'evaluation'))
    .option('--redraw', 'do not measure: draw again what was measured before')
    .action(async (name: FigureName | 'all', given: Arguments) => {
      for (const figure of name === 'all' ? figureNames : [name]) await makeFigure(figure, given);
    });
}

async function makeFigure(name: FigureName, { runs, to, redraw }: Arguments): Promise<void> {
  const figure = paperFigures[name];
  const raw = join(to, `figure-${name}.jsonl`);
  await mkdir(to, { recursive: true });
  if (redraw !== true) await measureInto(raw, name, runs);
  const lines = (await readFile(raw, 'utf8')).trim().split('\n');
  const records = lines.map((line) => JSON.parse(line) as RunRecord);
  // Loaded when it is needed: drawing is a large library.
  const { drawFigure, toPng } = await import('./draw-figure.js');
  const svg = await drawFigure(name, figure, records);
  await writeFile(join(to, `figure-${name}.svg`), svg);
  await writeFile(join(to, `figure-${name}.png`), toPng(svg));
  await writeFile(join(to, `figure-${name}.md`), figurePage(name, figure, records));
  console.log(join(to, `figure-${name}.md`));
}

/** Measures into a file beside, so that one that was measured before stays until there is another. */
async function measureInto(raw: string, name: FigureName, runs: number): Promise<void> {
  const draft = `${raw}.new`;
  await rm(draft, { force: true });
  const cleanups = new Cleanups();
  cleanups.listenToSignals();
  const phases = new Phases((line) => process.stderr.write(`${line}\n`));
  try {
    await cleanups.unlessInterrupted(
      measureFigure(paperFigures[name], runs, { cleanups, phases }, (record) =>
        appendFile(draft, `${JSON.stringify(record)}\n`),
      ),
    );
    await rename(draft, raw);
  } finally {
    for (const failure of await cleanups.undoAll()) process.stderr.write(`clean-up: ${String(failure)}\n`);
  }
}
