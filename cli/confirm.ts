import type { Command } from 'commander';
import { badUsage } from './bad-usage.js';
import type { CliEnvironment, CommonOptions } from './cli.js';
import { withQuestions } from './ask.js';
import { printable } from './output.js';

/** Options of a verb that destroys something. */
export interface ConfirmOptions extends CommonOptions {
  readonly yes?: true;
}

/** Gives a verb that destroys something the option by which scripts say that they mean it. */
export function addConfirmation(command: Command): Command {
  return command.option('--yes', 'do not ask; without a terminal nothing is done without it');
}

/**
 * Has somebody at the terminal say that what is to be destroyed is meant; with `--yes` it is.
 * @param what in words, such as `remove app@1.0.0`
 * @throws CommanderError when it is not meant, or there is nobody to ask
 */
export async function confirm(
  { stdin, stderr }: CliEnvironment,
  { yes, json }: ConfirmOptions,
  what: string,
): Promise<void> {
  if (yes === true) return;
  if (stdin?.isTTY !== true || json === true)
    throw badUsage(`There is nobody to ask whether to ${what}: give --yes if it is meant.`);
  const answer = await withQuestions(stdin, stderr, (ask) => ask(printable(`${what}? (yes, no)`), 'no'));
  if (!/^y(?:es)?$/iu.test(answer)) throw badUsage('Nothing was done.');
}
