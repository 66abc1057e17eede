import { basename, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { collect, duration } from '../arguments.js';
import { badUsage } from '../bad-usage.js';
import type { Cli, OfflineContext } from '../cli.js';
import { ExitCode } from '../exit-code.js';
import type { ArtifactDifference } from '../diff-artifacts.js';
import type { TryResult } from '../try-artifact.js';
import { bytesText, counted, printable, type Output } from '../output.js';
import { templateKinds, type TemplateKind } from '../template-kinds.js';

interface InitOptions {
  readonly name?: string;
  readonly kind?: TemplateKind;
  readonly description?: string;
}

interface CheckOptions {
  readonly strict?: true;
}

interface TryOptions {
  readonly with?: readonly string[];
  readonly value?: readonly string[];
  /** Seconds. */
  readonly healthTimeout?: number;
}

/** `leonore artifact init | check | try | diff`: for whoever writes artifacts. What they need is loaded when they run. */
export function artifactAuthorVerbs(cli: Cli, artifact: Command): void {
  cli.offlineVerb(
    artifact
      .command('init')
      .description('begin an artifact: a manifest and the scripts that it names; asks on a terminal')
      .argument('[dir]', 'where; made when it is not there', '.')
      .option('--name <name>', 'its name (default: that of the directory)')
      .addOption(new Option('--kind <kind>', 'what it is (default: application)').choices(templateKinds))
      .option('--description <text>', 'one sentence for whoever chooses among artifacts'),
    (context: OfflineContext<InitOptions>, directory: string) => init(cli, context, directory),
  );
  cli.offlineVerb(
    artifact
      .command('check')
      .description('check an artifact as `add` does, and warn of what it takes but nobody means')
      .argument('<dir>', 'directory with artifact.yaml')
      .option('--strict', 'exit 1 when there is a warning'),
    check,
  );
  cli.offlineVerb(
    artifact
      .command('try')
      .description(
        'build the package and install, start, check and uninstall it in a temporary container on this machine',
      )
      .argument('<dir>', 'directory with artifact.yaml')
      .option('--with <dir>', 'an artifact that it needs; again for more, in their order', collect)
      .option('--value <key=value>', 'a value of the gateway; again for more', collect)
      .option('--health-timeout <time>', 'for a check to succeed (default: 60s)', duration),
    (context: OfflineContext<TryOptions>, directory: string) => tryIt(cli, context, directory),
  );
  cli.offlineVerb(
    artifact
      .command('diff')
      .description('what differs between two versions of an artifact')
      .argument('<a>', 'NAME@VERSION on the server, or a directory')
      .argument('<b>', 'the same'),
    diff,
  );
}

async function init(
  cli: Cli,
  { out, options }: OfflineContext<InitOptions>,
  directory: string,
): Promise<undefined> {
  const { writeTemplate } = await import('../artifact-template.js');
  const { withQuestions } = await import('../ask.js');
  const { stdin, stderr } = cli.environment;
  const ownName = basename(resolve(directory)).toLowerCase();
  const { name, kind, description } = await withQuestions(
    options.json === true ? undefined : stdin,
    stderr,
    async (ask) => ({
      name: options.name ?? (await ask('name', ownName)),
      kind: options.kind ?? (await ask(`kind (${templateKinds.join(', ')})`, 'application')),
      description: options.description ?? (await ask('description', '')),
    }),
  );
  const known = templateKinds.find((one) => one === kind);
  if (known === undefined) throw badUsage(`the kind must be one of ${templateKinds.join(', ')}`);
  const written = await writeTemplate(directory, { name, kind: known, description });
  out.result({ directory, written }, () => {
    for (const path of written) out.line(`${out.colors.green('wrote')} ${path}`);
    out.line(`Now: leonore artifact check ${directory}`);
  });
}

async function check(
  { out, options }: OfflineContext<CheckOptions>,
  directory: string,
): Promise<ExitCode | undefined> {
  const { checkDirectory } = await import('../check-directory.js');
  const { manifest, files, warnings } = await checkDirectory(directory);
  const { name, version, kind } = manifest;
  const sizeBytes = files.reduce((total, file) => total + file.sizeBytes, 0);
  out.result({ name, version, kind, files: files.length, sizeBytes, warnings }, () => {
    for (const { file, line, column, message, rule } of warnings) {
      const place = [file, line, column].filter((part) => part !== undefined).join(':');
      out.line(`${place}: ${out.colors.yellow('warning')}: ${message} (${rule})`);
    }
    out.line(
      `${name}@${version}  ${kind}, ${countedOrNone(files.length, 'file')}, ${bytesText(sizeBytes)}: ${countedOrNone(warnings.length, 'warning')}`,
    );
  });
  return options.strict === true && warnings.length > 0 ? ExitCode.Failed : undefined;
}

/** What the steps of a delivery are called when somebody watches. */
const stepTexts: Readonly<Record<string, string>> = {
  build: 'build the package',
  download: 'receive and verify it',
  install: 'unpack it, and run install scripts',
  change: 'prepare its removal',
  switch: 'stop what changes, and switch',
  start: 'start, and look for evidence that it works',
  cleanup: 'remove what is not needed any more, and run uninstall scripts',
  undo: 'it failed: everything goes back',
  report: 'report',
};

async function tryIt(
  cli: Cli,
  { out, options }: OfflineContext<TryOptions>,
  directory: string,
): Promise<ExitCode | undefined> {
  const { tryArtifact } = await import('../try-artifact.js');
  const { stderr } = cli.environment;
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const result = await tryArtifact({
      directory,
      needed: options.with ?? [],
      values: Object.fromEntries((options.value ?? []).map(keyAndValue)),
      ...(options.healthTimeout === undefined ? {} : { checkWithinMs: options.healthTimeout * 1_000 }),
      onStep: (step, detail) => stderr.write(`  ${`${stepTexts[step] ?? step} ${detail}`.trimEnd()}\n`),
      signal: interrupted.signal,
    });
    out.result(result, () => drawTrial(out, result));
    return isWell(result.install) && isWell(result.uninstall) ? undefined : ExitCode.Failed;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** An uninstall script that fails keeps nothing from going, but its author wants to know. */
function isWell(outcome: TryResult['uninstall']): boolean {
  return outcome !== null && outcome.failure === null && outcome.detail === null;
}

function keyAndValue(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw badUsage(`--value takes KEY=VALUE, not "${text}"`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function drawTrial(out: Output, result: TryResult): void {
  const { artifact, package: built, buildLog, isolation, install, uninstall, dataLeft } = result;
  if (buildLog !== '') drawPrinted(out, 'What the build printed', buildLog);
  for (const [name, text] of Object.entries((uninstall ?? install).printed))
    drawPrinted(out, `What ${name} printed`, text);
  out.line();
  out.line(
    `package    ${countedOrNone(built.files, 'file')}, ${bytesText(built.sizeBytes)}, id ${built.id.slice(0, 12)}`,
  );
  out.line(`isolation  ${isolation}`);
  for (const [what, outcome] of Object.entries({ install, uninstall })) {
    if (outcome === null) continue;
    const { failure, detail } = outcome;
    const end =
      failure === null
        ? out.colors.green('succeeded')
        : `${out.colors.red('failed')} at ${failure.step}: ${printable(failure.message)}`;
    out.line(`${what.padEnd(9)}  ${end}${detail === null ? '' : ` (${printable(detail)})`}`);
  }
  if (uninstall !== null) out.line(`data left  ${dataLeft.join(', ') || 'none'}`);
  out.line(`${artifact} was tried in a temporary container; nothing is left of it.`);
}

function drawPrinted(out: Output, title: string, text: string): void {
  out.heading(title);
  for (const line of text.trimEnd().split('\n')) out.line(`  ${printable(line)}`);
}

async function diff({ out, connect }: OfflineContext<object>, a: string, b: string): Promise<undefined> {
  const { diffArtifacts, readSide } = await import('../diff-artifacts.js');
  const difference = diffArtifacts(await readSide(a, connect), await readSide(b, connect));
  out.result(difference, () => drawDifference(out, difference));
}

function drawDifference(out: Output, { fields, files }: ArtifactDifference): void {
  if (fields.length === 0 && (files ?? []).length === 0) out.line('no difference');
  for (const { path, before, after } of fields) {
    if (before !== undefined) out.line(out.colors.red(`- ${path}: ${JSON.stringify(before)}`));
    if (after !== undefined) out.line(out.colors.green(`+ ${path}: ${JSON.stringify(after)}`));
  }
  for (const { path, change } of files ?? []) out.line(`${change.padEnd(7)}  ${printable(path)}`);
  if (files === null) out.line(out.colors.dim('Only manifests are compared: a server does not list files.'));
}

function countedOrNone(count: number, what: string): string {
  return count === 0 ? `no ${what}s` : counted(count, what);
}
