import { Argument, Command } from 'commander';
import type { Cli } from '../cli.js';
import { addCommonOptions } from '../common-options.js';
import { completionScript, completionShells, type CompletionShell } from '../completion-script.js';

/**
 * `leonore completion SHELL`: prints a script for the shell, in which all verbs and options stand.
 * @param addAllCommands adds every verb whole
 */
export function completionCommand(
  cli: Cli,
  addAllCommands: (program: Command, cli: Cli) => Promise<void>,
): Command {
  return new Command('completion')
    .description('print what completes commands in a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(completionShells))
    .action(async (shell: CompletionShell) => {
      const program = new Command('leonore');
      await addAllCommands(program, cli);
      addCommonOptions(program);
      cli.environment.stdout.write(completionScript(shell, program));
    });
}
