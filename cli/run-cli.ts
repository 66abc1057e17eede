import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { packageRoot } from '../process/package-root.js';
import { Cli, type CliEnvironment } from './cli.js';
import { addCommonOptions } from './common-options.js';
import { addDeferredCommands } from './deferred-commands.js';
import { exitCodeOf, type ExitCode } from './exit-code.js';
import { reportError } from './report-error.js';

/**
 * Runs one verb.
 * @param args the words after `leonore`
 * @returns the exit code: 0 done, 1 failed, 2 bad usage or input, 3 unsatisfiable, 4 undecided
 */
export async function runCli(args: readonly string[], environment: CliEnvironment): Promise<ExitCode> {
  const cli = new Cli(environment);
  try {
    const program = await createProgram(cli, args);
    await program.parseAsync(args, { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    const isHelp =
      error instanceof CommanderError && (error.exitCode === 0 || error.code === 'commander.help');
    if (!isHelp) reportError(error, environment.stderr, args.includes('--json'), environment.env);
    return exitCodeOf(error);
  }
}

async function createProgram(cli: Cli, args: readonly string[]): Promise<Command> {
  const program = new Command('leonore')
    .description('Provisions application packages onto fleets of IoT gateways.')
    .version(ownVersion(), '-V, --version')
    .showSuggestionAfterError();
  await addDeferredCommands(program, args, cli);
  addCommonOptions(program);
  configure(program, cli.environment);
  return program;
}

/** Commander is to throw and to write where the run writes, in every command below. */
function configure(command: Command, environment: CliEnvironment): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => environment.stdout.write(text),
    writeErr: (text) => environment.stderr.write(text),
    // Usage errors are told like all others, see report-error.ts.
    outputError: () => undefined,
  });
  for (const below of command.commands) configure(below, environment);
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}
