import { Argument, Command } from 'commander';
import type { Cli } from '../cli.js';
import { completionScript, completionShells, type CompletionShell } from '../completion-script.js';

/**
 * `leonore completion SHELL`: prints a script for the shell, in which all verbs and options stand.
 * @param wholeProgram makes `leonore` with every verb whole
 */
export function completionCommand(cli: Cli, wholeProgram: (cli: Cli) => Promise<Command>): Command {
  return new Command('completion')
    .description('print what completes commands in a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(completionShells))
    .action(async (shell: CompletionShell) => {
      cli.environment.stdout.write(completionScript(shell, await wholeProgram(cli)));
    });
}
