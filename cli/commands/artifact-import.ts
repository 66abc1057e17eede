import type { Command } from 'commander';
import { lossReasons, type Loss } from '../../domain/distribution/loss.js';
import { badUsage } from '../bad-usage.js';
import type { Cli, OfflineContext } from '../cli.js';
import { bytesText, counted, printable, type Output } from '../output.js';

interface ImportOptions {
  readonly index?: true;
  readonly into?: string;
}

/** Losses of one kind that are printed; `--json` has them all. */
const shownLosses = 10;
const shownSkipped = 20;

/** `leonore artifact import`: what Debian and OpenWrt have packaged. What it needs is loaded when it runs. */
export function artifactImportVerb(cli: Cli, artifact: Command): void {
  cli.offlineVerb(
    artifact
      .command('import')
      .description(
        'make an artifact of a package of Debian or OpenWrt, or a catalog of an index of them; nothing of them is run',
      )
      .argument('<file...>', 'a .deb or .ipk; with --index files Packages, also .gz, .xz or .zst')
      .option('--index', 'make a catalog file for `leonore resolve` of all that the indexes name')
      .option(
        '--into <path>',
        'directory in which the artifact’s is made (default: .), or the catalog file (default: catalog.json)',
      ),
    importFiles,
  );
}

async function importFiles(
  context: OfflineContext<ImportOptions>,
  files: readonly string[],
): Promise<undefined> {
  if (context.options.index === true) return importIndex(context, files);
  const [file, ...others] = files;
  if (file === undefined || others.length > 0)
    throw badUsage('Without --index one file is imported at a time.');
  const { importPackage } = await import('../import/import-package.js');
  const imported = await importPackage(file, context.options.into ?? '.');
  const { manifest, files: own, directory, losses } = imported;
  const { name, version, kind } = manifest;
  const sizeBytes = own.reduce((total, one) => total + one.sizeBytes, 0);
  const { out } = context;
  out.result({ directory, name, version, kind, files: own.length, sizeBytes, losses }, () => {
    out.line(
      `${out.colors.green('wrote')} ${directory}  ${kind}, ${counted(own.length, 'file')}, ${bytesText(sizeBytes)}`,
    );
    drawLosses(out, losses);
    out.line(`Now: leonore artifact check ${directory}`);
  });
}

function drawLosses(out: Output, losses: readonly Loss[]): void {
  if (losses.length === 0) return;
  out.heading('Not carried over');
  for (const kind of Object.keys(lossReasons) as Loss['kind'][]) {
    const own = losses.filter((loss) => loss.kind === kind);
    if (own.length === 0) continue;
    out.line(`  ${kind}: ${lossReasons[kind]}`);
    for (const { what } of own.slice(0, shownLosses)) out.line(`    ${printable(what)}`);
    const more = own.length - shownLosses;
    if (more > 0) out.line(out.colors.dim(`    and ${more} more; --json has them all`));
  }
  out.line();
}

async function importIndex(
  { out, options }: OfflineContext<ImportOptions>,
  paths: readonly string[],
): Promise<undefined> {
  const { importIndexes } = await import('../import/import-index.js');
  const catalog = options.into ?? 'catalog.json';
  const { artifacts, skipped, losses } = await importIndexes(paths, catalog);
  out.result({ catalog, artifacts: artifacts.length, skipped, losses }, () => {
    out.line(`${out.colors.green('wrote')} ${catalog}  ${counted(artifacts.length, 'artifact')}`);
    const kinds = Object.entries(losses) as [Loss['kind'], { count: number; example: string }][];
    if (kinds.length > 0) out.heading('Not carried over');
    for (const [kind, { count, example }] of kinds)
      out.line(`  ${kind} (${count}): ${lossReasons[kind]}; first ${printable(example).slice(0, 120)}`);
    if (skipped.length > 0) out.heading('Left out');
    for (const { package: label, why } of skipped.slice(0, shownSkipped))
      out.line(`  ${printable(label)}: ${printable(why)}`);
    const more = skipped.length - shownSkipped;
    if (more > 0) out.line(out.colors.dim(`  and ${more} more; --json has them all`));
    out.line(`Now: leonore resolve --catalog ${catalog} NAME`);
  });
}
